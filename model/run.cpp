#include "model/run.hpp"

#include "model/member_codec.hpp"
#include "model/severity.hpp"

#include <algorithm>
#include <charconv>

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
    each(run.capabilities), each(run.limits), each(run.target_type), each(run.suspect);
    each(run.kind);
    each(run.approvals), each(run.steps), each(run.attempt), each(run.is_undoing);
    each(run.proposed_at), each(run.expires_at), each(run.started_at), each(run.ended_at);
    each(run.incident_resolved_at), each(run.incident_reopened_at), each(run.label);
    each(run.timeline), each(run.timeline_dropped), each(run.answer);
}

std::string to_string(const AttemptKey& key) {
    return format_id(kRunPrefix, key.run) + "/" + std::to_string(key.step + 1) + "/" +
           std::string(name_of(key.phase)) + "/" + std::to_string(key.attempt);
}

std::optional<AttemptKey> parse_attempt_key(std::string_view text) {
    std::array<std::string_view, 4> parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::size_t slash = i + 1 < parts.size() ? text.find('/') : text.size();
        if (slash == std::string_view::npos) {
            return std::nullopt;
        }
        parts[i] = text.substr(0, slash);
        text.remove_prefix(std::min(slash + 1, text.size()));
    }
    const auto number = [](std::string_view digits) -> std::optional<std::uint32_t> {
        std::uint32_t value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return error == std::errc() && end == digits.data() + digits.size() && value > 0
                   ? std::optional(value)
                   : std::nullopt;
    };
    const std::optional<Id> run = parse_id(kRunPrefix, parts[0]);
    const std::optional<std::uint32_t> step = number(parts[1]);
    const auto phase = find_name<Phase>(kPhaseNames, parts[2]);
    const std::optional<std::uint32_t> attempt = number(parts[3]);
    if (!run || !step || !phase || !attempt) {
        return std::nullopt;
    }
    return AttemptKey{*run, *step - 1, *phase, *attempt};
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

const Action& Run::present_action() const {
    const Step& step = plan.steps[attempt->key.step];
    const Action* action = nullptr;
    switch (attempt->key.phase) {
        case Phase::Run: action = &step.run; break;
        case Phase::Verify: action = step.verify ? &*step.verify : nullptr; break;
        case Phase::Undo: action = step.undo ? &*step.undo : nullptr; break;
    }
    NOCTURNE_ASSERT(action != nullptr);
    return *action;
}

bool Run::is_regretted() const {
    return state == RunState::Succeeded && (is_bad(label) || incident_reopened_at != kNoTime);
}

bool is_bad(RunLabel label) {
    return label == RunLabel::DidNotHelp || label == RunLabel::MadeWorse;
}

}  // namespace nocturne::model
