// From what plan() returned to a PlanAnswer.
#pragma once

#include "plugins/lua_headers.hpp"
#include "plugins/manifest.hpp"
#include "plugins/parameters.hpp"
#include "plugins/plan_reader.hpp"
#include "plugins/world.hpp"

#include <string>
#include <vector>

namespace nocturne::plugins {

// What of a plan is the playbook's, and not plan()'s to say.
struct PlanAuthor {
    const Manifest& manifest;
    const std::string& hash;
    std::vector<std::string> capabilities;
};

// What its table asks for, with the values of the parameters that it names; an empty one asks for
// nothing.
std::vector<std::string> capabilities_of(const Playbook& playbook, const Parameters& parameters);

// The two results of plan() are at `index` and above. Plan and why_not of the answer; or why it is
// none.
PlanProblem read_answer(lua_State* L, int index, const PlanAuthor& author,
                        const IncidentSight& incident, PlanAnswer& answer);

}  // namespace nocturne::plugins
