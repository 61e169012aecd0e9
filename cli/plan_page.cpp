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

void write(model::JsonWriter& out, const Action& action) {
    out.begin_object().member("effector", model::name_of(action.effector));
    out.member("target", action.target).key("arguments").begin_object();
    for (const auto& [name, value] : action.arguments) {
        out.member(name, value);
    }
    out.end_object().member("timeout", model::format_duration(action.timeout)).end_object();
}

void write(model::JsonWriter& out, const Step& step) {
    out.begin_object().member("name", step.name).member("node", step.node);
    out.member("idempotent", step.idempotent).key("run");
    write(out, step.run);
    if (step.verify) {
        out.key("verify");
        write(out, *step.verify);
    }
    if (step.undo) {
        out.key("undo");
        write(out, *step.undo);
    }
    out.end_object();
}

void write(model::JsonWriter& out, const model::RunLimits& limits) {
    out.begin_object().member("cooldown", model::format_duration(limits.cooldown));
    out.member("runs_max", std::uint64_t{limits.runs_max});
    out.member("runs_window", model::format_duration(limits.runs_window));
    out.member("blast_share_max", limits.blast_share_max);
    out.member("healthy_min", std::uint64_t{limits.healthy_min});
    out.member("dependents_max", std::uint64_t{limits.dependents_max});
    out.member("confidence_min", limits.confidence_min);
    out.member("approvals", std::uint64_t{limits.approvals});
    out.member("approver", model::name_of(limits.approver));
    out.member("approval_ttl", model::format_duration(limits.approval_ttl)).end_object();
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

void write_plan(model::JsonWriter& out, const model::PlanProposed& proposed) {
    const Plan& plan = proposed.plan;
    out.begin_object().member("playbook", plan.playbook).member("target", plan.target);
    out.member("summary", plan.summary).member("prose", plan.prose);
    out.member("risk", model::name_of(plan.risk)).member("reversible", plan.reversible);
    out.member("mode", model::name_of(proposed.mode)).key("preconditions").begin_object();
    for (const auto& [name, value] : plan.preconditions) {
        out.member(name, value);
    }
    out.end_object().key("capabilities").begin_array();
    for (const std::string& capability : proposed.capabilities) {
        out.text(capability);
    }
    out.end_array().key("limits");
    write(out, proposed.limits);
    out.key("steps").begin_array();
    for (const Step& step : plan.steps) {
        write(out, step);
    }
    out.end_array().member("hash", model::hash_of(plan)).end_object();
}

}  // namespace nocturne::cli
