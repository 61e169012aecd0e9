#include "gateway/remediation/dry_run.hpp"

#include "daemon.hpp"
#include "gateway/remediation/dry_runs.hpp"
#include "test_server.hpp"
#include "tests/engine/run_story.hpp"

#include <gmock/gmock.h>

namespace nocturne::gateway {
namespace {

using engine::RunStory;
using model::Action;
using model::Effector;
using model::PlanProposed;
using model::Reason;
using model::RunState;
using Kind = DryAction::Kind;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Action post(const std::string& url) {
    return {Effector::Http, url, {{"body", "{}"}}, std::chrono::seconds(5)};
}

Action check(const std::string& url) {
    return {Effector::Check, url, {}, std::chrono::seconds(5)};
}

// "1/run would", "1/verify found failed, does not count".
std::vector<std::string> kinds_of(const std::vector<DryAction>& actions) {
    std::vector<std::string> kinds;
    for (const DryAction& seen : actions) {
        std::string text = std::to_string(seen.step + 1) + "/" +
                           std::string(model::name_of(seen.phase)) + " " +
                           std::string(kDryKindNames[static_cast<std::size_t>(seen.kind)]);
        if (seen.kind == Kind::Found) {
            text += " " + std::string(kOutcomeNames[static_cast<std::size_t>(seen.outcome)]);
        }
        kinds.push_back(text + (seen.counts ? "" : ", does not count"));
    }
    return kinds;
}

// A service that is ill, an operator who lets us heal it, and everything through which an effect
// could leave.
class DryRun : public testing::Test {
   public:
    DryRun() {
        rules::CommandRule touch;
        touch.name = "touch";
        touch.program = "/usr/bin/touch";
        touch.arguments = {mark.string()};
        parts.settings.commands = {touch};
        parts.settings.hosts.push_back({.name = "127.0.0.1",
                                        .ports = {server.port()},
                                        .networks = {"127.0.0.1"},
                                        .methods = {},
                                        .secrets = {},
                                        .ca_file = {}});
        parts.channels = {"ops"};
        parts.notify = [this](const ActionCall&) {
            ++left;
            return ActionResult{};
        };
        parts.ask = [this](const ActionCall&, const ActionDone&) { ++left; };
        parts.silence = [this](const ActionCall&, const ActionDone&) { ++left; };
    }

    // A plan of one step for each action, on cart-1; by a person.
    PlanProposed plan_of(const std::vector<Action>& actions) const {
        PlanProposed proposed = night.proposal();
        proposed.plan.steps.clear();
        for (const Action& action : actions) {
            model::Step step;
            step.name = "step " + std::to_string(proposed.plan.steps.size() + 1);
            step.node = "cart-1";
            step.run = action;
            proposed.plan.steps.push_back(step);
        }
        proposed.by = "ben";
        proposed.from = "cli";
        proposed.capabilities = {"http", "command", "check", "notify", "silence"};
        return proposed;
    }

    DryRunReport take(const PlanProposed& proposed, DryRunOptions options = {}) {
        model::Writer out;
        night.core().encode(out);
        Result<DryRunReport> report = dry_run(out.bytes(), night.now(), proposed, parts, options);
        EXPECT_TRUE(report);
        EXPECT_FALSE(std::filesystem::exists(mark)) << "a command left";
        EXPECT_EQ(left, 0) << "something was told";
        for (const Asked& asked : server.asked()) {
            EXPECT_EQ(asked.method, "GET") << asked.path;
        }
        return *report;
    }

    const TemporaryFolder folder;
    const std::filesystem::path mark = folder.path() / "mark";
    std::atomic<int> left{0};
    TestServer server{[](const Asked& asked) {
        return asked.path == "/ill" ? Answered{503, "down", "", false} : Answered{};
    }};
    EffectorParts parts;
    RunStory night;
};

TEST_F(DryRun, TellsWhatWouldBeDoneAndLetsNothingOut) {
    PlanProposed proposed =
        plan_of({{Effector::Notify, "ops", {{"text", "restarting"}}},
                 post(server.url("/restart")),
                 {Effector::Command, "touch", {}},
                 {Effector::Silence, "", {{"matchers", "resource=cart-1"}, {"for", "5m"}}},
                 {Effector::Wait, "", {{"for", "10m"}}},
                 {Effector::Ask, "approver", {{"question", "go on?"}}}});
    proposed.plan.steps[1].verify = check(server.url("/ill"));
    proposed.plan.steps[1].undo = post(server.url("/undo"));

    const DryRunReport report = take(proposed);

    EXPECT_TRUE(report.is_good());
    EXPECT_EQ(report.end.state, RunState::Succeeded);
    EXPECT_THAT(kinds_of(report.actions),
                ElementsAre("1/run would", "2/run would", "2/verify found failed, does not count",
                            "3/run would", "4/run would", "5/run would", "6/run would"));
    EXPECT_THAT(report.actions[1].text, HasSubstr("would POST http://127.0.0.1"));
    EXPECT_THAT(report.actions[2].text, HasSubstr("HTTP 503"));
    EXPECT_THAT(report.actions[3].text, HasSubstr("would run /usr/bin/touch"));
    EXPECT_EQ(report.actions[5].text, "would wait 10m00s");
    EXPECT_THAT(kinds_of(report.undos), ElementsAre("2/undo would"));
    EXPECT_THAT(server.asked(), SizeIs(1)) << "the one check";
}

TEST_F(DryRun, TakesTheStepsThatARealRunTakes) {
    PlanProposed proposed = night.three_steps();
    proposed.by = "ben";
    proposed.from = "cli";
    for (model::Step& step : proposed.plan.steps) {
        step.run = {Effector::Command, "touch", {}};
        step.verify = check(server.url("/health"));
        step.undo.reset();
    }
    std::vector<std::string> dry;
    for (const DryAction& seen : take(proposed).actions) {
        dry.push_back(model::to_string({{}, seen.step, seen.phase, 1}).substr(5));
    }

    std::vector<std::string> real;
    night.propose(proposed);
    night.approves();
    while (model::is_active(night.run().state)) {
        real.push_back(night.wanted());
        night.acts(model::Outcome::Ok);
    }

    EXPECT_EQ(dry, real);
}

TEST_F(DryRun, EndsWhereACheckBeforeTheFirstActionSaysNo) {
    const DryRunReport report =
        take(plan_of({check(server.url("/ill")), post(server.url("/restart"))}));

    EXPECT_FALSE(report.is_good());
    EXPECT_EQ(report.end.state, RunState::Failed);
    EXPECT_EQ(report.end.reason, Reason::StepFailed);
    EXPECT_THAT(kinds_of(report.actions), ElementsAre("1/run found failed"));
}

TEST_F(DryRun, AChannelThatWouldBeToldMakesNoCheckDoubtful) {
    const DryRunReport report = take(plan_of({{Effector::Notify, "ops", {{"text", "I look"}}},
                                              check(server.url("/ill")),
                                              post(server.url("/restart"))}));

    EXPECT_EQ(report.end.state, RunState::Failed);
    EXPECT_THAT(kinds_of(report.actions), ElementsAre("1/run would", "2/run found failed"));
}

TEST_F(DryRun, UndoesWhatWouldHaveBeenDoneWhenALaterStepIsNotAllowed) {
    PlanProposed proposed =
        plan_of({post(server.url("/restart")), post("http://elsewhere.example.com/")});
    proposed.plan.steps[0].undo = post(server.url("/undo"));

    const DryRunReport report = take(proposed);

    EXPECT_FALSE(report.is_good());
    EXPECT_EQ(report.end.state, RunState::RolledBack);
    EXPECT_THAT(kinds_of(report.actions),
                ElementsAre("1/run would", "2/run refused", "1/undo would"));
    EXPECT_THAT(report.actions[1].text, HasSubstr("is not listed"));
    EXPECT_EQ(server.connections(), 0U);
}

TEST_F(DryRun, FindsAnUndoThatWouldBeRefusedBeforeAnybodyNeedsIt) {
    PlanProposed proposed = plan_of({post(server.url("/restart"))});
    proposed.plan.steps[0].undo = Action{Effector::Command, "start", {}};

    const DryRunReport report = take(proposed);

    EXPECT_EQ(report.end.state, RunState::Succeeded);
    EXPECT_FALSE(report.is_good());
    EXPECT_THAT(kinds_of(report.undos), ElementsAre("1/undo refused"));
}

TEST_F(DryRun, OfWhatAGateRefusesIsDescribedAndReadsNothing) {
    night.apply(model::Command(
        model::FreezeNode{"cart-1", "anna", model::Role::Approver, "cli", "by hand"}));

    const DryRunReport report = take(plan_of({check(server.url("/ill")), post(server.url("/x"))}));

    EXPECT_TRUE(report.is_refused);
    EXPECT_EQ(report.end.state, RunState::Refused);
    EXPECT_EQ(report.end.reason, Reason::NodeFrozen);
    EXPECT_THAT(kinds_of(report.actions), ElementsAre("1/run would", "2/run would"));
    EXPECT_EQ(server.connections(), 0U);
    EXPECT_EQ(report.gates.size(), 22U);
    EXPECT_EQ(report.gates[1].text, "cart-1 is frozen by anna");
}

TEST_F(DryRun, SaysHowManyMustSayYes) {
    model::PlaybookSettings settings;
    settings.approvals = 3;
    night.apply(settings);

    const DryRunReport report = take(plan_of({post(server.url("/restart"))}));

    EXPECT_TRUE(report.is_good());
    EXPECT_EQ(report.proposed.limits.approvals, 3U);
    EXPECT_EQ(report.end.approvals.size(), 3U);
    EXPECT_THAT(to_json(report), HasSubstr(R"("approval":{"needed":true,"people":3,"given":0,)"));
    EXPECT_THAT(night.state().runs.runs, IsEmpty()) << "the engine knows nothing of it";
}

TEST_F(DryRun, OfAPlanThatWaitsIsTheRunThatWaits) {
    const PlanProposed proposed = plan_of({post(server.url("/restart"))});
    const model::Id waiting = night.propose(proposed).id;

    const DryRunReport report = take(proposed);

    EXPECT_TRUE(report.waits_already);
    EXPECT_EQ(report.proposed.id, waiting);
    EXPECT_TRUE(report.is_good());
    EXPECT_EQ(night.run().state, RunState::AwaitingApproval);

    night.apply(
        model::Command(model::StopActions{true, "anna", model::Role::Responder, "cli", "odd"}));
    const DryRunReport stopped = take(proposed);
    EXPECT_TRUE(stopped.is_refused);
    EXPECT_EQ(stopped.end.reason, Reason::ActionsStopped);
}

TEST_F(DryRun, AsksOnceWhatARealRunAsksUntilItIsSo) {
    PlanProposed proposed = plan_of({post(server.url("/restart"))});
    proposed.plan.steps[0].verify = check(server.url("/ill"));
    proposed.plan.steps[0].verify->arguments = {{"every", "10ms"}};
    proposed.plan.steps[0].verify->timeout = std::chrono::hours(1);

    EXPECT_TRUE(take(proposed).is_good());
    EXPECT_THAT(server.asked(), SizeIs(1));
}

TEST_F(DryRun, SaysWhichChecksItHadNoTimeFor) {
    const DryRunReport report =
        take(plan_of({check(server.url("/ill"))}), {.time_max = std::chrono::milliseconds(0)});

    EXPECT_THAT(kinds_of(report.actions), ElementsAre("1/run not_made"));
    EXPECT_EQ(server.connections(), 0U);
}

TEST_F(DryRun, IsForTheTimeAtWhichItIsAsked) {
    night.helps(plan_of({post(server.url("/restart"))}));
    const PlanProposed again = plan_of({post(server.url("/restart"))});
    EXPECT_EQ(take(again).end.reason, Reason::CooldownActive);

    model::Writer out;
    night.core().encode(out);
    const Result<DryRunReport> later =
        dry_run(out.bytes(), night.now() + std::chrono::minutes(11), again, parts);

    EXPECT_TRUE(later->is_good()) << later->end.reason_text;
}

TEST_F(DryRun, OfGarbageIsAnError) {
    EXPECT_FALSE(dry_run("garbage", night.now(), night.proposal(), parts));
}

// ---- on the daemon ----

class DryRunsOfADaemon : public testing::Test {
   public:
    DryRunsOfADaemon() {
        must(daemon.loop->submit_and_wait(
            topology::parse_topology("services: [{name: cart-1, type: pod}]", "t.yaml").change));
        proposed.mode = model::RunMode::Approve;
        proposed.plan.playbook = "restart";
        proposed.plan.target = "cart-1";
        model::Step& step = proposed.plan.steps.emplace_back();
        step.name = "wait a little";
        step.run = {Effector::Wait, "", {{"for", "1h"}}};
        proposed.by = "ben";
        proposed.from = "cli";
    }

    model::Position position() const {
        model::Position found = 0;
        daemon.loop->query_and_wait([&](const engine::Core& core) { found = core.position(); });
        return found;
    }

    Daemon daemon;
    PlanProposed proposed;
};

TEST_F(DryRunsOfADaemon, LeaveTheEngineAsItIs) {
    const model::Position before = position();
    std::promise<Result<DryRunReport>> report;
    DryRuns dry_runs(*daemon.loop, {.effectors = [] { return EffectorParts(); }});

    ASSERT_TRUE(dry_runs.try_start(
        proposed, [&](Result<DryRunReport> done) { report.set_value(std::move(done)); }));
    const Result<DryRunReport> done = report.get_future().get();

    ASSERT_TRUE(done) << to_string(done.error());
    EXPECT_TRUE(done->is_good()) << done->end.reason_text;
    EXPECT_EQ(position(), before);
}

TEST_F(DryRunsOfADaemon, AreRefusedWhenTooManyWaitAndGivenUpAtTheEnd) {
    std::atomic<int> given_up{0};
    std::atomic<int> ended{0};
    int taken = 0;
    {
        DryRuns dry_runs(*daemon.loop, {.effectors = [] { return EffectorParts(); }});
        const auto start = [&] {
            return dry_runs.try_start(
                proposed, [&](const Result<DryRunReport>& done) { ++(done ? ended : given_up); });
        };
        daemon.block_core();
        ASSERT_TRUE(start());
        while (start()) {
            ++taken;
            ASSERT_LE(taken, 10);
        }
        EXPECT_GE(taken, static_cast<int>(DryRuns::kWaitingMax) - 1);
        daemon.release_core();
    }

    EXPECT_EQ(ended + given_up, taken + 1) << "each is answered";
}

}  // namespace
}  // namespace nocturne::gateway
