// What a plan meets on its way: people, steps, verification, undoing. The gates are in
// run_gates_test.cpp.
#include "tests/engine/run_story.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace nocturne::engine {
namespace {

using model::Outcome;
using model::Reason;
using model::Role;
using model::RunState;
using Verdict = model::SettleRun::Verdict;

bool has(const std::vector<std::string>& topics, const std::string& topic) {
    return std::find(topics.begin(), topics.end(), topic) != topics.end();
}

TEST(Plan, HashChangesWithEveryWord) {
    const model::Plan plan = RunStory().proposal().plan;
    model::Plan other = plan;
    other.steps[0].run.arguments["unit"] = "cart-2";

    EXPECT_EQ(model::hash_of(plan).size(), 64U);
    EXPECT_EQ(model::hash_of(plan), model::hash_of(RunStory().proposal().plan));
    EXPECT_NE(model::hash_of(plan), model::hash_of(other));
}

TEST(Plan, ComesBackFromItsBytes) {
    model::Plan plan = RunStory().three_steps().plan;
    plan.preconditions["severity"] = "critical";
    model::Writer out;
    model::encode(out, plan);
    model::Reader in(out.bytes());

    EXPECT_EQ(model::decode_plan(in), plan);
    EXPECT_TRUE(in.ok());
}

TEST(Plan, DamagedBytesAreNoPlan) {
    model::Writer out;
    model::encode(out, RunStory().proposal().plan);
    for (std::size_t cut = 0; cut < out.bytes().size(); ++cut) {
        model::Reader in(std::string_view(out.bytes()).substr(0, cut));
        (void)model::decode_plan(in);
        EXPECT_FALSE(in.ok()) << cut;
    }
}

TEST(Run, IsApprovedRunVerifiedAndDone) {
    RunStory night;

    EXPECT_EQ(night.propose(night.proposal()).state, RunState::AwaitingApproval);
    EXPECT_TRUE(has(night.topics(), "run.proposed"));
    EXPECT_EQ(night.approves().state, RunState::Running);
    EXPECT_EQ(night.topics(),
              (std::vector<std::string>{"run.approved", "run.started", "run.step"}));
    EXPECT_EQ(night.wanted(), "1/run/1");
    EXPECT_EQ(night.acts(Outcome::Ok).state, RunState::Verifying);
    EXPECT_EQ(night.wanted(), "1/verify/1");
    EXPECT_EQ(night.acts(Outcome::Ok).state, RunState::Succeeded);
    EXPECT_TRUE(has(night.topics(), "run.finished"));
    EXPECT_EQ(night.state().runs.tallies.at("restart").succeeded, 1U);
}

TEST(Run, TakesTheNextStepOnlyAfterTheResultOfTheLast) {
    RunStory night;
    night.propose(night.three_steps());
    night.approves();
    night.answers(Outcome::Started);

    night.passes(std::chrono::seconds(20));
    EXPECT_EQ(night.wanted(), "1/run/1");
    night.answers(Outcome::Ok);
    EXPECT_EQ(night.wanted(), "1/verify/1");
    night.acts(Outcome::Ok);
    EXPECT_EQ(night.wanted(), "2/run/1");
}

TEST(Run, UndoesFinishedStepsInReverseOrder) {
    RunStory night;
    night.propose(night.three_steps());
    night.approves();
    for (int i = 0; i < 5; ++i) {
        night.acts(Outcome::Ok);
    }
    EXPECT_EQ(night.wanted(), "3/verify/1");

    EXPECT_EQ(night.acts(Outcome::Failed, "503").state, RunState::Undoing);
    std::string undone;
    while (night.run().state == RunState::Undoing) {
        undone += night.wanted() + " ";
        night.acts(Outcome::Ok);
    }

    EXPECT_EQ(undone, "3/undo/1 2/undo/1 1/undo/1 ");
    EXPECT_EQ(night.run().state, RunState::RolledBack);
    EXPECT_EQ(night.run().reason, Reason::VerifyFailed);
    EXPECT_EQ(night.run().reason_text, "step 3 \"three\": 503");
}

TEST(Run, AStepThatFailedIsNotUndoneItself) {
    RunStory night;
    night.propose(night.three_steps());
    night.approves();
    night.acts(Outcome::Ok);
    night.acts(Outcome::Ok);

    night.acts(Outcome::Failed);
    EXPECT_EQ(night.wanted(), "1/undo/1");
    EXPECT_EQ(night.acts(Outcome::Ok).state, RunState::RolledBack);
}

TEST(Run, WhatHasNoUndoLeavesItFailed) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.plan.steps[0].undo.reset();
    night.propose(proposed);
    night.approves();
    night.acts(Outcome::Ok);

    EXPECT_EQ(night.acts(Outcome::Failed).state, RunState::Failed);
    EXPECT_EQ(night.run().steps[0].state, model::StepState::NotUndone);
    EXPECT_EQ(night.count(Reason::NoUndo), 1U);
}

TEST(Run, AnUndoThatFailsEndsIt) {
    RunStory night;
    night.propose(night.three_steps());
    night.approves();
    for (int i = 0; i < 3; ++i) {
        night.acts(Outcome::Ok);
    }
    night.acts(Outcome::Failed);

    EXPECT_EQ(night.acts(Outcome::Failed).state, RunState::Failed);
    EXPECT_EQ(night.run().reason, Reason::UndoFailed);
}

TEST(Run, WhatNobodyKnowsAsksAPerson) {
    RunStory night;
    night.propose(night.proposal());
    night.approves();

    EXPECT_EQ(night.acts(Outcome::Unknown).state, RunState::NeedsPerson);
    EXPECT_TRUE(has(night.topics(), "run.needs_person"));
    EXPECT_EQ(night.settles(Verdict::Done, Role::Responder).state, RunState::NeedsPerson);
    EXPECT_EQ(night.run().answer.reason, Reason::RoleTooLow);
    EXPECT_EQ(night.settles(Verdict::Done).state, RunState::Verifying);
}

TEST(Run, APersonMayHaveAnActionTakenAgain) {
    RunStory night;
    night.propose(night.proposal());
    night.approves();
    night.acts(Outcome::Unknown);

    night.settles(Verdict::Again);
    EXPECT_EQ(night.wanted(), "1/run/2");
    EXPECT_EQ(night.run().state, RunState::Running);
}

TEST(Run, APersonMayAbandonIt) {
    RunStory night;
    night.propose(night.proposal());
    night.approves();
    night.acts(Outcome::Unknown);

    EXPECT_EQ(night.settles(Verdict::Abandon).state, RunState::Failed);
    EXPECT_EQ(night.run().reason, Reason::AbandonedByPerson);
}

TEST(Run, AWordOnAnotherAttemptSettlesNothing) {
    RunStory night;
    night.propose(night.proposal());
    night.approves();
    night.acts(Outcome::Unknown);
    model::AttemptKey key = night.run().attempt->key;
    ++key.attempt;

    night.apply(model::Command(model::SettleRun{key, Verdict::Done, "anna", Role::Admin, "cli"}));
    EXPECT_EQ(night.run().state, RunState::NeedsPerson);
    EXPECT_EQ(night.run().answer.reason, Reason::NothingToSettle);
}

TEST(Run, RepeatsAnIdempotentStepAFewTimes) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.plan.steps[0].idempotent = true;
    night.propose(proposed);
    night.approves();

    night.acts(Outcome::Unknown);
    EXPECT_EQ(night.wanted(), "1/run/2");
    night.acts(Outcome::Unknown);
    EXPECT_EQ(night.wanted(), "1/run/3");
    EXPECT_EQ(night.acts(Outcome::Unknown).state, RunState::NeedsPerson);
}

TEST(Run, AnEffectorThatHangsLeavesTheStepUnknown) {
    RunStory night;
    night.propose(night.proposal());
    night.approves();
    night.answers(Outcome::Started);

    night.passes(std::chrono::seconds(39));
    EXPECT_EQ(night.run().state, RunState::Running);
    night.passes(std::chrono::seconds(2));
    EXPECT_EQ(night.run().state, RunState::NeedsPerson);
    EXPECT_EQ(night.run().reason, Reason::StepTimedOut);
}

TEST(Run, AWaitMayTakeAsLongAsItWaits) {
    RunStory night;
    model::PlanProposed proposal = night.proposal();
    proposal.plan.steps[0].run = {model::Effector::Wait, "", {{"for", "20m"}}};
    night.propose(std::move(proposal));
    night.approves();
    night.answers(Outcome::Started);

    night.passes(std::chrono::minutes(20));
    EXPECT_EQ(night.run().state, RunState::Running);
    night.passes(std::chrono::seconds(11));
    EXPECT_EQ(night.wanted(), "1/run/2");
}

TEST(Run, ALateResultStillSettlesWhatNobodyKnew) {
    RunStory night;
    night.propose(night.proposal());
    night.approves();
    night.answers(Outcome::Started);
    night.passes(std::chrono::minutes(1));

    EXPECT_EQ(night.answers(Outcome::Ok).state, RunState::Verifying);
}

TEST(Run, AnAttemptThatNobodyBeganWaitsForTheEdge) {
    RunStory night;
    night.propose(night.proposal());
    night.approves();

    night.passes(std::chrono::hours(3));
    EXPECT_EQ(night.run().state, RunState::Running);
    EXPECT_EQ(night.wanted(), "1/run/1");
}

TEST(Run, ASecondAnswerChangesNothing) {
    RunStory night;
    night.propose(night.three_steps());
    night.approves();
    const model::AttemptKey key = night.run().attempt->key;
    night.acts(Outcome::Ok);

    night.apply(model::StepResult{key, Outcome::Failed, "again"});
    EXPECT_EQ(night.wanted(), "1/verify/1");
    EXPECT_EQ(night.count(Reason::StaleResult), 1U);
}

TEST(Run, TextOfAResultIsCutAndPrintable) {
    RunStory night;
    night.propose(night.proposal());
    night.approves();
    night.acts(Outcome::Ok, "ok\x1b[31m\n" + std::string(5000, 'x') + "ä");

    const std::string& text = night.run().steps[0].text;
    EXPECT_EQ(text.size(), 1024U);
    EXPECT_EQ(text.substr(0, 9), "ok [31m x");
}

TEST(Run, AQuestionIsAnsweredByAPersonOfTheRole) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.plan.steps[0].run = {model::Effector::Ask, "responder", {{"question", "sure?"}}};
    night.propose(proposed);
    night.approves();
    night.answers(Outcome::Started);

    EXPECT_EQ(night.settles(Verdict::Done, Role::Viewer).state, RunState::Running);
    EXPECT_EQ(night.settles(Verdict::Done, Role::Responder).state, RunState::Verifying);
}

// ---- approval ----

TEST(Approval, IsForOneHash) {
    RunStory night;
    night.propose(night.proposal());
    model::ApproveRun yes = night.yes();
    yes.hash = model::hash_of(night.proposal("cart-2").plan);

    night.apply(model::Command(yes));
    EXPECT_EQ(night.run().state, RunState::AwaitingApproval);
    EXPECT_EQ(night.run().answer.reason, Reason::HashDiffers);
    EXPECT_EQ(night.topics(), std::vector<std::string>{"run.answered"});
}

TEST(Approval, IsRefusedToAViewerAndToNobody) {
    RunStory night;
    night.propose(night.proposal());

    EXPECT_EQ(night.approves("eve", Role::Viewer).answer.reason, Reason::RoleTooLow);
    EXPECT_EQ(night.run().answer.text, "it takes the role approver, eve has viewer");
    EXPECT_EQ(night.approves("mallory", Role::None).answer.reason, Reason::RoleTooLow);
    EXPECT_EQ(night.approves(" ", Role::Admin).answer.reason, Reason::PersonUnknown);
    EXPECT_EQ(night.run().state, RunState::AwaitingApproval);
}

TEST(Approval, IsRefusedToTheProposer) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.by = "Anna";
    proposed.from = "cli";
    night.propose(proposed);

    EXPECT_EQ(night.approves(" anna").answer.reason, Reason::SelfApproval);
    EXPECT_EQ(night.approves("ben").state, RunState::Running);
}

TEST(Approval, OfOnesOwnPlanIsAMatterOfPolicy) {
    RunStory night;
    model::PlaybookSettings settings;
    settings.self_approval = true;
    night.apply(settings);
    model::PlanProposed proposed = night.proposal();
    proposed.by = "anna";
    night.propose(proposed);

    EXPECT_EQ(night.approves("anna").state, RunState::Running);
}

TEST(Approval, CanTakeTwoPeople) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.limits.approvals = 2;
    night.propose(proposed);

    EXPECT_EQ(night.approves("anna").state, RunState::AwaitingApproval);
    EXPECT_EQ(night.approves("anna").answer.reason, Reason::ApprovedTwice);
    EXPECT_EQ(night.approves("ben").state, RunState::Running);
    EXPECT_EQ(night.run().approvals.size(), 2U);
}

TEST(Approval, ConfigurationCanAskForMorePeopleWhenTheRiskIsHigh) {
    RunStory night;
    model::PlaybookSettings settings;
    settings.approvals_high = 2;
    night.apply(settings);
    model::PlanProposed proposed = night.proposal();
    proposed.plan.risk = model::Risk::High;
    night.propose(proposed);

    EXPECT_EQ(night.approves("anna").state, RunState::AwaitingApproval);
    EXPECT_EQ(night.approves("ben").state, RunState::Running);
}

TEST(Approval, Expires) {
    RunStory night;
    night.propose(night.proposal());

    night.passes(std::chrono::minutes(15));
    EXPECT_EQ(night.run().state, RunState::Expired);
    EXPECT_EQ(night.approves().answer.reason, Reason::ApprovalExpired);
    EXPECT_EQ(night.run().state, RunState::Expired);
}

TEST(Approval, IsUsedOnce) {
    RunStory night;
    night.propose(night.proposal());
    night.approves();
    const std::string wanted = night.wanted();

    EXPECT_EQ(night.approves().answer.reason, Reason::NotAwaiting);
    EXPECT_EQ(night.wanted(), wanted);
    night.acts(Outcome::Ok);
    night.acts(Outcome::Ok);
    EXPECT_EQ(night.approves("ben").answer.reason, Reason::NotAwaiting);
    EXPECT_EQ(night.run().state, RunState::Succeeded);
}

TEST(Approval, OfAnUnknownRunIsRefused) {
    RunStory night;
    night.apply(model::Command(model::ApproveRun{{99, 0}, "", "anna", Role::Admin, "cli"}));

    EXPECT_EQ(night.state().runs.answer.reason, Reason::RunUnknown);
    EXPECT_EQ(night.state().runs.answer.text, "no run R99-0 is known");
}

TEST(Approval, ANoEndsIt) {
    RunStory night;
    night.propose(night.proposal());

    night.apply(model::Command(
        model::RejectRun{night.run().id, "anna", Role::Responder, "cli", "not tonight"}));
    EXPECT_EQ(night.run().state, RunState::Rejected);
    EXPECT_EQ(night.run().reason_text, "by anna: not tonight");
    EXPECT_EQ(night.approves().answer.reason, Reason::NotAwaiting);
}

TEST(Approval, IsVoidWhenThePreconditionsChanged) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.plan.preconditions["severity"] = "critical";
    proposed.plan.preconditions["incident_state"] = "open|reopened";
    night.propose(proposed);
    night.apply(model::Command(model::AcknowledgeIncident{night.incident, "ben"}));

    EXPECT_EQ(night.approves().state, RunState::Void);
    EXPECT_EQ(night.run().reason_text,
              "incident_state is acknowledged, the plan was made for open|reopened");
}

TEST(Approval, EndsWithTheIncident) {
    RunStory night;
    night.propose(night.proposal());
    night.apply(model::Command(model::ResolveIncident{night.incident, "ben"}));

    EXPECT_EQ(night.run().state, RunState::Void);
    EXPECT_EQ(night.run().reason, Reason::IncidentOver);
}

TEST(Approval, ANewerPlanSupersedesTheOlder) {
    RunStory night;
    const model::Id older = night.propose(night.proposal()).id;
    model::PlanProposed newer = night.proposal();
    newer.plan.summary = "restart cart-1, now with a pause";
    night.propose(newer);

    EXPECT_EQ(night.run(older).state, RunState::Superseded);
    EXPECT_EQ(night.run().state, RunState::AwaitingApproval);
    night.apply(model::Command(
        model::ApproveRun{older, night.run(older).hash, "anna", Role::Admin, "cli"}));
    EXPECT_EQ(night.run(older).state, RunState::Superseded);
}

TEST(Approval, TheSamePlanIsNotAskedForTwice) {
    RunStory night;
    const model::Id first = night.propose(night.proposal()).id;

    EXPECT_EQ(night.propose(night.proposal()).reason, Reason::AlreadyProposed);
    EXPECT_EQ(night.run(first).state, RunState::AwaitingApproval);
}

// ---- holding back ----

TEST(StopSwitch, HoldsWhatHasNotBegun) {
    RunStory night;
    night.propose(night.proposal());
    night.approves();
    night.apply(model::Command(
        model::StopActions{true, "ben", Role::Responder, "cli", "something is odd"}));

    EXPECT_EQ(night.run().state, RunState::NeedsPerson);
    EXPECT_EQ(night.run().reason, Reason::ActionsStopped);
    night.answers(Outcome::Started);
    EXPECT_FALSE(night.run().attempt->is_started) << "nothing may begin any more";
    night.settles(Verdict::Again);
    EXPECT_EQ(night.run().state, RunState::NeedsPerson) << "still stopped";

    night.apply(model::Command(model::StopActions{false, "ben", Role::Responder, "cli", ""}));
    EXPECT_TRUE(night.state().runs.is_stopped) << "to go on takes an approver";
    night.apply(model::Command(model::StopActions{false, "anna", Role::Approver, "cli", ""}));
    EXPECT_EQ(night.settles(Verdict::Again).state, RunState::Running);
}

TEST(StopSwitch, LetsABegunActionEndAndTakesNoOther) {
    RunStory night;
    night.propose(night.three_steps());
    night.approves();
    night.answers(Outcome::Started);
    night.apply(model::Command(model::StopActions{true, "ben", Role::Responder, "cli", ""}));

    EXPECT_EQ(night.run().state, RunState::Running);
    EXPECT_EQ(night.answers(Outcome::Ok).state, RunState::NeedsPerson);
    EXPECT_FALSE(has(night.topics(), "run.step"));
}

TEST(FrozenNode, HoldsItsSteps) {
    RunStory night;
    night.propose(night.proposal());
    night.approves();
    night.apply(model::Command(model::FreezeNode{"10.0.0.1", "ben", Role::Responder, "cli", ""}));

    EXPECT_EQ(night.run().state, RunState::NeedsPerson);
    EXPECT_EQ(night.run().reason, Reason::NodeFrozen);
    night.apply(model::Command(model::ThawNode{"cart-1", "anna", Role::Approver, "cli"}));
    EXPECT_EQ(night.settles(Verdict::Again).state, RunState::Running);
}

// ---- what is learnt ----

TEST(Run, IsJudgedByWhatBecomesOfTheIncident) {
    RunStory night;
    night.helps(night.proposal());
    night.clears("cart-1", "latency");
    night.passes(std::chrono::minutes(1));

    EXPECT_NE(night.run().incident_resolved_at, model::kNoTime);
    night.fires("cart-1", "latency");
    EXPECT_NE(night.run().incident_reopened_at, model::kNoTime);
    EXPECT_EQ(night.state().runs.tallies.at("restart").reopened, 1U);
}

TEST(Run, LabelsOfPeopleCountOnce) {
    RunStory night;
    night.helps(night.proposal());
    const auto say = [&](model::RunLabel word) {
        night.apply(
            model::Command(model::LabelRun{night.run().id, word, "anna", Role::Responder, "cli"}));
    };
    say(model::RunLabel::Helped);
    say(model::RunLabel::MadeWorse);

    const PlaybookTally& tally = night.state().runs.tallies.at("restart");
    EXPECT_EQ(tally.helped, 0U);
    EXPECT_EQ(tally.made_worse, 1U);
    EXPECT_TRUE(night.state().runs.seen_succeed.empty());
}

TEST(RunTable, ForgetsTheOldestThatAreOver) {
    RunStory night;
    model::PlanProposed bad = night.proposal();
    bad.plan.steps.clear();
    const model::Id first = night.propose(bad).id;
    for (std::size_t i = 0; i < RunTable::kRunsMax; ++i) {
        night.propose(bad);
    }

    EXPECT_EQ(night.state().runs.runs.size(), RunTable::kRunsMax);
    EXPECT_EQ(night.state().runs.find(first), nullptr);
}

TEST(RunTable, TooManyOpenRunsAreRefused) {
    RunStory night;
    for (std::size_t i = 0; i <= RunTable::kOpenMax; ++i) {
        model::PlanProposed proposed = night.proposal();
        proposed.plan.playbook += std::to_string(i);
        night.propose(proposed);
    }

    EXPECT_EQ(night.run().reason, Reason::TooManyRuns);
    EXPECT_EQ(night.state().runs.open.size(), RunTable::kOpenMax);
}

}  // namespace
}  // namespace nocturne::engine
