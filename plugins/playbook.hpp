// Playbook: what the table of a playbook says beyond that of other plugins. PlanAnswer: what it
// said to one incident.
//
//   return {
//     name = "restart", version = "1.0.0", kind = "playbook", api = 1, mode = "approve",
//     risk = "low", reversible = true, prose = [[...]],
//     when = { incident = 'severity=~"major|critical"', suspect = 'type="instance"',
//              alert = 'check="errors"', confidence_min = 0.6, seen = true },
//     wants = { graph = true, effectors = {"command:restart-unit", "check"} },
//     limits = { cooldown = "10m", approvals = 1 },
//     plan = function(incident, ctx) ... end,
//   }
#pragma once

#include "model/matcher.hpp"
#include "model/plan.hpp"
#include "model/playbook_settings.hpp"
#include "plugins/limits.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nocturne::plugins {

// Which incidents it is for. All that is said must hold.
struct When {
    model::Matchers incident;  // severity, state, title
    model::Matchers suspect;   // the first: resource, type, owner, kind, silent, labels of its node
    model::Matchers alert;     // of one that fires: resource, check, severity, summary, type
    double confidence_min = 0;
    bool seen = false;  // a past incident with a labelled cause is like it (kLikenessMin)

    static constexpr double kLikenessMin = 0.5;
};

struct Playbook {
    static constexpr std::size_t kProseBytesMax = 8U << 10;

    When when;
    model::Risk risk = model::Risk::High;
    bool reversible = false;
    model::RunLimits limits;
    std::string prose;  // for people, as it is written; lines end with \n
    // "http", "command:restart-unit", "command:{restart}": the value of its parameter `restart`.
    std::vector<std::string> effectors;
};

struct PlanAnswer {
    Verdict verdict = Verdict::Ok;
    std::optional<model::Plan> plan;  // nothing: it has none, or the call did not end well
    std::string why_not;              // in the playbook's own words; printable
    std::string message;              // of an error or a kill
    std::string traceback;
};

}  // namespace nocturne::plugins
