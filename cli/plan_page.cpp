#include "cli/plan_page.hpp"

#include "cli/output.hpp"
#include "model/time.hpp"

namespace nocturne::cli {

namespace {

using model::Action;
using model::Plan;
using model::Step;

// "command restart-unit unit=cart-1 (30s)"
std::string describe(const Action& action) {
    std::string text(model::name_of(action.effector));
    text += action.target.empty() ? "" : " " + sanitise(action.target);
    for (const auto& [name, value] : action.arguments) {
        text += " " + sanitise(name) + "=" + sanitise(value);
    }
    return text + " (" + model::format_duration(action.timeout) + ")";
}

std::string page_of(const Step& step, const Plan& plan) {
    std::string page = sanitise(step.name);
    page += step.node == plan.target ? "" : "  on " + sanitise(step.node);
    page += step.idempotent ? "  (may be repeated)\n" : "\n";
    page += "   run     " + describe(step.run) + "\n";
    page += step.verify ? "   verify  " + describe(*step.verify) + "\n" : "";
    page += step.undo ? "   undo    " + describe(*step.undo) + "\n" : "";
    return page;
}

}  // namespace

std::string plan_page(const model::PlanProposed& proposed) {
    const Plan& plan = proposed.plan;
    std::string page = sanitise(plan.summary) + "\n";
    page += "on " + sanitise(plan.target) + ", risk " + std::string(model::name_of(plan.risk)) +
            (plan.reversible ? ", can be undone" : ", cannot be undone") + "\n";
    std::size_t number = 1;
    for (const Step& step : plan.steps) {
        page += std::to_string(number++) + ". " + page_of(step, plan);
    }
    std::string conditions;
    for (const auto& [name, value] : plan.preconditions) {
        conditions += (conditions.empty() ? "" : ", ") + name + "=" + sanitise(value);
    }
    return page + (conditions.empty() ? "" : "only while " + conditions + "\n");
}

}  // namespace nocturne::cli
