// The life of alerts and incidents, as an on-call engineer sees it.
#include "tests/engine/story.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nocturne::engine {
namespace {

using model::AlertState;
using model::IncidentState;
using model::Reason;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr const char* kShop = R"(
services:
  - {name: front, depends_on: [checkout, catalogue]}
  - {name: checkout, depends_on: [orders, payments]}
  - {name: orders, depends_on: [orders-db]}
  - {name: payments}
  - {name: catalogue}
  - {name: orders-db, aliases: ["10.0.3.7"]}
  - {name: mail}
  - {name: mail-queue}
)";

TEST(Alert, CountsRepeatsInsteadOfMultiplying) {
    Story story;
    story.fires("web", "latency")
        .passes(seconds(30))
        .fires("web", "latency")
        .passes(seconds(30))
        .fires("web", "latency");

    EXPECT_EQ(story.state().alerts.size(), 1U);
    const model::Alert* alert = story.alert("web");
    EXPECT_EQ(alert->count, 3U);
    EXPECT_EQ(alert->last_seen - alert->first_seen, minutes(1));
    EXPECT_THAT(story.topics(), IsEmpty());  // a repeat bothers nobody
}

TEST(Alert, IsOneForTwoToolsThatSeeOneFault) {
    Story story;
    story.event(R"({"source":"nagios","resource":"web","check":"up"})");
    story.event(R"({"source":"prometheus","resource":"web","check":"up"})");

    EXPECT_EQ(story.state().alerts.size(), 1U);
    EXPECT_THAT(story.alert("web")->sources, SizeIs(2));
}

TEST(Alert, IsOneForANodeAndItsAlias) {
    Story story;
    story.topology(kShop).fires("orders-db", "lock_wait").fires("10.0.3.7", "lock_wait");

    EXPECT_EQ(story.state().alerts.size(), 1U);
    EXPECT_EQ(story.alert("orders-db")->count, 2U);
}

TEST(Alert, EndsWhenItsSourceSaysSo) {
    Story story;
    story.fires("web", "latency").passes(seconds(5)).clears("web", "latency");

    EXPECT_EQ(story.alert("web")->state, AlertState::Resolved);
    EXPECT_THAT(story.topics(), Contains("alert.resolved"));
}

TEST(Alert, ExpiresWhenNobodyTellsItAgain) {
    Story story;
    story.fires("web", "latency").passes(minutes(20)).fires("web", "latency").passes(minutes(20));
    EXPECT_EQ(story.alert("web")->state, AlertState::Firing);

    story.passes(minutes(11));
    EXPECT_EQ(story.alert("web")->state, AlertState::Expired);
    EXPECT_EQ(story.count(Reason::ExpiredUnseen), 1U);
}

TEST(Alert, IsForgottenSomeTimeAfterItsEnd) {
    model::Settings settings;
    settings.incident_keep = minutes(20);
    Story story(settings);
    story.fires("web", "latency").clears("web", "latency").passes(minutes(40));

    EXPECT_EQ(story.state().alerts.size(), 0U);
    EXPECT_EQ(story.state().topology.now().node_count(), 0U);  // nobody but the event knew the node
}

TEST(Alert, IgnoresAnOldFiringThatComesAfterTheResolution) {
    Story story;
    const std::int64_t t = Story::kStart;
    story.passes(minutes(1));
    story.event(R"({"resource":"web","check":"up","time":)" + std::to_string(t + 10'000) + "}");
    story.event(R"({"resource":"web","check":"up","status":"resolved","time":)" +
                std::to_string(t + 30'000) + "}");
    story.event(R"({"resource":"web","check":"up","time":)" + std::to_string(t + 20'000) + "}");

    EXPECT_EQ(story.alert("web")->state, AlertState::Resolved);
    EXPECT_EQ(story.count(Reason::StaleEvent), 1U);
}

TEST(Alert, TakesTheSameMessageOnce) {
    Story story;
    story.event(R"({"source":"a","id":"7","resource":"web","check":"up"})");
    story.event(R"({"source":"a","id":"7","resource":"web","check":"up"})");
    story.event(R"({"source":"b","id":"7","resource":"web","check":"up"})");

    EXPECT_EQ(story.alert("web")->count, 2U);
    EXPECT_EQ(story.count(Reason::RepeatedMessage), 1U);
}

TEST(Alert, FromTheFutureCountsAsNowAndMovesNoClock) {
    Story story;
    story.event(R"({"resource":"web","check":"up","time":"9999-12-31T00:00:00Z"})");
    story.fires("db", "up");

    EXPECT_EQ(story.alert("web")->first_seen, story.now());
    EXPECT_EQ(story.core().now(), story.now());
    EXPECT_EQ(story.count(Reason::FutureTimeClamped), 1U);
}

TEST(Alert, BeyondTheLimitIsCountedNotKept) {
    model::Settings settings;
    settings.alerts_max = 2;
    Story story(settings);
    story.fires("a", "up").fires("b", "up").fires("c", "up").fires("a", "up");

    EXPECT_EQ(story.state().alerts.size(), 2U);
    EXPECT_EQ(story.count(Reason::AlertLimitReached), 1U);
    EXPECT_EQ(story.alert("a")->count, 2U);
}

TEST(Incident, GathersWhatIsNearOnTheGraphAndLeavesTheRest) {
    Story story;
    story.topology(kShop).fires("front", "errors").passes(seconds(5)).fires("checkout", "latency");
    story.fires("orders", "latency").fires("orders-db", "lock_wait").fires("mail", "queue_length");

    ASSERT_THAT(story.incidents(), SizeIs(2));
    EXPECT_THAT(story.incidents()[0]->alerts, SizeIs(4));
    EXPECT_THAT(story.incidents()[1]->alerts, SizeIs(1));
    EXPECT_EQ(story.alert("checkout")->grouping, Reason::JoinedByDependency);
}

TEST(Incident, NamesTheDatabaseThatTakesTheShopDown) {
    Story story;
    story.topology(kShop);
    story.event(
        R"({"resource":"front","check":"errors","severity":"critical","labels":{"slo":"true"}})");
    story.fires("checkout", "latency", "major").fires("orders", "latency", "major");
    story.event(
        R"({"resource":"orders-db","check":"lock_wait","severity":"critical","annotations":{"z":40}})");

    const model::Incident& incident = *story.incidents().at(0);
    ASSERT_THAT(incident.suspects, Not(IsEmpty()));
    EXPECT_EQ(incident.suspects.front().resource, "orders-db");
    double sum = 0;
    for (const model::Suspect& suspect : incident.suspects) {
        sum += suspect.score;
        EXPECT_THAT(suspect.evidence, Not(IsEmpty()));
    }
    EXPECT_NEAR(sum, 1.0, 1e-9);
    EXPECT_THAT(incident.title, testing::HasSubstr("orders-db"));
}

TEST(Incident, JoinsTwoThatABridgeConnects) {
    Story story;
    story.topology(R"(
services:
  - {name: a, depends_on: [b]}
  - {name: b, depends_on: [c]}
  - {name: c, depends_on: [d]}
  - {name: d, depends_on: [e]}
  - {name: e}
)");
    story.fires("a", "errors").fires("e", "disk");
    ASSERT_THAT(story.open_incidents(), SizeIs(2));
    story.fires("c", "latency");

    ASSERT_THAT(story.open_incidents(), SizeIs(1));
    EXPECT_THAT(story.open_incidents()[0]->alerts, SizeIs(3));
    EXPECT_EQ(story.incidents()[1]->state, IncidentState::Merged);
    EXPECT_EQ(story.incidents()[1]->merged_into, story.incidents()[0]->id);
    EXPECT_THAT(story.topics(), Contains("incident.merged"));
}

TEST(Incident, TakesNoNeighbourAfterItsWindow) {
    Story story;
    story.topology(kShop).fires("front", "errors").passes(minutes(11)).fires("checkout", "latency");

    EXPECT_THAT(story.incidents(), SizeIs(2));
}

TEST(Incident, IsResolvedWhenAllItsAlertsEndedForAWhile) {
    Story story;
    story.topology(kShop).fires("orders", "latency").fires("orders-db", "lock_wait");
    story.clears("orders", "latency").passes(seconds(20));
    EXPECT_EQ(story.incidents()[0]->state, IncidentState::Open);

    story.clears("orders-db", "lock_wait").passes(seconds(9));
    EXPECT_EQ(story.incidents()[0]->state, IncidentState::Open);
    story.passes(seconds(2));
    EXPECT_EQ(story.incidents()[0]->state, IncidentState::Resolved);
    EXPECT_THAT(story.topics(), Contains("incident.resolved"));
}

TEST(Incident, IsReopenedByTheSameAlertWithinItsWindow) {
    Story story;
    story.fires("web", "up").clears("web", "up").passes(minutes(1)).fires("web", "up");

    ASSERT_THAT(story.incidents(), SizeIs(1));
    EXPECT_EQ(story.incidents()[0]->state, IncidentState::Reopened);
    EXPECT_THAT(story.topics(), Contains("incident.reopened"));
}

TEST(Incident, IsANewOneAfterThatWindow) {
    Story story;
    story.fires("web", "up").clears("web", "up").passes(minutes(12)).fires("web", "up");

    EXPECT_THAT(story.incidents(), SizeIs(2));
}

TEST(Incident, IsNotOpenedByInformation) {
    Story story;
    story.fires("web", "note", "info");
    EXPECT_THAT(story.incidents(), IsEmpty());

    story.fires("web", "note", "major");  // it got worse
    EXPECT_THAT(story.incidents(), SizeIs(1));
}

TEST(Incident, ListsTheChangeJustBefore) {
    Story story;
    story.topology(kShop).event(
        R"({"kind":"change","resource":"orders-db","check":"deploy","severity":"info","labels":{"version":"7f3a"}})");
    story.passes(seconds(47)).fires("orders-db", "lock_wait").fires("orders", "latency");

    ASSERT_THAT(story.incidents(), SizeIs(1));
    ASSERT_THAT(story.incidents()[0]->changes, SizeIs(1));
    EXPECT_EQ(story.incidents()[0]->changes[0].what, "deploy");
    EXPECT_EQ(story.incidents()[0]->suspects[0].resource, "orders-db");
}

TEST(Incident, TellsWhoAcknowledgedAndResolvedIt) {
    Story story;
    story.fires("web", "up");
    const model::Id id = story.incidents()[0]->id;
    story.apply(model::Command(model::AcknowledgeIncident{id, "anna"}));
    EXPECT_EQ(story.incidents()[0]->state, IncidentState::Acknowledged);
    story.apply(model::Command(model::LabelIncident{id, "switch-7", "anna"}));
    story.apply(model::Command(model::ResolveIncident{id, "bert"}));

    EXPECT_EQ(story.incidents()[0]->state, IncidentState::Resolved);
    EXPECT_EQ(story.incidents()[0]->cause, "switch-7");
    EXPECT_EQ(story.incidents()[0]->timeline.back().text, "bert");
}

TEST(Incident, IsRankedALogarithmOfItsSizeInOneInstant) {
    Story story;
    for (int i = 0; i < 1000; ++i) {
        story.fires("web", "check" + std::to_string(i));
    }
    EXPECT_LE(story.state().counters.rankings, 12U);
    EXPECT_LT(story.incidents()[0]->ranked_alerts, 1000U);

    story.passes(seconds(3));
    EXPECT_EQ(story.incidents()[0]->ranked_alerts, 1000U);
}

TEST(Incident, IsRankedAgainWhenAnAlertWorsensThoughAnotherIsAsBad) {
    Story story;
    story.topology("services: [{name: web, depends_on: [db]}, {name: db}]");
    story.fires("db", "latency", "minor").fires("web", "latency", "critical");
    story.passes(seconds(10));
    const auto first = [&] { return story.incidents()[0]->suspects.front(); };
    ASSERT_EQ(first().resource, "db");
    ASSERT_THAT(first().reason, HasSubstr("latency is minor"));

    story.fires("db", "latency", "critical").passes(seconds(1));

    EXPECT_THAT(first().reason, HasSubstr("latency is critical"));
}

TEST(Silence, HidesTheRaisingAndNeverTheResolution) {
    Story story;
    story.apply(model::Command(
        model::AddSilence{"resource=web", model::kNoTime, story.now() + minutes(10), "anna", ""}));
    story.fires("web", "up");
    EXPECT_EQ(story.alert("web")->state, AlertState::Suppressed);
    EXPECT_EQ(story.alert("web")->suppression, Reason::SilencedByOperator);
    EXPECT_THAT(story.incidents(), IsEmpty());
    EXPECT_THAT(story.topics(), ElementsAre("alert.suppressed"));

    story.clears("web", "up");
    EXPECT_THAT(story.topics(), Contains("alert.resolved"));
}

TEST(Silence, ReleasesWhatStillBurnsExactlyOnce) {
    Story story;
    story.apply(model::Command(
        model::AddSilence{"resource=web", model::kNoTime, story.now() + minutes(10), "anna", ""}));
    story.fires("web", "up").passes(minutes(11));

    EXPECT_EQ(story.alert("web")->state, AlertState::Firing);
    EXPECT_THAT(story.incidents(), SizeIs(1));
    EXPECT_EQ(story.count(Reason::SilenceEnded), 1U);
}

TEST(Silence, HidesWhatBurnsAlready) {
    Story story;
    story.fires("web", "up");
    story.apply(model::Command(
        model::AddSilence{"resource=web", model::kNoTime, story.now() + minutes(5), "anna", ""}));
    EXPECT_EQ(story.alert("web")->state, AlertState::Suppressed);

    story.passes(minutes(6));
    EXPECT_THAT(story.incidents(), SizeIs(1));
    EXPECT_EQ(story.incidents()[0]->burning, 1U);
    story.clears("web", "up").passes(seconds(12));
    EXPECT_EQ(story.incidents()[0]->state, IncidentState::Resolved);
}

TEST(Silence, TakesThePlaceOfAnEndedOneWhenThereAreMany) {
    Story story;
    const auto silence = [&](model::Duration length) {
        story.apply(model::Command(
            model::AddSilence{"resource=web", model::kNoTime, story.now() + length, "anna", ""}));
    };
    for (int i = 0; i < 10'000; ++i) {
        silence(seconds(1));
    }
    story.passes(seconds(2));
    for (int i = 0; i < 100; ++i) {
        silence(minutes(10));
    }
    EXPECT_EQ(story.state().silences.all().size(), 10'000U);

    story.fires("web", "up");
    EXPECT_EQ(story.alert("web")->state, AlertState::Suppressed);
    story.passes(minutes(11));
    EXPECT_EQ(story.alert("web")->state, AlertState::Firing);
    EXPECT_EQ(story.count(Reason::SilenceEnded), 1U);
}

TEST(Topology, MayChangeUnderOpenIncidents) {
    Story story;
    story.topology(kShop).fires("orders", "latency").fires("orders-db", "lock_wait");
    story.topology("services: [{name: orders, depends_on: [new-db]}]");
    story.fires("orders-db", "disk").fires("new-db", "lock_wait");

    // The graph as it stands: new-db explains orders now, and orders-db explains nobody else.
    ASSERT_THAT(story.open_incidents(), SizeIs(2));
    EXPECT_THAT(story.open_incidents()[0]->alerts, SizeIs(2));
    EXPECT_THAT(story.open_incidents()[1]->alerts, SizeIs(2));
}

}  // namespace
}  // namespace nocturne::engine
