#include "engine/runs.hpp"

#include "engine/run_text.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::engine {

using model::Action;
using model::Attempt;
using model::Outcome;
using model::Phase;
using model::Reason;
using model::Role;
using model::Run;
using model::RunState;
using model::Step;
using model::StepState;
using Topic = model::Effect::Topic;
using Verdict = GateFinding::Verdict;

namespace {

constexpr std::size_t kCapabilitiesMax = 100;

// Whether doing it twice does no more than doing it once.
bool is_repeatable(const Step& step, const Action& action) {
    return step.idempotent || action.effector == model::Effector::Check ||
           action.effector == model::Effector::Wait || action.effector == model::Effector::Ask;
}

const std::string& node_of(const Run& run, std::uint32_t step) {
    const std::string& node = run.plan.steps[step].node;
    return node.empty() ? run.plan.target : node;
}

std::string describe(const Run& run, std::uint32_t step) {
    return "step " + std::to_string(step + 1) + " \"" + run.plan.steps[step].name + "\"";
}

// A plan that no gate lets through need not be kept whole.
void trim(Run& run) {
    run.plan.steps.clear();
    run.plan.preconditions.clear();
    run.plan.summary = clean(run.plan.summary, kWordsBytesMax);
    run.plan.prose = clean(run.plan.prose, kWordsBytesMax);
    run.plan.playbook = clean(run.plan.playbook, kNameBytesMax);
    run.plan.version = clean(run.plan.version, kNameBytesMax);
    run.plan.target = clean(run.plan.target, kNameBytesMax);
}

}  // namespace

std::uint32_t pack_step(const model::AttemptKey& key) {
    return key.step << 24 | static_cast<std::uint32_t>(key.phase) << 22 |
           std::min(key.attempt, (1U << 22) - 1);
}

// ---- proposals ----

Run run_of(const State& state, const model::PlanProposed& proposal) {
    Run run;
    run.plan = proposal.plan;
    run.hash = model::hash_of(proposal.plan);
    run.proposed_by = clean(proposal.by, kNameBytesMax);
    run.proposed_from = clean(proposal.from, kNameBytesMax);
    run.mode = proposal.mode;
    run.capabilities = proposal.capabilities;
    run.capabilities.resize(std::min(run.capabilities.size(), kCapabilitiesMax));
    run.limits = limits_allowed(state.runs.settings, proposal.limits, proposal.plan.risk);
    run.proposed_at = state.now;
    const topology::Graph& graph = state.topology.now();
    if (const topology::NodeIndex target = graph.find(run.plan.target);
        target != topology::kNoNode) {
        run.target_type = clean(graph.node(target).type, kNameBytesMax);
    }
    if (const Slot slot = state.incidents.find(run.plan.incident); slot != kNoSlot) {
        const model::Incident& incident = state.incidents[slot];
        if (!incident.suspects.empty()) {
            run.suspect = incident.suspects.front().resource;
            run.kind = incident.suspects.front().kind;
        }
    }
    return run;
}

void Runs::propose(const model::PlanProposed& proposal) {
    Run run = run_of(state_, proposal);
    run.id = {state_.position, 0};
    GateFinding finding = Gates(state_, run).decide();
    const model::RunMode allowed = mode_allowed(state_, run.plan, run.mode);
    if (is_proposed_already(run)) {
        finding = {"", Verdict::Refuse, Reason::AlreadyProposed, "the same plan waits already"};
    } else if (table_.open.size() >= RunTable::kOpenMax) {
        finding = {"", Verdict::Refuse, Reason::TooManyRuns,
                   std::to_string(table_.open.size()) + " runs are open"};
    }
    const bool is_shown_only =
        finding.reason == Reason::ModeObserve || finding.reason == Reason::ModeSuggest;
    run.reason = finding.reason;
    run.reason_text = finding.text;
    run.steps.resize(run.plan.steps.size());
    if (is_shown_only) {
        run.state = RunState::Proposed;
    } else if (finding.verdict == Verdict::Refuse || finding.verdict == Verdict::Void) {
        run.state = finding.verdict == Verdict::Void ? RunState::Void : RunState::Refused;
        run.ended_at = state_.now;
        if (finding.reason == Reason::PlanTooLarge || finding.reason == Reason::PlanMalformed) {
            trim(run);
            run.steps.clear();
        }
    } else {
        run.state = RunState::AwaitingApproval;
    }
    run.expires_at =
        model::is_finished(run.state) ? model::kNoTime : state_.now + run.limits.approval_ttl;
    table_.count(run, &PlaybookTally::proposed);
    Run& kept = table_.add(std::move(run));
    note(kept, Reason::RunProposed, kept.plan.summary, kept.proposed_by, kept.proposed_from);
    if (model::is_finished(kept.state)) {
        table_.count(kept, kept.state == RunState::Void ? &PlaybookTally::voided
                                                        : &PlaybookTally::refused);
        note(kept, kept.reason, kept.reason_text);
        tell(kept, Topic::RunRefused, kept.reason);
        table_.prune();
        return;
    }
    supersede_older(kept);
    remind(kept, kept.expires_at);
    if (allowed != model::RunMode::Observe) {
        tell(kept, Topic::RunProposed, kept.reason);
    }
    if (kept.state == RunState::Proposed) {
        note(kept, kept.reason, kept.reason_text);
    } else if (finding.verdict == Verdict::AskPerson) {
        note(kept, Reason::WaitsForApproval, kept.reason_text);
    } else if (kept.limits.approvals > 1) {  // somebody wants several people to look
        kept.reason = Reason::WaitsForApproval;
        note(kept, Reason::WaitsForApproval,
             std::to_string(kept.limits.approvals) + " people must say yes");
    } else {
        note(kept, Reason::ApprovedByPolicy, "all gates let it through by itself");
        table_.count(kept, &PlaybookTally::automatic);
        begin(kept);
    }
    table_.prune();
}

bool Runs::is_proposed_already(const Run& run) const {
    return std::any_of(table_.open.begin(), table_.open.end(), [&](RunTable::Number number) {
        const Run& other = table_.runs.at(number);
        return other.state == RunState::AwaitingApproval && other.hash == run.hash;
    });
}

// A newer plan of the playbook for the same trouble knows better.
void Runs::supersede_older(const Run& run) {
    const std::set<RunTable::Number> open = table_.open;
    for (const RunTable::Number number : open) {
        Run& older = table_.runs.at(number);
        const bool waits =
            older.state == RunState::AwaitingApproval || older.state == RunState::Proposed;
        if (waits && older.id != run.id && older.plan.playbook == run.plan.playbook &&
            older.plan.incident == run.plan.incident && older.plan.target == run.plan.target) {
            finish(older, RunState::Superseded, Reason::SupersededByPlan,
                   "by " + model::format_id(model::kRunPrefix, run.id));
        }
    }
}

// ---- steps ----

void Runs::begin(Run& run) {
    run.state = RunState::Approved;
    run.reason = Reason::None;
    run.reason_text.clear();
    run.expires_at = model::kNoTime;
    tell(run, Topic::RunApproved, run.answer.reason);
    run.state = RunState::Running;
    run.started_at = state_.now;
    const topology::Graph& graph = state_.topology.now();
    table_.note_past({run.id, run.plan.incident, run.plan.playbook,
                      main_name(graph, run.plan.target), run.started_at, model::kNoTime,
                      RunState::Running, false, false},
                     state_.now);
    std::set<std::string> nodes{run.plan.target};
    for (std::uint32_t step = 0; step < run.plan.steps.size(); ++step) {
        nodes.insert(node_of(run, step));
    }
    for (const std::string& node : nodes) {
        table_.note_touch({state_.now, main_name(graph, node), run.id}, state_.now);
    }
    tell(run, Topic::RunStarted, run.answer.reason);
    want(run, 0, Phase::Run);
}

// The state that wants an action is in the journal, by the input that led here, before the effect
// leaves.
void Runs::want(Run& run, std::uint32_t step, Phase phase) {
    model::StepProgress& progress = run.steps[step];
    const bool is_same =
        run.attempt && run.attempt->key.step == step && run.attempt->key.phase == phase;
    progress.attempts = is_same ? progress.attempts + 1 : 1;
    run.attempt = Attempt{{run.id, step, phase, progress.attempts}, false, model::kNoTime};
    if (const GateFinding finding = Gates::hold(state_, node_of(run, step));
        finding.verdict != Verdict::Pass) {
        hold(run, finding.reason, finding.text);
        return;
    }
    switch (phase) {
        case Phase::Run:
            run.state = RunState::Running;
            progress.state = StepState::Running;
            break;
        case Phase::Verify:
            run.state = RunState::Verifying;
            progress.state = StepState::Verifying;
            break;
        case Phase::Undo:
            run.state = RunState::Undoing;
            progress.state = StepState::Undoing;
            break;
    }
    if (!run.is_undoing) {
        run.reason = Reason::None;
        run.reason_text.clear();
    }
    note(run, Reason::StepWanted, model::to_string(run.attempt->key));
    decide_.step(run.id, pack_step(run.attempt->key));
}

void Runs::want_again(Run& run) {
    want(run, run.attempt->key.step, run.attempt->key.phase);
}

void Runs::take(const model::StepResult& result) {
    Run* run = table_.find(result.key.run);
    const bool is_awaited = run != nullptr && model::is_active(run->state) && run->attempt &&
                            run->attempt->key == result.key;
    const bool is_held = is_awaited && run->state == RunState::NeedsPerson;
    const bool is_late_start =
        is_awaited && result.outcome == Outcome::Started && (is_held || run->attempt->is_started);
    const bool is_known_unknown = is_held && result.outcome == Outcome::Unknown;
    if (!is_awaited || is_late_start || is_known_unknown) {
        state_.counters.count(Reason::StaleResult);
        return;
    }
    model::StepProgress& progress = run->steps[result.key.step];
    const std::string text = clean(result.text, model::StepResult::kTextBytesMax);
    if (result.outcome == Outcome::Started) {
        run->attempt->is_started = true;
        run->attempt->due = state_.now + model::time_limit(run->present_action()) + kGrace;
        if (progress.started_at == model::kNoTime) {
            progress.started_at = state_.now;
        }
        remind(*run, run->attempt->due);
        note(*run, Reason::StepStarted, model::to_string(result.key));
        tell(*run, Topic::RunUpdated, Reason::StepStarted);
        return;
    }
    progress.text = text;
    progress.ended_at = state_.now;
    switch (result.outcome) {
        case Outcome::Started: break;
        case Outcome::Ok: succeeded(*run); break;
        case Outcome::Failed: failed(*run, text); break;
        case Outcome::Unknown: unknown(*run, Reason::StepUnknown); break;
    }
}

void Runs::succeeded(Run& run) {
    const auto [id, step, phase, attempt] = run.attempt->key;
    model::StepProgress& progress = run.steps[step];
    if (phase == Phase::Undo) {
        progress.state = StepState::Undone;
        note(run, Reason::StepUndone, describe(run, step));
        tell(run, Topic::RunUpdated, Reason::StepUndone);
        undo_next(run);
        return;
    }
    const bool is_verified = phase == Phase::Verify;
    progress.was_done = true;
    note(run, is_verified ? Reason::StepVerified : Reason::StepSucceeded,
         describe(run, step) + (progress.text.empty() ? "" : ": " + progress.text));
    tell(run, Topic::RunUpdated, is_verified ? Reason::StepVerified : Reason::StepSucceeded);
    if (!is_verified && run.plan.steps[step].verify) {
        want(run, step, Phase::Verify);
        return;
    }
    progress.state = StepState::Done;
    if (step + 1 < run.plan.steps.size()) {
        want(run, step + 1, Phase::Run);
        return;
    }
    finish(run, RunState::Succeeded, Reason::RunSucceeded, "");
}

void Runs::failed(Run& run, std::string_view text) {
    const auto [id, step, phase, attempt] = run.attempt->key;
    const std::string what = describe(run, step) + (text.empty() ? "" : ": " + std::string(text));
    if (phase == Phase::Undo) {
        run.steps[step].state = StepState::NotUndone;
        note(run, Reason::UndoFailed, what);
        finish(run, RunState::Failed, Reason::UndoFailed, what);
        return;
    }
    const Reason reason = phase == Phase::Verify ? Reason::VerifyFailed : Reason::StepFailed;
    run.steps[step].state = StepState::Failed;
    run.reason = reason;
    run.reason_text = what;
    run.is_undoing = true;
    note(run, reason, what);
    tell(run, Topic::RunUpdated, reason);
    undo_next(run);
}

// The last of those that were done and not undone yet goes first.
void Runs::undo_next(Run& run) {
    for (std::size_t left = run.steps.size(); left > 0; --left) {
        const auto step = static_cast<std::uint32_t>(left - 1);
        model::StepProgress& progress = run.steps[step];
        if (!progress.was_done || progress.state == StepState::Undone ||
            progress.state == StepState::NotUndone) {
            continue;
        }
        if (run.plan.steps[step].undo) {
            want(run, step, Phase::Undo);
            return;
        }
        progress.state = StepState::NotUndone;
        note(run, Reason::NoUndo, describe(run, step));
    }
    const auto is_left = [](const model::StepProgress& step) {
        return step.was_done && step.state != StepState::Undone;
    };
    const bool was_any = std::any_of(run.steps.begin(), run.steps.end(),
                                     [](const model::StepProgress& step) { return step.was_done; });
    const bool is_whole = was_any && std::none_of(run.steps.begin(), run.steps.end(), is_left);
    finish(run, is_whole ? RunState::RolledBack : RunState::Failed, run.reason, run.reason_text);
}

void Runs::unknown(Run& run, Reason reason) {
    const model::AttemptKey key = run.attempt->key;
    note(run, reason, model::to_string(key));
    if (is_repeatable(run.plan.steps[key.step], run.present_action()) &&
        key.attempt < kAttemptsMax) {
        want_again(run);
        return;
    }
    hold(run, reason,
         "nobody knows whether " + describe(run, key.step) + " was done (" +
             std::string(model::name_of(key.phase)) + "); look, then settle it");
}

void Runs::hold(Run& run, Reason reason, std::string text) {
    run.state = RunState::NeedsPerson;
    run.reason_text = std::move(text);
    run.reason = reason;
    note(run, reason, run.reason_text);
    tell(run, Topic::RunNeedsPerson, reason);
}

// What was wanted but has not begun does not begin any more; what has begun goes on to its result.
void Runs::hold_back() {
    for (const RunTable::Number number : table_.open) {
        Run& run = table_.runs.at(number);
        if (!model::is_active(run.state) || run.state == RunState::NeedsPerson || !run.attempt ||
            run.attempt->is_started) {
            continue;
        }
        if (const GateFinding finding = Gates::hold(state_, node_of(run, run.attempt->key.step));
            finding.verdict != Verdict::Pass) {
            hold(run, finding.reason, finding.text);
        }
    }
}

void Runs::take(const model::PlaybookSettings& settings) {
    table_.settings = settings;
    hold_back();
}

// ---- ends ----

void Runs::finish(Run& run, RunState state, Reason reason, std::string text) {
    const bool was_active = model::is_active(run.state);
    run.state = state;
    run.reason = reason;
    run.reason_text = std::move(text);
    run.attempt.reset();
    run.ended_at = state_.now;
    run.expires_at = model::kNoTime;
    switch (state) {
        case RunState::Succeeded: table_.count(run, &PlaybookTally::succeeded); break;
        case RunState::Failed: table_.count(run, &PlaybookTally::failed); break;
        case RunState::RolledBack: table_.count(run, &PlaybookTally::rolled_back); break;
        case RunState::Rejected: table_.count(run, &PlaybookTally::rejected); break;
        case RunState::Expired: table_.count(run, &PlaybookTally::expired); break;
        case RunState::Superseded: table_.count(run, &PlaybookTally::superseded); break;
        case RunState::Void: table_.count(run, &PlaybookTally::voided); break;
        default: break;
    }
    if (run.is_regretted()) {  // somebody said so while it ran
        table_.count(run, &PlaybookTally::regretted);
    }
    if (was_active) {
        note_end(run);
        note(run,
             state == RunState::Succeeded    ? Reason::RunSucceeded
             : state == RunState::RolledBack ? Reason::RunRolledBack
                                             : Reason::RunFailed,
             run.reason_text);
    } else if (reason != Reason::RejectedByPerson) {
        note(run, reason, run.reason_text);
    }
    table_.close(run.id);
    tell(run, Topic::RunFinished, reason);
}

void Runs::note_end(const Run& run) {
    if (PastRun* past = table_.find_past(run.id)) {
        past->ended_at = state_.now;
        past->state = run.state;
    }
    if (run.state == RunState::Succeeded && !run.suspect.empty()) {
        table_.note_success({run.suspect, run.kind, run.plan.playbook}, state_.now);
    }
}

void Runs::look_at(RunTable::Number number) {
    const auto found = table_.runs.find(number);
    if (found == table_.runs.end()) {
        return;
    }
    Run& run = found->second;
    if ((run.state == RunState::AwaitingApproval || run.state == RunState::Proposed) &&
        run.expires_at <= state_.now) {
        finish(run, RunState::Expired, Reason::ApprovalExpired, "nobody answered in time");
    } else if (model::is_active(run.state) && run.state != RunState::NeedsPerson && run.attempt &&
               run.attempt->is_started && run.attempt->due <= state_.now) {
        unknown(run, Reason::StepTimedOut);
    }
}

void Runs::follow(const std::vector<IncidentNews>& news) {
    for (const IncidentNews& item : news) {
        const bool has_ended =
            item.topic == Topic::IncidentResolved || item.topic == Topic::IncidentMerged;
        const bool came_back = item.topic == Topic::IncidentReopened;
        if (!has_ended && !came_back) {
            continue;
        }
        for (auto& [number, run] : table_.runs) {
            if (run.plan.incident != item.incident) {
                continue;
            }
            const bool waits =
                run.state == RunState::AwaitingApproval || run.state == RunState::Proposed;
            const bool helped = run.state == RunState::Succeeded;
            if (has_ended && waits) {
                finish(run, RunState::Void, Reason::IncidentOver, "the incident is over");
            } else if (has_ended && helped && run.incident_resolved_at == model::kNoTime) {
                run.incident_resolved_at = state_.now;
                table_.count(run, &PlaybookTally::resolved);
                note(run, Reason::IncidentResolvedAfter);
            } else if (came_back && run.started_at != model::kNoTime) {
                if (PastRun* past = table_.find_past(run.id)) {
                    past->reopened = true;
                }
                if (helped && run.incident_reopened_at == model::kNoTime) {
                    const bool was_regretted = run.is_regretted();
                    run.incident_reopened_at = state_.now;
                    table_.count(run, &PlaybookTally::reopened);
                    if (!was_regretted) {
                        table_.count(run, &PlaybookTally::regretted);
                    }
                    note(run, Reason::IncidentReopenedAfter);
                }
            }
        }
    }
}

// ---- what all of them use ----

void Runs::note(Run& run, Reason reason, std::string text, std::string_view by,
                std::string_view from) {
    state_.counters.count(reason);
    audit(model::format_id(model::kRunPrefix, run.id), reason, text, by, from);
    run.answer = {state_.now,      state_.position,   reason,
                  std::string(by), std::string(from), std::move(text)};
    if (run.timeline.size() < Run::kTimelineMax) {
        run.timeline.push_back(run.answer);
    } else {
        ++run.timeline_dropped;
    }
}

// Every turn of a run, and every word that was refused.
void Runs::audit(std::string subject, Reason reason, const std::string& text, std::string_view by,
                 std::string_view from) {
    model::AuditNote note;
    note.actor = by.empty() ? "engine" : by;
    note.from = from;
    note.action = "run." + std::string(model::name_of(reason));
    note.subject = std::move(subject);
    note.outcome = model::AuditOutcome::Done;
    note.reason = text;
    state_.audit.push_back(std::move(note));
}

void Runs::tell(const Run& run, Topic topic, Reason reason) {
    decide_.run(topic, reason, run.id);
}

void Runs::remind(const Run& run, model::Time due) {
    state_.deadlines.add(due, Deadline::Kind::Run, table_.number_of(run.id));
}

}  // namespace nocturne::engine
