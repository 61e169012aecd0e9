// Plans for one incident, as people ask for them in a chat or over HTTP: what each playbook would
// do, and the plan of one of them as a person's own.
#pragma once

#include "engine/gates.hpp"
#include "gateway/remediation/planner.hpp"
#include "model/audit.hpp"
#include "model/position.hpp"
#include "model/result.hpp"
#include "model/run.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

// What a playbook says to an incident, and what the gates would say to that.
struct JudgedOffer {
    PlanOffer offer;
    engine::GateFinding finding;  // the first of the worst; without a plan it says nothing
};

// Waits, like Planner::plans_for, whose errors it has. Without a planner an Error: Unavailable.
Result<std::vector<JudgedOffer>> plans_for(engine::Loop& loop, Planner* planner,
                                           model::Id incident);

// {"incident":...,"plans":[{"playbook":...,"plan":{...},"gate":{...},"why_not":null},...]}, or with
// `plan` and `gate` null and why.
std::string to_json(model::Id incident, const std::vector<JudgedOffer>& offers);

struct PlanWish {
    model::Id incident;
    std::string playbook;  // "": the first that has a plan
    std::string by;        // the person whose proposal it becomes
    std::string from;
};

// The plan as it is now, as that person's: never automatic, and somebody else says yes. Waits.
// Errors: NotFound (incident, playbook), Invalid (there is no plan, with the reasons), Unavailable.
Result<model::PlanProposed> plan_for_person(Planner* planner, const PlanWish& wish);

// For the audit log; whose role it was is the caller's to add.
model::AuditNote note_of(const model::PlanProposed& proposal);

}  // namespace nocturne::gateway
