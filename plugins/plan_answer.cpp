#include "plugins/plan_answer.hpp"

#include "model/position.hpp"
#include "plugins/limits.hpp"

#include <map>

namespace nocturne::plugins {

namespace {

constexpr std::size_t kWhyNotBytesMax = 1U << 10;

// The engine's gate asks the same; here the author hears of it before a run.
PlanProblem missing_capability(const PlanAuthor& author, const model::Plan& plan) {
    PlanProblem missing;
    for (const model::Step& step : plan.steps) {
        model::each_action(step, [&](const model::Action& action) {
            if (missing || !model::needs_capability(action) ||
                model::grants(author.capabilities, action)) {
                return;
            }
            std::string wanted(model::name_of(action.effector));
            if (action.effector == model::Effector::Command) {
                wanted += ":" + printable(action.target, 60);
            }
            missing = "step \"" + printable(step.name, 60) + "\": not allowed; add wants = { " +
                      "effectors = {\"" + wanted + "\"} } to the plugin's table";
        });
    }
    return missing;
}

PlanProblem read_table(lua_State* L, int index, const PlanAuthor& author,
                       const IncidentSight& incident, model::Plan& plan) {
    plan.playbook = author.manifest.name;
    plan.version = author.hash;
    plan.incident = model::parse_id(model::kIncidentPrefix, incident.id).value_or(model::kNoId);
    plan.prose = author.manifest.playbook.prose;
    plan.risk = author.manifest.playbook.risk;
    plan.reversible = author.manifest.playbook.reversible;
    std::map<std::string, std::string> standard{{"incident_state", "active"}};
    if (!incident.suspects.empty()) {
        plan.target = incident.suspects.front().resource;
        standard["first_suspect"] = plan.target;
    }
    if (const PlanProblem problem = read_plan(L, index, standard, plan)) {
        return "plan returned a plan that is none: " + *problem;
    }
    return missing_capability(author, plan);
}

PlanProblem read_why_not(lua_State* L, int index, PlanAnswer& answer) {
    answer.why_not = "it did not say why";
    if (lua_type(L, index) == LUA_TSTRING) {
        std::size_t length = 0;
        const char* bytes = lua_tolstring(L, index, &length);
        answer.why_not = printable({bytes, length}, kWhyNotBytesMax);
    } else if (!lua_isnil(L, index)) {
        return "plan returned nil and a " + std::string(luaL_typename(L, index)) +
               "; expected nil and why not, as a text";
    }
    return std::nullopt;
}

}  // namespace

std::vector<std::string> capabilities_of(const Playbook& playbook, const Parameters& parameters) {
    std::vector<std::string> list;
    for (const std::string& effector : playbook.effectors) {
        const std::size_t brace = effector.find(":{");
        if (brace == std::string::npos) {
            list.push_back(effector);
            continue;
        }
        const std::string name = effector.substr(brace + 2, effector.size() - brace - 3);
        for (const std::string& value : parameters.texts_of(name)) {
            if (!value.empty()) {
                list.push_back(effector.substr(0, brace + 1) + value);
            }
        }
    }
    return list;
}

PlanProblem read_answer(lua_State* L, int index, const PlanAuthor& author,
                        const IncidentSight& incident, PlanAnswer& answer) {
    return lua_isnil(L, index) ? read_why_not(L, index + 1, answer)
                               : read_table(L, index, author, incident, answer.plan.emplace());
}

}  // namespace nocturne::plugins
