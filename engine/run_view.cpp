#include "engine/run_view.hpp"

#include "engine/runs.hpp"
#include "engine/state.hpp"
#include "model/json_writer.hpp"

#include <array>

namespace nocturne::engine {

using model::JsonWriter;
using model::Run;

namespace {

std::string run_id(model::Id id) {
    return model::format_id(model::kRunPrefix, id);
}

}  // namespace

void write_limits(JsonWriter& out, const model::RunLimits& limits) {
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

void write_action(JsonWriter& out, const model::Action& action) {
    out.begin_object().member("effector", model::name_of(action.effector));
    out.member("target", action.target).key("arguments").begin_object();
    for (const auto& [name, value] : action.arguments) {
        out.member(name, value);
    }
    out.end_object().member("timeout", model::format_duration(action.timeout)).end_object();
}

void write_gate(JsonWriter& out, const GateFinding& finding) {
    out.begin_object().member("gate", finding.gate);
    out.member("verdict", kGateVerdictNames[static_cast<std::size_t>(finding.verdict)]);
    out.member("reason", model::name_of(finding.reason)).member("text", finding.text);
    out.end_object();
}

void write_gates(JsonWriter& out, const std::vector<GateFinding>& findings) {
    out.begin_array();
    for (const GateFinding& finding : findings) {
        write_gate(out, finding);
    }
    out.end_array();
}

namespace {

void write(JsonWriter& out, std::string_view name, const std::optional<model::Action>& action) {
    out.key(name);
    action ? write_action(out, *action) : void(out.null());
}

void write_attempt(JsonWriter& out, const Run& run) {
    out.key("attempt");
    if (!run.attempt) {
        out.null();
        return;
    }
    const model::AttemptKey& key = run.attempt->key;
    out.begin_object().member("key", model::to_string(key));
    out.member("step", std::uint64_t{key.step} + 1).member("phase", model::name_of(key.phase));
    out.member("attempt", std::uint64_t{key.attempt});
    out.member("started", run.attempt->is_started).member("due", run.attempt->due);
    if (const model::Step& step = run.plan.steps[key.step]; key.phase == model::Phase::Run) {
        out.key("action");
        write_action(out, step.run);
    } else {
        write(out, "action", key.phase == model::Phase::Verify ? step.verify : step.undo);
    }
    out.end_object();
}

void write_steps(JsonWriter& out, const Run& run) {
    out.key("steps").begin_array();
    for (std::size_t i = 0; i < run.plan.steps.size(); ++i) {
        const model::Step& step = run.plan.steps[i];
        const model::StepProgress& progress = run.steps[i];
        out.begin_object().member("name", step.name).member("node", step.node);
        out.member("state", model::name_of(progress.state)).member("text", progress.text);
        out.member("idempotent", step.idempotent);
        out.key("run");
        write_action(out, step.run);
        write(out, "verify", step.verify);
        write(out, "undo", step.undo);
        out.member("started_at", progress.started_at).member("ended_at", progress.ended_at);
        out.end_object();
    }
    out.end_array();
}

void write_gates_now(JsonWriter& out, const State& state, const Run& run) {
    const bool is_asked = !model::is_finished(run.state) && !model::is_active(run.state);
    out.key("gates");
    write_gates(out, is_asked ? Gates(state, run).all() : std::vector<GateFinding>());
}

void write(JsonWriter& out, const model::RunEvent& event) {
    out.begin_object().member("at", event.at).member("reason", model::name_of(event.reason));
    out.member("by", event.by).member("from", event.from).member("text", event.text);
    out.member("position", event.position).end_object();
}

void write_head(JsonWriter& out, const Run& run) {
    const auto incident = [&] {
        return run.plan.incident == model::kNoId
                   ? std::string()
                   : model::format_id(model::kIncidentPrefix, run.plan.incident);
    };
    out.member("id", run_id(run.id)).member("state", model::name_of(run.state));
    out.member("reason", model::name_of(run.reason)).member("reason_text", run.reason_text);
    out.member("question", question_of(run))
        .member("playbook", run.plan.playbook)
        .member("version", run.plan.version);
    out.member("incident", incident()).member("target", run.plan.target);
    out.member("summary", run.plan.summary).member("risk", model::name_of(run.plan.risk));
    out.member("reversible", run.plan.reversible).member("hash", run.hash);
    out.member("mode", model::name_of(run.mode));
    out.member("proposed_by", run.proposed_by).member("proposed_from", run.proposed_from);
    out.member("suspect", run.suspect).member("suspect_kind", model::name_of(run.kind));
    out.member("step_count", std::uint64_t{run.plan.steps.size()});
    std::uint64_t done = 0;
    for (const model::StepProgress& step : run.steps) {
        done += step.state == model::StepState::Done ? 1U : 0U;
    }
    out.member("steps_done", done);
    out.member("approvals_needed", std::uint64_t{run.limits.approvals});
    out.member("approver", model::name_of(run.limits.approver));
    out.key("approvals").begin_array();
    for (const model::Approval& approval : run.approvals) {
        out.begin_object().member("by", approval.by).member("role", model::name_of(approval.role));
        out.member("from", approval.from).member("at", approval.at).end_object();
    }
    out.end_array();
    write_attempt(out, run);
    out.member("proposed_at", run.proposed_at).member("expires_at", run.expires_at);
    out.member("started_at", run.started_at).member("ended_at", run.ended_at);
    out.member("incident_resolved_at", run.incident_resolved_at);
    out.member("incident_reopened_at", run.incident_reopened_at);
    out.member("label", model::name_of(run.label));
}

std::optional<StepOrder> order_of(const Run& run) {
    if (!run.attempt || !model::is_active(run.state) || run.state == model::RunState::NeedsPerson) {
        return std::nullopt;
    }
    const model::AttemptKey& key = run.attempt->key;
    const model::Step& step = run.plan.steps[key.step];
    const model::Action* action = key.phase == model::Phase::Run      ? &step.run
                                  : key.phase == model::Phase::Verify ? &*step.verify
                                                                      : &*step.undo;
    return StepOrder{key, *action, run.attempt->is_started};
}

}  // namespace

void write_run(JsonWriter& out, const Core&, const Run& run) {
    out.begin_object();
    write_head(out, run);
    out.end_object();
}

std::string render_runs(const Core& core, const RunQuery& query) {
    const RunTable& table = core.state().runs;
    JsonWriter out;
    out.begin_object().key("runs").begin_array();
    std::size_t left = query.limit;
    for (auto it = table.runs.rbegin(); it != table.runs.rend() && left > 0; ++it) {
        const Run& run = it->second;
        if ((query.state && run.state != *query.state) ||
            (query.open && model::is_finished(run.state)) ||
            (query.incident && run.plan.incident != *query.incident)) {
            continue;
        }
        write_run(out, core, run);
        --left;
    }
    out.end_array().member("stopped", table.is_stopped || table.settings.stopped).end_object();
    return out.take();
}

std::optional<std::string> render_run(const Core& core, model::Id id) {
    const Run* run = core.state().runs.find(id);
    if (run == nullptr) {
        return std::nullopt;
    }
    JsonWriter out;
    out.begin_object();
    write_head(out, *run);
    out.member("prose", run->plan.prose).key("preconditions").begin_object();
    for (const auto& [name, value] : run->plan.preconditions) {
        out.member(name, value);
    }
    out.end_object().key("capabilities").begin_array();
    for (const std::string& capability : run->capabilities) {
        out.text(capability);
    }
    out.end_array();
    out.key("limits");
    write_limits(out, run->limits);
    write_steps(out, *run);
    write_gates_now(out, core.state(), *run);
    out.key("timeline").begin_array();
    for (const model::RunEvent& event : run->timeline) {
        write(out, event);
    }
    out.end_array().member("timeline_dropped", run->timeline_dropped).end_object();
    return out.take();
}

std::string render_actions(const Core& core) {
    const RunTable& table = core.state().runs;
    JsonWriter out;
    const auto hold = [&](const Hold& it) {
        out.member("by", it.by).member("from", it.from).member("why", it.why).member("at", it.at);
    };
    out.begin_object().member("stopped", table.is_stopped || table.settings.stopped);
    out.member("stopped_by_configuration", table.settings.stopped);
    out.key("switch");
    if (table.stop.at == model::kNoTime) {
        out.null();
    } else {
        out.begin_object().member("on", table.is_stopped);
        hold(table.stop);
        out.end_object();
    }
    out.key("frozen").begin_array();
    for (const auto& [node, it] : table.frozen) {
        out.begin_object().member("node", node);
        hold(it);
        out.end_object();
    }
    for (const std::string& node : table.settings.frozen) {
        out.begin_object().member("node", node).member("by", "configuration").end_object();
    }
    out.end_array().end_object();
    return out.take();
}

GateFinding finding_for(const Core& core, const model::PlanProposed& proposal) {
    const Run run = run_of(core.state(), proposal);
    return Gates(core.state(), run).decide();
}

std::vector<Run> runs_of(const Core& core, model::Id incident) {
    std::vector<Run> runs;
    for (const auto& [number, run] : core.state().runs.runs) {
        if (run.plan.incident == incident) {
            runs.push_back(run);
        }
    }
    return runs;
}

const Run* run_to_show(const Core& core, model::Id incident) {
    const auto weight = [](const Run& run) {
        return run.state == model::RunState::AwaitingApproval || !question_of(run).empty() ? 4
               : model::is_active(run.state)                                               ? 3
               : !model::is_finished(run.state)                                            ? 2
               : run.started_at != model::kNoTime                                          ? 1
                                                                                           : 0;
    };
    const Run* best = nullptr;
    int most = 0;
    const auto& runs = core.state().runs.runs;
    for (auto it = runs.rbegin(); it != runs.rend(); ++it) {
        if (it->second.plan.incident == incident && weight(it->second) > most) {
            best = &it->second;
            most = weight(it->second);
        }
    }
    return best;
}

std::string question_of(const Run& run) {
    if (run.state == model::RunState::NeedsPerson) {
        return run.reason_text;
    }
    const std::optional<StepOrder> order = order_of(run);
    if (!order || !order->is_started || order->action.effector != model::Effector::Ask) {
        return "";
    }
    const auto question = order->action.arguments.find("question");
    return question == order->action.arguments.end() ? order->action.target : question->second;
}

std::optional<model::RunEvent> answer_at(const Core& core, model::Id id, model::Position position) {
    const RunTable& table = core.state().runs;
    const Run* run = table.find(id);
    if (run != nullptr && run->answer.position == position) {
        return run->answer;
    }
    if (table.answer.position == position) {
        return table.answer;
    }
    if (run != nullptr) {  // something came after it
        for (auto event = run->timeline.rbegin(); event != run->timeline.rend(); ++event) {
            if (event->position == position) {
                return *event;
            }
        }
    }
    return std::nullopt;
}

std::optional<StepOrder> order_of(const Core& core, const model::Effect& effect) {
    const Run* run = core.state().runs.find(effect.subject);
    std::optional<StepOrder> order = run == nullptr ? std::nullopt : order_of(*run);
    return order && pack_step(order->key) == effect.slot ? order : std::nullopt;
}

std::vector<StepOrder> open_orders(const Core& core) {
    std::vector<StepOrder> orders;
    const RunTable& table = core.state().runs;
    for (const RunTable::Number number : table.open) {
        if (std::optional<StepOrder> order = order_of(table.runs.at(number))) {
            orders.push_back(*std::move(order));
        }
    }
    return orders;
}

bool may_act(const Core& core, const model::AttemptKey& key) {
    const Run* run = core.state().runs.find(key.run);
    const std::optional<StepOrder> order = run == nullptr ? std::nullopt : order_of(*run);
    return order && order->key == key && order->is_started;
}

void append_run_metrics(const Core& core, std::string& out) {
    const RunTable& table = core.state().runs;
    std::array<std::uint64_t, model::kRunStateNames.size()> states{};
    for (const auto& [number, run] : table.runs) {
        ++states[static_cast<std::size_t>(run.state)];
    }
    out += "# HELP nocturne_runs Runs of playbooks in memory by state.\n"
           "# TYPE nocturne_runs gauge\n";
    for (std::size_t i = 0; i < states.size(); ++i) {
        out += "nocturne_runs{state=\"" + std::string(model::kRunStateNames[i]) + "\"} " +
               std::to_string(states[i]) + "\n";
    }
    out += "# HELP nocturne_actions_stopped Whether all actions are stopped.\n"
           "# TYPE nocturne_actions_stopped gauge\nnocturne_actions_stopped ";
    out += table.is_stopped || table.settings.stopped ? "1\n" : "0\n";
}

}  // namespace nocturne::engine
