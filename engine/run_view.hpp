// Runs as JSON, and as orders for whoever takes their actions. Reads the core, changes nothing.
#pragma once

#include "engine/core.hpp"
#include "engine/gates.hpp"
#include "model/effect.hpp"
#include "model/run.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace nocturne::model {
class JsonWriter;
}

namespace nocturne::engine {

struct RunQuery {
    std::optional<model::RunState> state;
    std::optional<model::Id> incident;
    bool open = false;  // only those that are not finished
    std::size_t limit = 100;
};

// {"runs":[...],"stopped":false}, newest first, without steps, gates and timeline.
std::string render_runs(const Core& core, const RunQuery& query);
// The whole run, with what each gate says now while it is not finished. Nothing when it is not, or
// no more, known.
std::optional<std::string> render_run(const Core& core, model::Id id);
// {"playbooks":[{"playbook":...,"proposed":N,...,"success_rate":0.9,"success_rate_low":0.7,
// "scopes":[{"type":...,"risk":...,...,"advice":...}]}]}: see engine/run_stats.hpp.
std::string render_run_stats(const Core& core);
// {"stopped":...,"frozen":[...]}
std::string render_actions(const Core& core);
// The run in short, as lists have it.
void write_run(model::JsonWriter& out, const Core& core, const model::Run& run);

// What the gates would say to a proposal that nobody has made.
GateFinding finding_for(const Core& core, const model::PlanProposed& proposal);
// Copies of all runs about the incident that are in memory, oldest first.
std::vector<model::Run> runs_of(const Core& core, model::Id incident);
// The run that people should see with an incident: one that waits for a person goes before one
// that goes on, before one that is only shown, before one that touched the world; of several the
// newest. nullptr when there is none. Borrowed from the core.
const model::Run* run_to_show(const Core& core, model::Id incident);
// What a run waits for a person to say: the question of its `ask`, or what nobody knows. Empty when
// it waits for nobody.
std::string question_of(const model::Run& run);
// {"effector":...,"target":...,"arguments":{...},"timeout":"30s"}
void write_action(model::JsonWriter& out, const model::Action& action);
// {"cooldown":"30m","runs_max":...,"approver":"approver",...}
void write_limits(model::JsonWriter& out, const model::RunLimits& limits);
// {"gate":...,"verdict":...,"reason":...,"text":...}
void write_gate(model::JsonWriter& out, const GateFinding& finding);
// [{"gate":...,"verdict":...,"reason":...,"text":...}]
void write_gates(model::JsonWriter& out, const std::vector<GateFinding>& findings);

// What became of the word or plan at that position: of the run, or of none (kNoId).
std::optional<model::RunEvent> answer_at(const Core& core, model::Id run, model::Position position);

// One action that the engine waits for.
struct StepOrder {
    model::AttemptKey key;
    model::Action action;
    bool is_started = false;  // somebody was about to take it: it may have been done
};

// What an effect of topic run.step orders; nothing when nobody waits for it any more.
std::optional<StepOrder> order_of(const Core& core, const model::Effect& effect);
// All that is waited for, in the order of the runs: what the edge begins with after a start. What
// was started there before is to be told as Unknown, the rest can be taken.
std::vector<StepOrder> open_orders(const Core& core);
// Whether the attempt was started, and is still waited for: the word on which an effector acts. It
// begins within Runs::kGrace of the claim, or not at all and tells Failed, and ends what takes
// longer than the action's timeout: so what counts as unknown does not happen later.
bool may_act(const Core& core, const model::AttemptKey& key);

// The part of /metrics about runs.
void append_run_metrics(const Core& core, std::string& out);

}  // namespace nocturne::engine
