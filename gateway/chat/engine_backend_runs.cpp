// What a chat can say about runs.
#include "engine/gates.hpp"
#include "engine/loop.hpp"
#include "engine/run_view.hpp"
#include "engine/state.hpp"
#include "gateway/chat/engine_backend.hpp"
#include "gateway/effectors/result_text.hpp"
#include "gateway/remediation/incident_plans.hpp"
#include "model/audit.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::gateway {

namespace {

std::string format_run(model::Id id) {
    return model::format_id(model::kRunPrefix, id);
}

std::string tell(const model::Step& step) {
    std::string text = step.name + " (" + to_string(step.run) + ")";
    if (step.verify) {
        text += "; then " + to_string(*step.verify);
    }
    if (step.undo) {
        text += "; undone by " + to_string(*step.undo);
    }
    return printable(text, 500);
}

std::string tell(const model::Step& step, const model::StepProgress& progress) {
    const bool is_untouched = progress.state == model::StepState::Waiting;
    return (is_untouched ? "" : std::string(model::name_of(progress.state)) + ": ") + tell(step);
}

}  // namespace

std::optional<ShownRun> shown_run_of(const engine::Core& core, model::Id incident) {
    const model::Run* run = engine::run_to_show(core, incident);
    if (run == nullptr) {
        return std::nullopt;
    }
    ShownRun shown;
    shown.run = format_run(run->id);
    shown.hash = run->hash;
    shown.playbook = printable(run->plan.playbook, 64);
    shown.summary = printable(run->plan.summary, 500);
    shown.risk = model::name_of(run->plan.risk);
    shown.state = model::name_of(run->state);
    shown.reason = printable(run->reason_text, 500);
    for (std::size_t i = 0; i < run->plan.steps.size(); ++i) {
        shown.steps.push_back(tell(run->plan.steps[i], run->steps[i]));
    }
    shown.question = printable(engine::question_of(*run), 1000);
    shown.awaits_approval = run->state == model::RunState::AwaitingApproval;
    return shown;
}

Result<model::Run> EngineBackend::find_run(std::string_view id) {
    const std::optional<model::Id> parsed = model::parse_id(model::kRunPrefix, id);
    std::optional<model::Run> found;
    if (parsed && !loop_.query_and_wait([&](const engine::Core& core) {
            if (const model::Run* run = core.state().runs.find(*parsed)) {
                found = *run;
            }
        })) {
        return fail(ErrorCode::Unavailable, "the engine is stopping");
    }
    if (!found) {
        return fail(ErrorCode::NotFound, "no run \"" + printable(id, 64) + "\"");
    }
    return *std::move(found);
}

Result<std::string> EngineBackend::say(model::Command command, model::Id run,
                                       const ChatSpeaker& who) {
    model::AuditNote note = model::note_of(command);
    note.role = model::name_of(who.role);
    note.from = who.from;
    NOCTURNE_TRY(const model::Position position,
                 loop_.submit_and_wait(std::move(command), {std::move(note)}));
    std::optional<model::RunEvent> event;
    model::RunState state = model::RunState::Proposed;
    if (!loop_.query_and_wait([&](const engine::Core& core) {
            event = engine::answer_at(core, run, position);
            const model::Run* now = core.state().runs.find(run);
            state = now == nullptr ? state : now->state;
        }) ||
        !event) {
        return fail(ErrorCode::Unavailable, "the engine is stopping");
    }
    const std::string reason(model::name_of(event->reason));
    if (model::is_refusal(event->reason)) {
        return fail(ErrorCode::Invalid, reason + ": " + event->text);
    }
    std::string in_words(model::name_of(state));
    std::replace(in_words.begin(), in_words.end(), '_', ' ');
    return format_run(run) + " is " + in_words +
           (event->reason == model::Reason::ApprovalGiven ? ", " + event->text + " have said yes"
                                                          : "");
}

Result<std::string> EngineBackend::approve(std::string_view id, std::string_view hash,
                                           const ChatSpeaker& who) {
    NOCTURNE_TRY(const model::Run run, find_run(id));
    // The beginning of the hash that they read stands for all of it; another one stays as it is, so
    // that the engine refuses it and says so.
    const bool is_this = run.hash.compare(0, hash.size(), hash) == 0;
    return say(model::ApproveRun{run.id, is_this ? run.hash : std::string(hash), who.name, who.role,
                                 who.from},
               run.id, who);
}

Result<std::string> EngineBackend::reject(std::string_view id, std::string_view reason,
                                          const ChatSpeaker& who) {
    NOCTURNE_TRY(const model::Run run, find_run(id));
    return say(model::RejectRun{run.id, who.name, who.role, who.from, std::string(reason)}, run.id,
               who);
}

Result<std::string> EngineBackend::answer(std::string_view id, std::string_view answer,
                                          const ChatSpeaker& who) {
    using Verdict = model::SettleRun::Verdict;
    NOCTURNE_TRY(const model::Run run, find_run(id));
    const Verdict verdict = answer == "yes"     ? Verdict::Done
                            : answer == "no"    ? Verdict::Failed
                            : answer == "again" ? Verdict::Again
                                                : Verdict::Abandon;
    const model::AttemptKey key =
        run.attempt ? run.attempt->key : model::AttemptKey{run.id, 0, model::Phase::Run, 1};
    return say(model::SettleRun{key, verdict, who.name, who.role, who.from}, run.id, who);
}

// ---- plans ----

Result<std::string> EngineBackend::what_would_you_do(std::string_view id) {
    NOCTURNE_TRY(const model::Id incident, find_incident(id));
    NOCTURNE_TRY(const std::vector<JudgedOffer> offers, plans_for(loop_, planner_, incident));
    std::string text;
    const auto add = [&](const std::string& line) { text += (text.empty() ? "" : "\n") + line; };
    for (const auto& [offer, finding] : offers) {
        if (!offer.proposal) {
            add(offer.playbook + ": nothing, " + printable(offer.why_not, 300));
            continue;
        }
        const model::Plan& plan = offer.proposal->plan;
        add(offer.playbook + " (risk " + std::string(model::name_of(plan.risk)) +
            "): " + printable(plan.summary, 500));
        for (std::size_t i = 0; i < plan.steps.size(); ++i) {
            add("  " + std::to_string(i + 1) + ". " + tell(plan.steps[i]));
        }
        if (finding.verdict != engine::GateFinding::Verdict::Pass) {
            add("  " + std::string(model::name_of(finding.reason)) + ": " +
                printable(finding.text, 300));
        }
    }
    return text.empty() ? "nothing: there are no playbooks" : text;
}

Result<std::string> EngineBackend::plan(std::string_view id, const ChatSpeaker& who) {
    NOCTURNE_TRY(const model::Id incident, find_incident(id));
    NOCTURNE_TRY(model::PlanProposed proposal,
                 plan_for_person(planner_, {incident, "", who.name, who.from}));
    model::AuditNote note = note_of(proposal);
    note.role = model::name_of(who.role);
    NOCTURNE_TRY(const model::Position position,
                 loop_.submit_and_wait(std::move(proposal), {std::move(note)}));
    NOCTURNE_TRY(const model::Run run, find_run(format_run({position, 0})));
    if (model::is_finished(run.state)) {
        return fail(ErrorCode::Invalid,
                    std::string(model::name_of(run.reason)) + ": " + run.reason_text);
    }
    return format_run(run.id) + ": " + run.plan.summary + "; somebody else says `approve " +
           format_run(run.id) + " " + run.hash.substr(0, 12) + "`";
}

}  // namespace nocturne::gateway
