#include "gateway/remediation/planner.hpp"

#include "daemon.hpp"
#include "engine/run_view.hpp"
#include "engine/state.hpp"
#include "gateway/chat/engine_backend.hpp"

#include <gmock/gmock.h>

#include <utility>

namespace nocturne::gateway {

namespace {

using model::RunState;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string playbook(const std::string& name, const std::string& plan,
                     const std::string& when = "severity=\"critical\"") {
    return "return { name = '" + name +
           "', version = '1.0.0', kind = 'playbook', api = 1, mode = 'approve', summary = 's',\n"
           "risk = 'low', reversible = true, wants = { effectors = { 'http' } },\n"
           "when = { incident = '" +
           when + "' },\nplan = function(incident, ctx)\n" + plan + "\nend }";
}

// One step on the first suspect; the summary counts alerts, so that it changes with each.
const char* const kRestart = R"(
  return { summary = 'restart, ' .. incident.alert_count .. ' alerts', steps = { {
    name = 'restart ' .. ctx.suspect.resource,
    run = nocturne.action.http{ url = 'http://127.0.0.1:1/restart' },
  } } })";

model::PluginsRevision revision(const std::vector<std::string>& texts) {
    model::PluginsRevision revision;
    for (const std::string& text : texts) {
        revision.files.push_back(
            {"playbook" + std::to_string(revision.files.size()) + ".lua", text, {}});
    }
    return revision;
}

constexpr std::chrono::milliseconds kAskGatesAgain{50};

class PlannerTest : public testing::Test {
   public:
    PlannerTest() {
        model::TopologyChange change;
        change.provenance = "test";
        for (const char* name : {"cart", "orders"}) {
            model::NodeSpec node;
            node.name = name;
            change.nodes.push_back(std::move(node));
        }
        must(loop().submit_and_wait(std::move(change)));
    }

    ~PlannerTest() override { planner.stop(); }

    engine::Loop& loop() { return *daemon.loop; }

    void start(const std::vector<std::string>& texts) {
        const Status status = planner.start(loop(), revision(texts));
        ASSERT_TRUE(status) << to_string(status.error());
    }

    void fires(const std::string& resource, const std::string& check = "latency") {
        std::promise<void> told;
        Ingest::Offer offer = daemon.ingest->decode(Transport::Http, event_json(resource, check),
                                                    [&](const Answer&) { told.set_value(); });
        ASSERT_TRUE(daemon.ingest->try_submit(offer));
        told.get_future().wait();
    }

    std::vector<model::Run> runs() {
        std::vector<model::Run> all;
        loop().query_and_wait([&](const engine::Core& core) {
            for (const auto& [number, run] : core.state().runs.runs) {
                all.push_back(run);
            }
        });
        return all;
    }

    std::uint64_t looks() const { return metric("nocturne_playbook_looks_total "); }

    std::uint64_t metric(const std::string& name) const {
        std::string text;
        planner.append_metrics(text);
        const std::size_t at = text.find("\n" + name);
        return at == std::string::npos ? 0 : std::stoull(text.substr(at + 1 + name.size()));
    }

    // Until what happened was looked at, and what came of the look is in the engine.
    void looks_again(const std::function<void()>& happens) {
        const std::uint64_t before = looks();
        happens();
        ASSERT_TRUE(eventually([&] { return looks() > before; }));
        (void)planner.plans_for(model::Id{});  // answered behind the look
        loop().query_and_wait([](const engine::Core&) {});
    }

    const ChatSpeaker ben{"ben", model::Role::Approver, "irc #ops"};
    Planner planner{PlannerOptions{.ask_gates_again_after = kAskGatesAgain, .faults_max = 2}};
    Daemon daemon{DaemonOptions{.loop = {}, .parts = {}, .outboxes = {&planner}}};
};

}  // namespace

TEST_F(PlannerTest, ProposesWhatAPlaybookPlans) {
    start({playbook("restart", kRestart)});

    fires("cart");

    ASSERT_TRUE(eventually([&] { return runs().size() == 1; }));
    EXPECT_EQ(runs()[0].state, RunState::AwaitingApproval);
    EXPECT_EQ(runs()[0].plan.target, "cart");
    EXPECT_EQ(runs()[0].proposed_from, model::kFromPlaybook);
    EXPECT_EQ(runs()[0].proposed_by, "restart");
}

TEST_F(PlannerTest, LooksAtWhatWasOpenWhenItStarts) {
    fires("cart");

    start({playbook("restart", kRestart)});

    EXPECT_TRUE(eventually([&] { return runs().size() == 1; }));
}

TEST_F(PlannerTest, DoesNotProposeTheSameAgainForAnAlertMore) {
    start({playbook("restart", kRestart)});
    fires("cart");
    ASSERT_TRUE(eventually([&] { return runs().size() == 1; }));

    looks_again([&] { fires("cart", "errors"); });

    EXPECT_THAT(runs(), SizeIs(1));
}

TEST_F(PlannerTest, DoesNotAskAgainWhoSaidNo) {
    start({playbook("restart", kRestart)});
    EngineBackend backend(loop(), &planner);
    fires("cart");
    ASSERT_TRUE(eventually([&] { return runs().size() == 1; }));
    must(backend.reject(model::format_id(model::kRunPrefix, runs()[0].id), "no", ben));

    looks_again([&] { fires("cart", "errors"); });

    ASSERT_THAT(runs(), SizeIs(1));
    EXPECT_EQ(runs()[0].state, RunState::Rejected);
}

TEST_F(PlannerTest, AsksTheGatesAgainAlthoughNothingMoreHappensToTheIncident) {
    model::FreezeNode freeze{"cart", "ben", model::Role::Approver, "test", "a person is at it"};
    must(loop().submit_and_wait(model::Command(freeze)));
    start({playbook("restart", kRestart)});
    fires("cart");
    ASSERT_TRUE(eventually([&] { return runs().size() == 3; })) << "each time after twice as long";
    EXPECT_EQ(runs()[0].reason, model::Reason::NodeFrozen);
    EXPECT_EQ(runs()[2].reason, model::Reason::NodeFrozen);
    EXPECT_GE(runs()[1].proposed_at - runs()[0].proposed_at, kAskGatesAgain);
    EXPECT_GE(runs()[2].proposed_at - runs()[1].proposed_at, kAskGatesAgain * 2);

    must(loop().submit_and_wait(
        model::Command(model::ThawNode{"cart", "ben", model::Role::Approver, "test"})));

    EXPECT_TRUE(eventually([&] { return runs().back().state == RunState::AwaitingApproval; }));
}

TEST_F(PlannerTest, SaysOfEachPlaybookWhatItWouldDoOrWhyNot) {
    start({playbook("restart", kRestart), playbook("shy", "return nil, 'I would rather not'"),
           playbook("other", kRestart, "severity=\"info\""), playbook("broken", "error('oh')")});
    fires("cart");
    ASSERT_TRUE(eventually([&] { return runs().size() == 1; }));
    EngineBackend backend(loop(), &planner);

    const std::string answer = must(backend.what_would_you_do("I2-0"));

    EXPECT_THAT(answer,
                AllOf(HasSubstr("restart (risk low): restart, 1 alerts\n  1. restart cart"),
                      HasSubstr("shy: nothing, I would rather not"), HasSubstr("other: nothing, "),
                      HasSubstr("broken: nothing, it failed")));
    EXPECT_THAT(runs(), SizeIs(1));
}

TEST_F(PlannerTest, LeavesAPlaybookThatFailsOutForAWhile) {
    start({playbook("broken", "error('oh')")});

    for (const char* check : {"a", "b", "c", "d"}) {
        looks_again([&] { fires("cart", check); });
    }

    EXPECT_EQ(metric("nocturne_playbook_faults_total "), 2);
    EXPECT_EQ(metric("nocturne_playbook_rests_total "), 1);
    EXPECT_THAT(runs(), IsEmpty());
}

TEST_F(PlannerTest, KeepsTheOldPlaybooksWhenANewOneIsWrong) {
    start({playbook("restart", kRestart)});

    EXPECT_FALSE(planner.set_playbooks(revision({"return {"})));
    fires("cart");

    EXPECT_TRUE(eventually([&] { return runs().size() == 1; }));
}

TEST_F(PlannerTest, ANewPlaybookLooksAtWhatIsOpen) {
    start({});
    fires("cart");

    ASSERT_TRUE(planner.set_playbooks(revision({playbook("restart", kRestart)})));

    EXPECT_TRUE(eventually([&] { return runs().size() == 1; }));
}

// ---- what a chat can say of it ----

TEST_F(PlannerTest, AYesFromTheChatIsForThePlanThatWasRead) {
    start({playbook("restart", kRestart)});
    EngineBackend backend(loop(), &planner);
    fires("cart");
    ASSERT_TRUE(eventually([&] { return runs().size() == 1; }));
    const std::string id = model::format_id(model::kRunPrefix, runs()[0].id);
    const IncidentMessage message = must(backend.incident("I2-0"));
    ASSERT_TRUE(message.run);
    EXPECT_EQ(message.run->hash, runs()[0].hash);
    EXPECT_EQ(message.buttons[0].command, "approve " + id + " " + runs()[0].hash.substr(0, 12));

    const Result<std::string> other = backend.approve(id, "0123456789ab", ben);
    EXPECT_THAT(other.error().message, HasSubstr("hash_differs"));
    const Result<std::string> low =
        backend.approve(id, "", {"rosa", model::Role::Responder, "irc #ops"});
    EXPECT_THAT(low.error().message, HasSubstr("role_too_low"));
    EXPECT_EQ(must(backend.approve(id, runs()[0].hash.substr(0, 12), ben)), id + " is running");
    EXPECT_THAT(backend.approve(id, "", ben).error().message, HasSubstr("not_awaiting"));
}

TEST_F(PlannerTest, WhoAsksForAPlanDoesNotApproveIt) {
    start({playbook("shown", kRestart)});
    model::PlaybookSettings settings;
    settings.mode_max = model::RunMode::Suggest;
    must(loop().submit_and_wait(settings));
    EngineBackend backend(loop(), &planner);
    fires("cart");
    ASSERT_TRUE(eventually([&] { return runs().size() == 1; }));
    EXPECT_EQ(runs()[0].state, RunState::Proposed);
    settings.mode_max = model::RunMode::Approve;
    must(loop().submit_and_wait(settings));

    const std::string incident = model::format_id(model::kIncidentPrefix, runs()[0].plan.incident);
    EXPECT_THAT(must(backend.plan(incident, ben)), HasSubstr("somebody else says `approve R"));

    const std::string id = model::format_id(model::kRunPrefix, runs().back().id);
    EXPECT_THAT(backend.approve(id, "", ben).error().message, HasSubstr("self_approval"));
}

}  // namespace nocturne::gateway
