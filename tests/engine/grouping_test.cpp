// Which alerts are one incident: by the graph, by rules, by hand; and who is told of it.
#include "tests/engine/story.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>

namespace nocturne::engine {
namespace {

using model::Reason;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::SizeIs;

// Two stacks under one front: whatever breaks in one says nothing about the other.
constexpr const char* kTwoStacks = R"(
services:
  - {name: front, depends_on: [shop, search]}
  - {name: shop, depends_on: [shop-db]}
  - {name: search, depends_on: [index]}
  - {name: shop-db}
  - {name: index}
)";

TEST(Incidents, StayTwoWhenOneCallerFeelsTwoFaults) {
    Story story;
    story.topology(kTwoStacks);
    story.fires("shop-db", "locks").passes(seconds(5)).fires("index", "disk").passes(seconds(5));
    story.fires("shop", "latency").fires("search", "errors").passes(seconds(5));
    story.fires("front", "errors");

    ASSERT_THAT(story.open_incidents(), SizeIs(2));
    EXPECT_EQ(story.open_incidents()[0]->suspects.front().resource, "shop-db");
    EXPECT_EQ(story.open_incidents()[1]->suspects.front().resource, "index");
}

TEST(Incidents, TakeAllThatOneDatabaseTakesWithIt) {
    std::string yaml = "services:\n  - {name: db}\n";
    for (int i = 0; i < 10; ++i) {
        yaml += "  - {name: s" + std::to_string(i) + ", depends_on: [" +
                (i < 5 ? std::string("db") : "s" + std::to_string(i - 5)) + "]}\n";
    }
    Story story;
    story.topology(yaml);
    for (int i = 0; i < 46; ++i) {
        story.fires("s" + std::to_string((i * 7) % 10), "c" + std::to_string(i / 10), "major");
        story.passes(seconds(1));
    }
    story.fires("db", "down");

    ASSERT_THAT(story.open_incidents(), SizeIs(1));
    EXPECT_THAT(story.open_incidents()[0]->alerts, SizeIs(47));
    EXPECT_EQ(story.open_incidents()[0]->suspects.front().resource, "db");
}

// The members of all incidents, whatever their ids.
std::set<std::set<std::string>> partition_of(const Story& story) {
    std::set<std::set<std::string>> incidents;
    for (const model::Incident* incident : story.open_incidents()) {
        std::set<std::string> members;
        for (const Slot slot : incident->alerts) {
            const model::Alert& alert = story.state().alerts[slot];
            members.insert(std::string(story.state().alerts.text(alert.resource)) + "/" +
                           std::string(story.state().alerts.text(alert.check)));
        }
        incidents.insert(std::move(members));
    }
    return incidents;
}

// Shuffled, delayed and told twice within the allowed lateness: the same incidents.
void check_orders(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    std::string yaml = "edges:\n";
    for (int i = 0; i < 25; ++i) {
        const std::uint64_t from = 1 + below(19);
        yaml +=
            "  - {from: n" + std::to_string(from) + ", to: n" + std::to_string(below(from)) + "}\n";
    }
    std::vector<std::string> events;
    for (int i = 0; i < 14; ++i) {
        const std::string subject = R"({"resource":"n)" + std::to_string(below(20)) +
                                    R"(","check":"c)" + std::to_string(below(2)) +
                                    R"(","severity":"major",)";
        const std::int64_t at = Story::kStart + static_cast<std::int64_t>(below(20'000));
        events.push_back(subject + R"("time":)" + std::to_string(at) + "}");
    }
    const auto tell = [&](const std::vector<std::string>& order) {
        Story story;
        story.topology(yaml).passes(seconds(25));
        for (const std::string& event : order) {
            story.event(event).passes(model::Duration(200));
        }
        return partition_of(story);
    };
    const std::set<std::set<std::string>> expected = tell(events);
    for (int round = 0; round < 6; ++round) {
        std::vector<std::string> shuffled = events;
        shuffled.insert(shuffled.end(), events.begin(), events.begin() + 5);
        std::shuffle(shuffled.begin(), shuffled.end(), random);
        ASSERT_EQ(tell(shuffled), expected) << yaml << testing::PrintToString(shuffled);
    }
}

TEST(Incidents, AreTheSameInWhateverOrderTheirAlertsArrive) {
    for (std::uint64_t seed = 1; seed < 400 && !HasFatalFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        check_orders(seed);
    }
}

TEST(Group, GathersByFieldsWithinItsWindowAndCap) {
    Story story;
    story.rules("group: [{name: g, match: {check: [a, b]}, by: [cluster], window: 2m, cap: 5m}]\n");
    const auto fires = [&](const char* resource, const char* cluster) {
        story.event(R"({"resource":")" + std::string(resource) +
                    R"(","check":"a","severity":"major","labels":{"cluster":")" + cluster + "\"}}");
    };
    fires("h1", "x");
    fires("h2", "y");
    fires("h3", "x");
    EXPECT_THAT(story.open_incidents(), SizeIs(2));
    EXPECT_EQ(story.alert("h3")->grouping, Reason::JoinedByFields);
    EXPECT_THAT(story.open_incidents()[0]->group_rule, testing::HasSubstr("group \"g\""));

    story.passes(seconds(121));
    fires("h4", "x");
    EXPECT_THAT(story.open_incidents(), SizeIs(3));
    for (int i = 5; i < 12; ++i) {  // each within two minutes of the last, six in all
        story.passes(seconds(60));
        fires(("h" + std::to_string(i)).c_str(), "x");
    }
    EXPECT_THAT(story.open_incidents(), SizeIs(4));
}

TEST(Group, BeginsANewIncidentBesideTheOneWhoseWindowIsOver) {
    Story story;
    story.rules("group: [{name: g, by: [cluster], window: 2m}]\n");
    const auto tells = [&](const std::string& resource, const std::string& status) {
        story.event(R"({"resource":")" + resource +
                    R"(","check":"a","severity":"major","status":")" + status +
                    R"(","labels":{"cluster":"x"}})");
    };
    tells("h1", "firing");
    tells("h2", "firing");
    story.passes(seconds(120));
    tells("h3", "firing");
    ASSERT_THAT(story.open_incidents(), SizeIs(2));
    const model::Incident& first = *story.open_incidents()[0];
    const model::Incident& second = *story.open_incidents()[1];
    EXPECT_EQ(first.burning, 2U);
    const auto names_the_first = [&](const model::TimelineEntry& entry) {
        return entry.text.find(model::format_id(model::kIncidentPrefix, first.id)) !=
               std::string::npos;
    };
    EXPECT_TRUE(std::any_of(second.timeline.begin(), second.timeline.end(), names_the_first));

    // What fires again goes back to where it was; what is new goes to the latest.
    tells("h1", "resolved");
    tells("h1", "firing");
    tells("h4", "firing");
    EXPECT_EQ(story.alert("h1")->incident, first.id);
    EXPECT_EQ(story.alert("h4")->incident, second.id);

    // It ends with its own alerts.
    tells("h1", "resolved");
    tells("h2", "resolved");
    story.passes(std::chrono::minutes(10));
    ASSERT_THAT(story.open_incidents(), SizeIs(1));
    EXPECT_EQ(story.open_incidents()[0]->burning, 2U);
}

TEST(Group, GathersMessagesOfOneShape) {
    Story story;
    story.rules("group: [{name: g, likeness: 0.6, window: 10m}]\n");
    const auto says = [&](const char* resource, const char* summary) {
        story.event(R"({"resource":")" + std::string(resource) +
                    R"(","check":"log","severity":"major","summary":")" + summary + "\"}");
    };
    says("a", "connection to 10.0.0.1:5432 refused after 30s");
    says("b", "connection to db-17 refused after 5s");
    says("c", "certificate of api.example.net expires in 3 days");

    EXPECT_THAT(story.open_incidents(), SizeIs(2));
    EXPECT_EQ(story.alert("b")->grouping, Reason::JoinedByLikeness);
}

TEST(Group, LeavesAloneWhatIsToBeAlone) {
    Story story;
    story.topology(kTwoStacks).rules("group: [{name: g, match: {check: backup}, alone: true}]\n");
    story.fires("shop-db", "backup").fires("shop", "latency").fires("shop-db", "locks");
    EXPECT_THAT(story.open_incidents(), SizeIs(2));
}

TEST(Operator, SplitsAndMergesByHandAndNothingUndoesIt) {
    Story story;
    story.topology(kTwoStacks).fires("shop", "latency").fires("shop-db", "locks");
    ASSERT_THAT(story.open_incidents(), SizeIs(1));
    const model::Id id = story.open_incidents()[0]->id;
    story.apply(model::Command(model::SplitIncident{id, {story.alert("shop")->id}, "anna"}));
    ASSERT_THAT(story.open_incidents(), SizeIs(2));
    story.fires("shop-db", "disk");
    ASSERT_THAT(story.open_incidents(), SizeIs(2));

    story.apply(model::Command(model::MergeIncidents{id, story.open_incidents()[1]->id, "anna"}));
    ASSERT_THAT(story.open_incidents(), SizeIs(1));
    EXPECT_THAT(story.open_incidents()[0]->alerts, SizeIs(3));
}

TEST(Route, WaitsForTheGroupThenTellsOfGrowthAndRepeats) {
    Story story;
    story.topology(kTwoStacks).rules(R"(
route:
  - {name: r, match: {severity_min: major}, to: page, wait: 30s, interval: 5m, repeat: 1h}
)");
    story.fires("shop", "latency");
    EXPECT_EQ(story.count(Reason::Paged), 0U);
    story.fires("shop-db", "locks").passes(seconds(30));
    EXPECT_EQ(story.count(Reason::Paged), 1U);
    EXPECT_THAT(story.topics(), Contains("notify.page"));

    story.fires("front", "errors").passes(minutes(1));
    EXPECT_EQ(story.count(Reason::Paged), 1U);
    story.passes(minutes(4));
    EXPECT_EQ(story.count(Reason::Paged), 2U);
    for (int i = 0; i < 6; ++i) {
        story.fires("shop-db", "locks").passes(minutes(10));
    }
    EXPECT_EQ(story.count(Reason::Paged), 3U);
}

TEST(Route, TakesATicketWhenItsBudgetIsSpentAndTellsWhyNobodyIsTold) {
    Story story;
    story.rules(R"(
route:
  - {name: r, match: {severity_min: major}, to: page, budget: {max: 1, per: 1h}}
)");
    story.fires("a", "x").fires("b", "x").fires("c", "x", "warning");

    EXPECT_EQ(story.count(Reason::Paged), 1U);
    EXPECT_EQ(story.count(Reason::Ticketed), 1U);
    EXPECT_EQ(story.count(Reason::OverBudget), 1U);
    EXPECT_EQ(story.open_incidents()[2]->timeline.back().reason, Reason::NotRouted);
}

TEST(Lifecycle, IsDecidedByTheRuleForTheWorstAlert) {
    Story story;
    story.rules(R"(
lifecycle:
  - {name: pinned, match: {check: fraud}, auto_resolve: false}
  - {name: short, match: {check: blip}, expire_after: 2m}
)");
    story.fires("a", "fraud").clears("a", "fraud").passes(minutes(5));
    EXPECT_THAT(story.open_incidents(), SizeIs(1));

    story.fires("b", "blip").passes(minutes(3));
    EXPECT_EQ(story.alert("b")->state, model::AlertState::Expired);
}

TEST(Dedup, FoldsWhatARuleCallsOneAndClearsByAnotherMessage) {
    Story story;
    story.rules(R"(
dedup:
  - name: links
    match: check=~"linkDown|linkUp"
    identity: [resource, interface]
    clear: check="linkUp"
)");
    const auto says = [&](const char* check, const char* source) {
        story.event(R"({"resource":"sw","check":")" + std::string(check) + R"(","source":")" +
                    source + R"(","severity":"major","labels":{"interface":"e1","seq":")" + source +
                    "\"}}");
    };
    says("linkDown", "snmp");
    says("linkDown", "zabbix");
    EXPECT_EQ(story.state().alerts.size(), 1U);
    EXPECT_THAT(story.state().identities.merged_into(0), SizeIs(2));

    says("linkUp", "snmp");
    EXPECT_EQ(story.alert("sw")->state, model::AlertState::Resolved);
    EXPECT_EQ(story.count(Reason::ClearedByRule), 1U);

    const model::Fingerprint zabbix = story.state().identities.merged_into(0)[1].identity;
    story.apply(model::Command(model::UnmergeIdentity{zabbix, "anna"}));
    says("linkDown", "snmp");
    says("linkDown", "zabbix");
    EXPECT_EQ(story.state().alerts.size(), 2U);
}

TEST(Resolution, ThatOvertakesItsEventStillCounts) {
    Story story;
    const std::string now = std::to_string(Story::kStart);
    story.event(R"({"resource":"a","check":"x","status":"resolved","time":)" + now + "}");
    story.event(R"({"resource":"a","check":"x","time":)" + std::to_string(Story::kStart - 5000) +
                "}");
    EXPECT_EQ(story.state().alerts.size(), 0U);
    EXPECT_EQ(story.count(Reason::ResolvedEarly), 1U);
}

TEST(Resolution, SentTwiceIsRememberedAsLongAsTheSecond) {
    Story story;
    const std::string end = R"({"resource":"a","check":"x","status":"resolved","time":)" +
                            std::to_string(Story::kStart) + "}";
    story.event(end).passes(std::chrono::seconds(40)).event(end).passes(std::chrono::seconds(40));
    story.event(R"({"resource":"a","check":"x","time":)" + std::to_string(Story::kStart - 5000) +
                "}");

    EXPECT_EQ(story.state().alerts.size(), 0U);
    EXPECT_EQ(story.count(Reason::ResolvedEarly), 1U);
}

}  // namespace
}  // namespace nocturne::engine
