// The words of people about runs: who may say what, and what follows from it.
#include "engine/run_text.hpp"
#include "engine/runs.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace nocturne::engine {

using model::Reason;
using model::Role;
using model::Run;
using model::RunState;
using Topic = model::Effect::Topic;
using Verdict = GateFinding::Verdict;

namespace {

// "Anna " and "anna" are one person.
std::string person_of(std::string_view name) {
    std::string person;
    for (const char letter : name) {
        if (std::isspace(static_cast<unsigned char>(letter)) == 0) {
            person += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
        }
    }
    return person;
}

std::uint64_t PlaybookTally::*tally_of(model::RunLabel label) {
    switch (label) {
        case model::RunLabel::None: break;
        case model::RunLabel::Helped: return &PlaybookTally::helped;
        case model::RunLabel::DidNotHelp: return &PlaybookTally::did_not_help;
        case model::RunLabel::MadeWorse: return &PlaybookTally::made_worse;
    }
    return nullptr;
}

}  // namespace

bool Runs::may(const Person& person, Role needed) {
    if (person_of(person.by).empty()) {
        answer(Reason::PersonUnknown, person, "nobody said who asks");
        return false;
    }
    if (!model::includes(person.role, needed)) {
        answer(Reason::RoleTooLow, person,
               "it takes the role " + std::string(model::name_of(needed)) + ", " +
                   clean(person.by, kNameBytesMax) + " has " +
                   std::string(model::name_of(person.role)));
        return false;
    }
    return true;
}

void Runs::answer(Reason reason, const Person& person, std::string text) {
    state_.counters.count(reason);
    audit("", reason, text, person.by, person.from);
    table_.answer = {state_.now,
                     state_.position,
                     reason,
                     clean(person.by, kNameBytesMax),
                     clean(person.from, kNameBytesMax),
                     std::move(text)};
}

void Runs::refuse_word(Run& run, Reason reason, const Person& person, std::string text) {
    note(run, reason, std::move(text), clean(person.by, kNameBytesMax),
         clean(person.from, kNameBytesMax));
    tell(run, Topic::RunAnswered, reason);
}

Run* Runs::find_for(model::Id id, const Person& person, Role needed) {
    Run* run = table_.find(id);
    if (run == nullptr) {
        answer(Reason::RunUnknown, person,
               "no run " + model::format_id(model::kRunPrefix, id) + " is known");
        return nullptr;
    }
    if (!may(person, needed)) {
        refuse_word(*run, table_.answer.reason, person, table_.answer.text);
        return nullptr;
    }
    return run;
}

bool Runs::accepts_approval(Run& run, const model::ApproveRun& command, const Person& person) {
    if (run.state != RunState::AwaitingApproval) {
        refuse_word(run,
                    run.state == RunState::Expired ? Reason::ApprovalExpired : Reason::NotAwaiting,
                    person, "it is " + std::string(model::name_of(run.state)));
        return false;
    }
    if (command.hash != run.hash) {
        refuse_word(run, Reason::HashDiffers, person,
                    "the yes was for plan " + clean(command.hash, 12) + ", this one is " +
                        run.hash.substr(0, 12));
        return false;
    }
    const std::string name = person_of(command.by);
    if (name == person_of(run.proposed_by) && !table_.settings.self_approval) {
        refuse_word(run, Reason::SelfApproval, person, "nobody approves what they proposed");
        return false;
    }
    if (std::any_of(run.approvals.begin(), run.approvals.end(),
                    [&](const model::Approval& one) { return person_of(one.by) == name; })) {
        refuse_word(run, Reason::ApprovedTwice, person, "that person has said yes already");
        return false;
    }
    const GateFinding finding = Gates(state_, run).decide();
    if (finding.verdict == Verdict::Void) {
        refuse_word(run, finding.reason, person, finding.text);
        finish(run, RunState::Void, finding.reason, finding.text);
        return false;
    }
    if (finding.verdict == Verdict::Refuse) {
        refuse_word(run, finding.reason, person, finding.text);
        return false;
    }
    return true;
}

void Runs::approve(const model::ApproveRun& command) {
    const Person person{command.by, command.role, command.from};
    const Run* known = table_.find(command.run);
    Run* run =
        find_for(command.run, person, known == nullptr ? Role::Approver : known->limits.approver);
    if (run == nullptr || !accepts_approval(*run, command, person)) {
        return;
    }
    run->approvals.push_back({clean(command.by, kNameBytesMax), command.role,
                              clean(command.from, kNameBytesMax), state_.now});
    const std::size_t needed =
        std::max({run->limits.approvals, table_.settings.approvals,
                  run->plan.risk == model::Risk::High ? table_.settings.approvals_high : 1U});
    const bool is_enough = run->approvals.size() >= needed;
    note(*run, is_enough ? Reason::ApprovedByPerson : Reason::ApprovalGiven,
         std::to_string(run->approvals.size()) + " of " + std::to_string(needed),
         run->approvals.back().by, run->approvals.back().from);
    if (is_enough) {
        begin(*run);
    } else {
        tell(*run, Topic::RunAnswered, Reason::ApprovalGiven);
    }
}

void Runs::reject(const model::RejectRun& command) {
    const Person person{command.by, command.role, command.from};
    Run* run = find_for(command.run, person, Role::Responder);
    if (run == nullptr) {
        return;
    }
    if (run->state != RunState::AwaitingApproval && run->state != RunState::Proposed) {
        refuse_word(*run, Reason::NotAwaiting, person,
                    "it is " + std::string(model::name_of(run->state)));
        return;
    }
    note(*run, Reason::RejectedByPerson, clean(command.why, kWordsBytesMax),
         clean(command.by, kNameBytesMax), clean(command.from, kNameBytesMax));
    finish(*run, RunState::Rejected, Reason::RejectedByPerson,
           "by " + clean(command.by, kNameBytesMax) +
               (command.why.empty() ? "" : ": " + clean(command.why, kWordsBytesMax)));
}

// Anybody on duty may stop; to go on takes more.
void Runs::stop(const model::StopActions& command) {
    const Person person{command.by, command.role, command.from};
    if (!may(person, command.on ? Role::Responder : Role::Approver)) {
        return;
    }
    const Reason reason = command.on ? Reason::ActionsStopped : Reason::ActionsResumed;
    table_.is_stopped = command.on;
    table_.stop = {clean(command.by, kNameBytesMax), clean(command.from, kNameBytesMax),
                   clean(command.why, kWordsBytesMax), state_.now};
    answer(reason, person, table_.stop.why);
    decide_.actions(command.on ? Topic::ActionsStopped : Topic::ActionsResumed, reason);
    hold_back();
}

void Runs::freeze(const model::FreezeNode& command) {
    const Person person{command.by, command.role, command.from};
    if (!may(person, Role::Responder)) {
        return;
    }
    const std::string name = clean(main_name(state_.topology.now(), command.node), kNameBytesMax);
    if (name.empty() ||
        (table_.frozen.size() >= RunTable::kFrozenMax && !table_.frozen.contains(name))) {
        answer(Reason::NodeUnknown, person,
               name.empty() ? "no node was named" : "as many nodes are frozen as can be");
        return;
    }
    table_.frozen[name] = {clean(command.by, kNameBytesMax), clean(command.from, kNameBytesMax),
                           clean(command.why, kWordsBytesMax), state_.now};
    answer(Reason::NodeFrozen, person, name);
    decide_.actions(Topic::NodeFrozen, Reason::NodeFrozen);
    hold_back();
}

void Runs::thaw(const model::ThawNode& command) {
    const Person person{command.by, command.role, command.from};
    if (!may(person, Role::Approver)) {
        return;
    }
    const std::size_t erased = table_.frozen.erase(command.node) +
                               table_.frozen.erase(main_name(state_.topology.now(), command.node));
    if (erased == 0) {
        answer(Reason::NodeNotFrozen, person, clean(command.node, kNameBytesMax));
        return;
    }
    answer(Reason::NodeThawed, person, clean(command.node, kNameBytesMax));
    decide_.actions(Topic::NodeThawed, Reason::NodeThawed);
}

void Runs::label(const model::LabelRun& command) {
    const Person person{command.by, command.role, command.from};
    Run* run = find_for(command.run, person, Role::Responder);
    if (run == nullptr) {
        return;
    }
    const bool was_regretted = run->is_regretted();
    if (const auto before = tally_of(run->label)) {
        table_.count(*run, before, RunTable::Count::Down);
    }
    run->label = command.label;
    if (const auto after = tally_of(run->label)) {
        table_.count(*run, after);
    }
    if (run->is_regretted() != was_regretted) {
        table_.count(*run, &PlaybookTally::regretted,
                     was_regretted ? RunTable::Count::Down : RunTable::Count::Up);
    }
    const bool was_bad = model::is_bad(command.label);
    if (PastRun* past = table_.find_past(run->id)) {
        past->made_worse = command.label == model::RunLabel::MadeWorse;
    }
    if (was_bad) {  // what people say weighs more than what the checks said
        table_.seen_succeed.erase({run->suspect, run->kind, run->plan.playbook});
    }
    note(*run, Reason::RunLabelled, std::string(model::name_of(command.label)),
         clean(command.by, kNameBytesMax), clean(command.from, kNameBytesMax));
    tell(*run, Topic::RunUpdated, Reason::RunLabelled);
}

void Runs::settle(const model::SettleRun& command) {
    const Person person{command.by, command.role, command.from};
    const Run* known = table_.find(command.key.run);
    const bool is_question = known != nullptr && known->attempt &&
                             known->present_action().effector == model::Effector::Ask;
    Role needed = known == nullptr ? Role::Approver : known->limits.approver;
    if (is_question) {
        const std::string& role = known->present_action().target;
        const auto found = std::find(model::kRoleNames.begin(), model::kRoleNames.end(), role);
        needed =
            found == model::kRoleNames.end()
                ? Role::Approver
                : std::max(Role::Responder, static_cast<Role>(found - model::kRoleNames.begin()));
    }
    Run* run = find_for(command.key.run, person, needed);
    if (run == nullptr) {
        return;
    }
    const bool waits = run->state == RunState::NeedsPerson ||
                       (is_question && run->attempt->is_started && is_active(run->state));
    if (!waits || !run->attempt || run->attempt->key != command.key) {
        refuse_word(*run, Reason::NothingToSettle, person,
                    "nobody waits for a word on " + model::to_string(command.key));
        return;
    }
    note(*run, Reason::SettledByPerson,
         std::string(model::kSettleVerdictNames[static_cast<std::size_t>(command.verdict)]) + " " +
             model::to_string(command.key),
         clean(command.by, kNameBytesMax), clean(command.from, kNameBytesMax));
    switch (command.verdict) {
        case model::SettleRun::Verdict::Done: succeeded(*run); break;
        case model::SettleRun::Verdict::Failed: failed(*run, "as a person says"); break;
        case model::SettleRun::Verdict::Again: want_again(*run); break;
        case model::SettleRun::Verdict::Abandon:
            finish(*run, RunState::Failed, Reason::AbandonedByPerson,
                   "by " + clean(command.by, kNameBytesMax));
            break;
    }
}

}  // namespace nocturne::engine
