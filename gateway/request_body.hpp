// What people and programs send to the HTTP API in JSON, checked.
#pragma once

#include "model/command.hpp"
#include "model/role.hpp"
#include "model/run.hpp"
#include "model/time.hpp"
#include "model/topology_change.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

// A value, or every problem that stands in its way, each with its path: `nodes[2].criticality:
// expected ...`.
template <typename T>
struct Checked {
    T value;
    std::vector<std::string> problems;
};

// {"provenance":"api","mode":"merge|replace","nodes":[...],"edges":[...],"removed_nodes":[...],"removed_edges":[...]}
Checked<model::TopologyChange> parse_topology_body(std::string_view json);

// {"matchers":"..." or ["...",...],"starts_at":...,"ends_at":... or
// "duration":"2h","created_by":...,"comment":...}; `now` is what a duration counts from when the
// start is not given.
Checked<model::AddSilence> parse_silence_body(std::string_view json, model::Time now);

// {"by":...,"cause":...,"mode":...,"from":"I12-0","alerts":["A12-1",...]}; an empty body is one
// without members.
struct OperatorBody {
    std::string by;
    std::string cause;
    std::string mode;               // of a plugin
    model::Id from;                 // the incident that is to be merged
    std::vector<model::Id> alerts;  // that are to be split off
};

Checked<OperatorBody> parse_operator_body(std::string_view json);

// A plan, and what the gates ask of it: docs/reference/playbooks.md. What people propose is at most
// for approval, never automatic. Or {"incident":"I1042-0","playbook":...,"by":...,"from":...}: the
// plan that a playbook makes.
struct PlanRequest {
    model::PlanProposed proposal;
    // `proposal` says no more than the incident, the playbook (may be ""), by whom and whence.
    bool is_for_playbook = false;
};

Checked<PlanRequest> parse_plan_request(std::string_view json);

// A word of a person about runs:
// {"by":...,"role":"approver","from":...,"hash":...,"why":...,"on":true,"label":"helped",
//  "verdict":"done|failed|again|abandon","attempt":"R12-0/1/run/1"}.
struct RunWordBody {
    std::string by;
    // Who reaches the daemon's own port is trusted, as for every other command.
    model::Role role = model::Role::Approver;
    std::string from;
    std::string hash;
    std::string why;
    bool on = true;
    std::optional<model::RunLabel> label;
    std::optional<std::uint8_t> verdict;  // a model::SettleRun::Verdict
    std::string attempt;                  // a key as model::to_string writes it
};

Checked<RunWordBody> parse_run_word_body(std::string_view json);

}  // namespace nocturne::gateway
