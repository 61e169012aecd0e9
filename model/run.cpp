#include "model/run.hpp"

#include "model/member_codec.hpp"

namespace nocturne::model {

// What has an encoding of its own.

static void put(Writer& out, const Plan& plan) {
    encode(out, plan);
}

static void get(Reader& in, Plan& plan) {
    plan = decode_plan(in);
}

static void put(Writer& out, const RunLimits& limits) {
    encode(out, limits);
}

static void get(Reader& in, RunLimits& limits) {
    limits = decode_run_limits(in);
}

template <typename Self, typename Each>
requires std::same_as<std::remove_const_t<Self>, PlanProposed>

void each_member(Self& proposal, Each each) {
    each(proposal.plan), each(proposal.by), each(proposal.from), each(proposal.mode);
    each(proposal.capabilities), each(proposal.limits);
}

template <typename Self, typename Each>
requires std::same_as<std::remove_const_t<Self>, AttemptKey>

void each_member(Self& key, Each each) {
    each(key.run), each(key.step), each(key.phase), each(key.attempt);
}

template <typename Self, typename Each>
requires std::same_as<std::remove_const_t<Self>, StepResult>

void each_member(Self& result, Each each) {
    each(result.key), each(result.outcome), each(result.text);
}

template <typename Self, typename Each>
requires std::same_as<std::remove_const_t<Self>, StepProgress>

void each_member(Self& step, Each each) {
    each(step.state), each(step.attempts), each(step.text), each(step.started_at);
    each(step.ended_at), each(step.was_done);
}

template <typename Self, typename Each>
requires std::same_as<std::remove_const_t<Self>, Attempt>

void each_member(Self& attempt, Each each) {
    each(attempt.key), each(attempt.is_started), each(attempt.due);
}

template <typename Self, typename Each>
requires std::same_as<std::remove_const_t<Self>, Approval>

void each_member(Self& approval, Each each) {
    each(approval.by), each(approval.role), each(approval.from), each(approval.at);
}

template <typename Self, typename Each>
requires std::same_as<std::remove_const_t<Self>, RunEvent>

void each_member(Self& event, Each each) {
    each(event.at), each(event.position), each(event.reason), each(event.by), each(event.from);
    each(event.text);
}

template <typename Self, typename Each>
requires std::same_as<std::remove_const_t<Self>, Run>

void each_member(Self& run, Each each) {
    each(run.id), each(run.state), each(run.reason), each(run.reason_text), each(run.plan);
    each(run.hash), each(run.proposed_by), each(run.proposed_from), each(run.mode);
    each(run.capabilities), each(run.limits), each(run.suspect), each(run.kind);
    each(run.approvals), each(run.steps), each(run.attempt), each(run.is_undoing);
    each(run.proposed_at), each(run.expires_at), each(run.started_at), each(run.ended_at);
    each(run.incident_resolved_at), each(run.incident_reopened_at), each(run.label);
    each(run.timeline), each(run.timeline_dropped), each(run.answer);
}

std::string to_string(const AttemptKey& key) {
    return format_id(kRunPrefix, key.run) + "/" + std::to_string(key.step + 1) + "/" +
           std::string(name_of(key.phase)) + "/" + std::to_string(key.attempt);
}

void encode(Writer& out, const PlanProposed& proposal) {
    put(out, proposal);
}

void encode(Writer& out, const StepResult& result) {
    put(out, result);
}

void encode(Writer& out, const Run& run) {
    put(out, run);
}

PlanProposed decode_plan_proposed(Reader& in) {
    PlanProposed proposal;
    get(in, proposal);
    return proposal;
}

StepResult decode_step_result(Reader& in) {
    StepResult result;
    get(in, result);
    return result;
}

Run decode_run(Reader& in) {
    Run run;
    get(in, run);
    return run;
}

}  // namespace nocturne::model
