// Each gate, refusing: the reason is what people are shown.
#include "engine/gates.hpp"
#include "tests/engine/run_story.hpp"

#include <gtest/gtest.h>

namespace nocturne::engine {
namespace {

using model::Outcome;
using model::Reason;
using model::Role;
using model::RunMode;
using model::RunState;

// What one gate says of a plan now.
GateFinding look(const RunStory& night, const model::Run& run, std::string_view gate) {
    for (GateFinding& finding : Gates(night.state(), run).all()) {
        if (finding.gate == gate) {
            return finding;
        }
    }
    ADD_FAILURE() << "no gate " << gate;
    return {};
}

// A night on which "restart" was seen to help with what is suspected, so that it may be automatic.
class Automatic : public testing::Test {
   public:
    Automatic() {
        settings.mode_max = RunMode::Auto;
        settings.confidence_min = 0;
        night.apply(settings);
        proposed = night.proposal("cart-2");
        proposed.mode = RunMode::Auto;
        proposed.limits.confidence_min = 0;
        proposed.limits.blast_share_max = 0.5;
        night.helps(proposed);
        night.passes(std::chrono::minutes(11));  // the cooldown
    }

    RunStory night;
    model::PlaybookSettings settings;
    model::PlanProposed proposed;
};

TEST_F(Automatic, WhatWasSeenToHelpRunsByItself) {
    EXPECT_EQ(night.propose(proposed).state, RunState::Running);
    EXPECT_EQ(night.state().runs.tallies.at("restart").automatic, 1U);
}

TEST_F(Automatic, ModeOfConfigurationBinds) {
    settings.modes.push_back({"restart", {}, "", "pod", "", RunMode::Approve});
    night.apply(settings);

    EXPECT_EQ(night.propose(proposed).state, RunState::AwaitingApproval);
    EXPECT_EQ(night.run().reason, Reason::ModeApprove);
}

TEST_F(Automatic, ModeOfANodeBindsUnderEachOfItsNames) {
    settings.modes.push_back({"", {}, "10.0.0.1", "", "", RunMode::Observe});
    night.apply(settings);
    model::PlanProposed other = night.proposal("cart-1");
    other.mode = RunMode::Auto;

    EXPECT_EQ(night.propose(other).reason, Reason::ModeObserve);
}

TEST_F(Automatic, ConfidenceIsAskedFor) {
    proposed.plan.incident = model::kNoId;
    proposed.from = "cli";
    const GateFinding finding = look(night, night.propose(proposed), "confidence");

    EXPECT_EQ(finding.reason, Reason::None) << "0 % is asked for, and 0 % is known";
    model::Run run = night.run();
    run.limits.confidence_min = 0.6;
    EXPECT_EQ(look(night, run, "confidence").verdict, GateFinding::Verdict::AskPerson);
    EXPECT_EQ(look(night, run, "confidence").text,
              "the cause is sure to 0 %, automatic needs 60 %");
}

TEST_F(Automatic, WhatWasNeverSeenToHelpIsNotAutomatic) {
    proposed.plan.playbook = "rollback";

    EXPECT_EQ(night.propose(proposed).state, RunState::AwaitingApproval);
    EXPECT_EQ(night.run().reason, Reason::NeverSeenSucceed);
}

TEST_F(Automatic, WhatAPersonProposesIsNot) {
    proposed.from = "cli";
    proposed.by = "anna";

    EXPECT_EQ(night.propose(proposed).state, RunState::AwaitingApproval);
    EXPECT_EQ(night.run().reason, Reason::ProposedByPerson);
}

TEST_F(Automatic, WhatHasNoSiblingIsNot) {
    proposed = night.proposal("orders-db");
    proposed.mode = RunMode::Auto;
    proposed.limits.confidence_min = 0;

    EXPECT_EQ(night.propose(proposed).state, RunState::AwaitingApproval);
    EXPECT_EQ(night.run().reason, Reason::NoSiblings);
}

TEST_F(Automatic, ABurningErrorBudgetAsksPeople) {
    settings.error_budget = 2;
    night.apply(settings);
    model::PlanProposed other = night.proposal("cart-3");
    other.plan.playbook = "other";
    night.fails(other);
    night.passes(std::chrono::minutes(11));

    EXPECT_EQ(night.propose(proposed).state, RunState::AwaitingApproval);
    EXPECT_EQ(night.run().reason, Reason::ErrorBudgetBurning);
}

TEST_F(Automatic, SeveralApprovalsAskSeveralPeople) {
    proposed.limits.approvals = 2;

    EXPECT_EQ(night.propose(proposed).state, RunState::AwaitingApproval);
}

// ---- never, whoever says yes ----

void expect_refused(RunStory& night, const model::PlanProposed& proposed, Reason reason,
                    std::string_view text) {
    const model::Run& run = night.propose(proposed);
    EXPECT_EQ(run.state, RunState::Refused);
    EXPECT_EQ(model::name_of(run.reason), model::name_of(reason));
    EXPECT_EQ(run.reason_text, text);
    EXPECT_EQ(night.topics(), std::vector<std::string>{"run.refused"});
    EXPECT_FALSE(run.attempt);
    night.approves("anna", Role::Admin);
    EXPECT_EQ(night.run().answer.reason, Reason::NotAwaiting);
}

TEST(Gate, RefusesTenThousandSteps) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    for (int i = 1; i < 10'000; ++i) {
        proposed.plan.steps.push_back(RunStory::step(std::to_string(i), "cart-1"));
    }

    expect_refused(night, proposed, Reason::PlanTooLarge,
                   "the plan has 10000 steps, at most 100 are allowed");
    EXPECT_TRUE(night.run().plan.steps.empty()) << "what is refused for its size is not kept";
}

TEST(Gate, RefusesAPlanOfTooManyBytes) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.plan.steps[0].run.arguments["blob"] = std::string(200'000, 'x');
    night.propose(proposed);

    EXPECT_EQ(night.run().reason, Reason::PlanTooLarge);
    EXPECT_TRUE(night.run().plan.steps.empty());
}

TEST(Gate, RefusesAPlanWithoutSteps) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.plan.steps.clear();
    expect_refused(night, proposed, Reason::PlanMalformed, "the plan has no steps");
}

TEST(Gate, RefusesTwoStepsOfOneName) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.plan.steps.push_back(proposed.plan.steps[0]);
    expect_refused(night, proposed, Reason::PlanMalformed,
                   "two steps are called \"restart cart-1\"");
}

TEST(Gate, RefusesAnEndlessTimeout) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.plan.steps[0].verify->timeout = std::chrono::hours(48);
    expect_refused(night, proposed, Reason::PlanMalformed,
                   "step \"restart cart-1\" has a timeout that is not within a day");
}

TEST(Gate, RefusesWhatThePlaybookDoesNotDeclare) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.capabilities = {"check", "command:other-program"};
    expect_refused(night, proposed, Reason::CapabilityMissing,
                   "step \"restart cart-1\" needs command:restart-unit, which the playbook does "
                   "not declare");
}

TEST(Gate, RefusesANodeThatConfigurationFreezesByAnyOfItsNames) {
    RunStory night;
    model::PlaybookSettings settings;
    settings.frozen = {"10.0.0.1"};
    night.apply(settings);
    expect_refused(night, night.proposal("cart-1"), Reason::NodeFrozen,
                   "cart-1 is frozen by configuration");
}

TEST(Gate, RefusesWhatConfigurationDoesNotGrant) {
    RunStory night;
    model::PlaybookSettings settings;
    settings.capabilities = {{"check", "command:restart-unit"}};
    night.apply(settings);
    expect_refused(night, night.proposal(), Reason::CapabilityMissing,
                   "step \"restart cart-1\" needs command:start-unit, which configuration does "
                   "not grant");
}

TEST(Gate, RefusesANodeThatTheGraphDoesNotKnow) {
    RunStory night;
    expect_refused(night, night.proposal("cart-9"), Reason::NodeUnknown,
                   "the graph does not know \"cart-9\", nor what it would hit");
}

TEST(Gate, RefusesAnUnknownIncident) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.plan.incident = {4711, 0};
    expect_refused(night, proposed, Reason::IncidentUnknown, "no incident I4711-0 is known");
}

TEST(Gate, APlaybookNeedsAnIncidentAPersonDoesNot) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.plan.incident = model::kNoId;
    EXPECT_EQ(night.propose(proposed).reason, Reason::IncidentUnknown);
    proposed.from = "cli";
    EXPECT_EQ(night.propose(proposed).state, RunState::AwaitingApproval);
}

TEST(Gate, RefusesAPreconditionThatNobodyCanCheck) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.plan.preconditions["moon"] = "full";
    EXPECT_EQ(night.propose(proposed).reason, Reason::PreconditionUnknown);
    EXPECT_EQ(night.run().state, RunState::Refused);
}

TEST(Gate, APlanForWhatIsNoLongerSoIsVoid) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.plan.preconditions["severity"] = "minor";
    EXPECT_EQ(night.propose(proposed).state, RunState::Void);
    EXPECT_EQ(night.run().reason_text, "severity is critical, the plan was made for minor");
}

TEST(Gate, ObserveAndSuggestNeverRun) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.mode = RunMode::Observe;
    EXPECT_EQ(night.propose(proposed).state, RunState::Proposed);
    EXPECT_TRUE(night.topics().empty()) << "noted, not shown";
    proposed.mode = RunMode::Suggest;
    EXPECT_EQ(night.propose(proposed).reason, Reason::ModeSuggest);
    EXPECT_EQ(night.topics().back(), "run.proposed");

    EXPECT_EQ(night.approves().answer.reason, Reason::NotAwaiting);
    night.passes(std::chrono::minutes(20));
    EXPECT_EQ(night.run().state, RunState::Expired);
}

TEST(Gate, RefusesDuringTheCooldown) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.limits.blast_share_max = 1;
    night.helps(proposed);
    night.passes(std::chrono::minutes(9));
    expect_refused(night, proposed, Reason::CooldownActive,
                   "it ran on cart-1 9m00s ago, its cooldown is 10m00s");
    proposed.plan.target = "10.0.0.1";  // by another name
    EXPECT_EQ(night.propose(proposed).reason, Reason::CooldownActive);

    night.passes(std::chrono::minutes(1));
    EXPECT_EQ(night.propose(night.proposal()).state, RunState::AwaitingApproval);
}

TEST(Gate, RefusesTooManyRunsOfAPlaybook) {
    RunStory night;
    model::PlanProposed proposed = night.proposal();
    proposed.limits.runs_max = 1;
    night.helps(proposed);
    proposed = night.proposal("cart-2");
    proposed.limits.runs_max = 1;
    night.passes(std::chrono::minutes(10));
    expect_refused(night, proposed, Reason::RateLimited,
                   "restart ran 1 times within 1h00m, at most 1 are allowed");
}

TEST(Gate, RefusesTooManyRunsOfAll) {
    RunStory night;
    model::PlaybookSettings settings;
    settings.runs_max = 1;
    night.apply(settings);
    night.helps(night.proposal());
    model::PlanProposed other = night.proposal("orders-db");
    other.plan.playbook = "other";
    expect_refused(night, other, Reason::RateLimited,
                   "1 runs of all playbooks within an hour, at most 1 are allowed");
}

TEST(Gate, RefusesASecondRunOnTheTarget) {
    RunStory night;
    const model::Id first = night.propose(night.proposal()).id;
    night.approves();
    model::PlanProposed other = night.proposal("cart-2");
    other.plan.playbook = "other";
    other.plan.steps.push_back(RunStory::step("both", "10.0.0.1"));
    expect_refused(night, other, Reason::TargetBusy,
                   model::format_id('R', first) + " (restart) is at it");
}

TEST(Gate, RefusesTooManyRunsAtOnce) {
    RunStory night;
    model::PlaybookSettings settings;
    settings.active_max = 1;
    night.apply(settings);
    night.propose(night.proposal());
    night.approves();
    expect_refused(night, night.proposal("orders-db"), Reason::TooManyRuns,
                   "1 runs are under way, at most 1 are allowed");
}

TEST(Gate, RefusesTooLargeAShareOfSiblings) {
    RunStory night;
    night.helps(night.proposal("cart-1"));
    expect_refused(night, night.proposal("cart-2"), Reason::BlastRadiusExceeded,
                   "2 of 4 siblings of cart-2 would be touched within 10m00s, at most 1 are "
                   "allowed");
    night.passes(std::chrono::minutes(10));
    EXPECT_EQ(night.propose(night.proposal("cart-2")).state, RunState::AwaitingApproval);
}

TEST(Gate, SiblingsOfAPoolAreFoundAnywhere) {
    RunStory night;
    night.topology(R"(
services:
  - {name: web-1, type: host, labels: {pool: web}}
  - {name: web-2, type: host, labels: {pool: web}}
  - {name: db-1, type: host, labels: {pool: db}}
)");
    model::PlanProposed proposed = night.proposal("web-1");
    proposed.plan.steps.push_back(RunStory::step("other", "web-2"));
    EXPECT_EQ(night.propose(proposed).reason_text,
              "2 of 2 siblings of web-1 would be touched within 10m00s, at most 1 are allowed");
}

TEST(Gate, KeepsSomeSiblingsWhole) {
    RunStory night;
    night.fires("cart-2", "latency").fires("cart-3", "latency");
    model::PlanProposed proposed = night.proposal();
    proposed.limits.healthy_min = 2;
    expect_refused(night, proposed, Reason::TooFewHealthy,
                   "1 of 4 siblings of cart-1 would be left whole, at least 2 must be");
    night.clears("cart-2", "latency");
    EXPECT_EQ(night.propose(proposed).state, RunState::AwaitingApproval);
}

TEST(Gate, RefusesTooManyDependents) {
    RunStory night;
    model::PlanProposed proposed = night.proposal("orders-db");
    proposed.limits.dependents_max = 0;
    expect_refused(night, proposed, Reason::TooManyDependents,
                   "more than 0 nodes depend on what would be touched within 10m00s");
}

TEST(Gate, OpensTheBreakerAfterFailuresInARow) {
    RunStory night;
    model::PlaybookSettings settings;
    settings.failures_max = 2;
    night.apply(settings);
    night.fails(night.proposal("cart-1"));
    night.fails(night.proposal("orders-db"));
    night.passes(std::chrono::minutes(10));
    EXPECT_EQ(night.propose(night.proposal("cart-2")).reason, Reason::BreakerOpen);
    EXPECT_EQ(night.run().reason_text.substr(0, 47),
              "restart failed 2 times in a row; it rests until");

    night.passes(std::chrono::minutes(25)).fires("cart-1", "latency");
    night.passes(std::chrono::minutes(25));
    EXPECT_EQ(night.propose(night.proposal("cart-2")).state, RunState::AwaitingApproval)
        << "after a rest it may try once";
    night.approves();
    night.acts(Outcome::Failed);
    night.fires("cart-1", "latency").passes(std::chrono::minutes(10));  // the blast window
    EXPECT_EQ(night.propose(night.proposal("cart-3")).reason, Reason::BreakerOpen);
}

TEST(Gate, RefusesWhatHelpsAgainAndAgain) {
    RunStory night;
    model::PlaybookSettings settings;
    settings.successes_max = 2;
    night.apply(settings);
    for (int i = 0; i < 2; ++i) {
        night.helps(night.proposal());
        night.passes(std::chrono::minutes(11));
    }
    expect_refused(night, night.proposal(), Reason::KeepsComingBack,
                   "restart helped cart-1 2 times within 1h00m, and it does not last: look for "
                   "the cause");
}

TEST(Gate, RefusesWhenTheErrorBudgetIsSpent) {
    RunStory night;
    model::PlaybookSettings settings;
    settings.error_budget = 1;
    night.apply(settings);
    night.fails(night.proposal());
    model::PlanProposed other = night.proposal("orders-db");
    other.plan.playbook = "other";
    expect_refused(night, other, Reason::ErrorBudgetSpent,
                   "1 runs failed within 1d00h, the error budget is 1");
}

TEST(Gate, RefusesWhenTheIncidentCameBackAfterTheSame) {
    RunStory night;
    night.helps(night.proposal());
    night.clears("cart-1", "latency").passes(std::chrono::minutes(5));
    night.fires("cart-1", "latency").passes(std::chrono::minutes(20));
    ASSERT_EQ(night.open_incidents().size(), 1U);
    EXPECT_EQ(night.propose(night.proposal()).reason, Reason::LoopDetected);
}

TEST(Gate, RefusesWhenTheRunItselfBeganTheIncident) {
    RunStory night;
    night.topology("services: [{name: mail, type: pod}, {name: mail-user, depends_on: [mail]}]");
    model::PlanProposed first = night.proposal("mail");
    night.helps(first);
    night.passes(std::chrono::minutes(5));
    night.fires("mail", "down");
    model::PlanProposed again = night.proposal("mail");
    again.limits.cooldown = std::chrono::minutes(1);
    for (const model::Incident* incident : night.open_incidents()) {
        again.plan.incident = incident->id;
    }
    ASSERT_NE(again.plan.incident, night.incident);
    EXPECT_EQ(night.propose(again).reason, Reason::LoopDetected);
}

TEST(Gate, RefusesInMaintenance) {
    RunStory night;
    night.rules(R"(
maintenance:
  - {name: tonight, node: orders-db, dependents: true, cron: "* * * * *", for: 2h}
  - {name: tried, mode: shadow, node: cart-1, cron: "* * * * *", for: 2h}
)");
    night.passes(std::chrono::minutes(2));
    EXPECT_EQ(night.propose(night.proposal("orders-db")).reason, Reason::InMaintenance);
    EXPECT_EQ(night.run().reason_text,
              "orders-db is in maintenance by story.yaml:3 maintenance \"tonight\"");
    EXPECT_EQ(night.propose(night.proposal("shop")).reason, Reason::InMaintenance);
    EXPECT_EQ(night.propose(night.proposal("cart-1")).state, RunState::AwaitingApproval);
}

TEST(Gate, RefusesWhatIsFrozen) {
    RunStory night;
    night.apply(model::Command(model::FreezeNode{"cart-1", "ben", Role::Responder, "cli", "mine"}));
    expect_refused(night, night.proposal(), Reason::NodeFrozen, "cart-1 is frozen by ben");
    model::PlaybookSettings settings;
    settings.frozen = {"cart-2"};
    night.apply(settings);
    expect_refused(night, night.proposal("cart-2"), Reason::NodeFrozen,
                   "cart-2 is frozen by configuration");
}

TEST(Gate, RefusesAllWhenStopped) {
    RunStory night;
    const model::Id waiting = night.propose(night.proposal("orders-db")).id;
    night.apply(model::Command(model::StopActions{true, "ben", Role::Responder, "cli", ""}));
    night.apply(model::Command(
        model::ApproveRun{waiting, night.run(waiting).hash, "anna", Role::Admin, "cli"}));
    EXPECT_EQ(night.run(waiting).answer.reason, Reason::ActionsStopped);
    EXPECT_EQ(night.run(waiting).state, RunState::AwaitingApproval);
    expect_refused(night, night.proposal(), Reason::ActionsStopped,
                   "all actions are stopped by ben");
}

TEST(Gate, AllLetAnOrdinaryPlanThrough) {
    RunStory night;
    for (const GateFinding& finding : Gates(night.state(), night.propose(night.proposal())).all()) {
        EXPECT_LE(finding.verdict, GateFinding::Verdict::AskPerson)
            << finding.gate << ": " << finding.text;
    }
    EXPECT_EQ(look(night, night.run(), "cooldown").verdict, GateFinding::Verdict::Pass);
}

TEST(Gate, LimitsThatAreNoNumbersAreTheStrictest) {
    model::RunLimits asked;
    asked.blast_share_max = 7;
    asked.confidence_min = -1;
    asked.approvals = 0;
    const model::RunLimits limits = limits_allowed({}, asked, model::Risk::Low);

    EXPECT_EQ(limits.blast_share_max, 0);
    EXPECT_EQ(limits.confidence_min, 1);
    EXPECT_EQ(limits.approvals, 1U);
}

}  // namespace
}  // namespace nocturne::engine
