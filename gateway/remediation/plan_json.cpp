#include "gateway/remediation/plan_json.hpp"

#include "engine/run_view.hpp"

namespace nocturne::gateway {

namespace {

void write(model::JsonWriter& out, const model::Step& step) {
    out.begin_object().member("name", step.name).member("node", step.node);
    out.member("idempotent", step.idempotent).key("run");
    engine::write_action(out, step.run);
    if (step.verify) {
        out.key("verify");
        engine::write_action(out, *step.verify);
    }
    if (step.undo) {
        out.key("undo");
        engine::write_action(out, *step.undo);
    }
    out.end_object();
}

}  // namespace

void write_plan(model::JsonWriter& out, const model::PlanProposed& proposed) {
    const model::Plan& plan = proposed.plan;
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
    engine::write_limits(out, proposed.limits);
    out.key("steps").begin_array();
    for (const model::Step& step : plan.steps) {
        write(out, step);
    }
    out.end_array().member("hash", model::hash_of(plan)).end_object();
}

}  // namespace nocturne::gateway
