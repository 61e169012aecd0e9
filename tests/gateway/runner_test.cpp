#include "gateway/remediation/runner.hpp"

#include "daemon.hpp"
#include "engine/run_view.hpp"
#include "engine/state.hpp"
#include "full_disk.hpp"
#include "gateway/chat/engine_backend.hpp"
#include "test_server.hpp"

#include <gmock/gmock.h>

#include <utility>

namespace nocturne::gateway {

namespace {

using model::RunState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// An engine with a runner, and a service that is restarted by POST /restart.
class RunnerTest : public testing::Test {
   public:
    RunnerTest() {
        model::TopologyChange change;
        change.provenance = "test";
        for (const char* name : {"cart", "orders", "payment"}) {
            model::NodeSpec node;
            node.name = name;
            change.nodes.push_back(std::move(node));
        }
        must(loop().submit_and_wait(std::move(change)));
    }

    ~RunnerTest() override { runner.stop(std::chrono::milliseconds(0)); }

    engine::Loop& loop() { return *daemon.loop; }

    void start(std::size_t workers = 2, std::size_t queue_max = 16) {
        EffectorParts parts;
        parts.settings.workers = workers;
        parts.settings.queue_max = queue_max;
        parts.settings.hosts.push_back({.name = "127.0.0.1",
                                        .ports = {service.port()},
                                        .networks = {"127.0.0.1"},
                                        .methods = {},
                                        .secrets = {},
                                        .ca_file = {}});
        parts.ask = [](const ActionCall&, const ActionDone&) {};  // a word about the run answers it
        ASSERT_TRUE(runner.start(loop(), Effectors::make(std::move(parts))));
    }

    model::Action action(const std::string& path) const {
        return {model::Effector::Http, service.url(path), {}, std::chrono::seconds(5)};
    }

    // A plan of one step that anna proposes and ben approves.
    model::Id approved(const std::string& node = "cart") { return approved(plan(node)); }

    model::PlanProposed plan(const std::string& node) const {
        model::PlanProposed proposal;
        proposal.plan.playbook = "restart";
        proposal.plan.target = node;
        proposal.plan.summary = "restart " + node;
        proposal.plan.risk = model::Risk::Low;
        proposal.plan.steps.push_back({"restart " + node, node, action("/restart/" + node),
                                       action("/health/" + node), std::nullopt, false});
        proposal.plan.steps[0].verify->effector = model::Effector::Check;
        proposal.by = "anna";
        proposal.from = "cli";
        proposal.mode = model::RunMode::Approve;
        proposal.capabilities = {"http", "check"};
        return proposal;
    }

    model::Id approved(const model::PlanProposed& proposal) {
        const model::Id id{must(loop().submit_and_wait(proposal)), 0};
        must(loop().submit_and_wait(model::Command(model::ApproveRun{
            id, model::hash_of(proposal.plan), "ben", model::Role::Approver, "cli"})));
        return id;
    }

    model::Run run(model::Id id) {
        model::Run found;
        loop().query_and_wait(
            [&](const engine::Core& core) { found = *core.state().runs.find(id); });
        return found;
    }

    bool comes_to(model::Id id, RunState state) {
        return eventually([&] { return run(id).state == state; });
    }

    std::vector<std::string> asked() const {
        std::vector<std::string> paths;
        for (const Asked& one : service.asked()) {
            paths.push_back(one.path);
        }
        return paths;
    }

    TestServer service{[this](const Asked& asked) { return answer(asked); }};
    std::function<Answered(const Asked&)> answer = [](const Asked&) { return Answered{}; };
    Runner runner;
    Daemon daemon{DaemonOptions{.loop = {}, .parts = {}, .outboxes = {&runner}}};
};

}  // namespace

TEST_F(RunnerTest, TakesEachActionOfARunToItsEffectorAndTellsTheResult) {
    start();

    const model::Id id = approved();

    ASSERT_TRUE(comes_to(id, RunState::Succeeded)) << run(id).reason_text;
    EXPECT_THAT(asked(), ElementsAre("/restart/cart", "/health/cart"));
    EXPECT_EQ(service.asked()[0].headers.at("idempotency-key"),
              model::format_id(model::kRunPrefix, id) + "/1/run/1");
}

TEST_F(RunnerTest, HasTheClaimInTheJournalBeforeAnythingLeaves) {
    bool was_claimed = false;
    model::Id id;
    answer = [&](const Asked& asked) {
        if (asked.path == "/restart/cart") {
            loop().query_and_wait([&](const engine::Core& core) {
                was_claimed = engine::open_orders(core).at(0).is_started;
            });
        }
        return Answered{};
    };
    start();

    id = approved();

    ASSERT_TRUE(comes_to(id, RunState::Succeeded));
    EXPECT_TRUE(was_claimed);
}

TEST_F(RunnerTest, TakesUpWhatWasWantedBeforeItStarted) {
    const model::Id id = approved();

    start();

    EXPECT_TRUE(comes_to(id, RunState::Succeeded));
    EXPECT_THAT(asked(), SizeIs(2));
}

TEST_F(RunnerTest, AsksAPersonAboutWhatAnEarlierLifeHadBegun) {
    const model::Id id = approved();
    const model::AttemptKey key = run(id).attempt->key;
    must(loop().submit_and_wait(model::StepResult{key, model::Outcome::Started, ""}));

    start();

    ASSERT_TRUE(comes_to(id, RunState::NeedsPerson));
    EXPECT_THAT(run(id).reason_text, HasSubstr("nobody knows whether step 1 \"restart cart\" was"));
    EXPECT_THAT(asked(), SizeIs(0));
}

TEST_F(RunnerTest, TellsAFailureAsOne) {
    answer = [](const Asked&) { return Answered{500, "no", "", false}; };
    start();

    const model::Id id = approved();

    ASSERT_TRUE(comes_to(id, RunState::Failed));
    EXPECT_THAT(run(id).reason_text, HasSubstr("500"));
    EXPECT_THAT(asked(), ElementsAre("/restart/cart"));
}

TEST_F(RunnerTest, WaitsUntilAnEffectorIsFree) {
    start(1, 1);

    std::vector<model::Id> runs;
    for (const char* node : {"cart", "orders", "payment"}) {
        runs.push_back(approved(node));
    }

    for (const model::Id id : runs) {
        EXPECT_TRUE(comes_to(id, RunState::Succeeded)) << run(id).reason_text;
    }
    EXPECT_THAT(asked(), SizeIs(6));
}

TEST_F(RunnerTest, LetsNothingLeaveWhileTheJournalCannotBeWritten) {
    model::Id id;
    {
        id = approved();  // nobody claims yet: the runner has not started
        const FullDisk full;
        start();
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        EXPECT_THAT(asked(), SizeIs(0));
    }
    EXPECT_TRUE(comes_to(id, RunState::Succeeded)) << run(id).reason_text;
    EXPECT_THAT(asked(), SizeIs(2));
}

TEST_F(RunnerTest, GivesWhatIsUnderWayUpWhenItStopsAndSaysThatNobodyKnows) {
    answer = [](const Asked&) { return Answered{200, "", "", true}; };
    start();
    const model::Id id = approved();
    ASSERT_TRUE(eventually([&] { return asked().size() == 1; }));

    runner.stop(std::chrono::milliseconds(10));

    EXPECT_TRUE(comes_to(id, RunState::NeedsPerson));
    const model::Id later = approved("orders");
    EXPECT_EQ(run(later).state, RunState::Running);
    EXPECT_FALSE(run(later).attempt->is_started);
    EXPECT_THAT(asked(), SizeIs(1));
}

TEST_F(RunnerTest, WaitsForThePersonWhoWasAsked) {
    start();
    EngineBackend backend(loop());
    const ChatSpeaker rosa{"rosa", model::Role::Responder, "irc #ops"};
    for (const auto& [said, end] :
         {std::pair{"yes", RunState::Succeeded}, std::pair{"no", RunState::Failed}}) {
        model::PlanProposed asks = plan(said == std::string("yes") ? "cart" : "orders");
        asks.plan.steps[0].run = {
            model::Effector::Ask, "responder", {{"question", "is it drained?"}}};
        asks.plan.steps[0].verify.reset();
        const model::Id id = approved(asks);
        const std::string name = model::format_id(model::kRunPrefix, id);
        ASSERT_TRUE(eventually([&] { return engine::question_of(run(id)) == "is it drained?"; }));

        EXPECT_THAT(
            backend.answer(name, said, {"vera", model::Role::Viewer, "irc"}).error().message,
            HasSubstr("role_too_low"));
        EXPECT_THAT(must(backend.answer(name, said, rosa)), HasSubstr(name + " is "));

        EXPECT_EQ(run(id).state, end);
        EXPECT_EQ(engine::question_of(run(id)), "");
    }
}

}  // namespace nocturne::gateway
