#include "tests/engine/story.hpp"

#include <gmock/gmock.h>

#include <chrono>

namespace nocturne::engine {
namespace {

using model::AlertState;
using model::Reason;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::Each;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Ne;
using testing::Not;
using testing::SizeIs;

constexpr const char* kShop = R"(
services:
  - {name: front, depends_on: [checkout, search]}
  - {name: checkout, depends_on: [orders-db]}
  - {name: search, depends_on: [index1, index2]}
  - {name: orders-db}
  - {name: index1, labels: {pool: index}}
  - {name: index2, labels: {pool: index}}
)";

AlertState state_of(const Story& story, const char* resource) {
    return story.alert(resource)->state;
}

std::string rule_of(const Story& story, const char* resource) {
    return std::string(story.state().alerts.text(story.alert(resource)->suppressed_rule));
}

TEST(Inhibition, HidesTheTargetWhileTheSourceBurnsAndReleasesItOnce) {
    Story story;
    story.rules(R"(
inhibit:
  - name: dead switch
    source: check="SwitchDown"
    target: check="Unreachable"
    equal: [{source: resource, target: uplink}]
)");
    story.fires("sw1", "SwitchDown");
    story.event(R"({"resource":"h1","check":"Unreachable","labels":{"uplink":"sw1"}})");
    story.event(R"({"resource":"h2","check":"Unreachable","labels":{"uplink":"sw2"}})");
    story.event(R"({"resource":"h3","check":"Unreachable"})");

    EXPECT_EQ(state_of(story, "h1"), AlertState::Suppressed);
    EXPECT_EQ(story.alert("h1")->suppression, Reason::InhibitedByAlert);
    EXPECT_EQ(story.alert("h1")->suppressed_by, story.alert("sw1")->id);
    EXPECT_EQ(rule_of(story, "h1"), "inhibit/dead switch");
    EXPECT_EQ(state_of(story, "h2"), AlertState::Firing);  // another switch
    EXPECT_EQ(state_of(story, "h3"), AlertState::Firing);  // a missing label is not equal

    story.clears("sw1", "SwitchDown");
    EXPECT_EQ(state_of(story, "h1"), AlertState::Firing);
    EXPECT_EQ(story.count(Reason::InhibitionEnded), 1U);
    EXPECT_THAT(story.topics(), Contains("alert.firing"));
}

TEST(Inhibition, HidesWhatBurnsAlreadyAndLetsItsResolutionThrough) {
    Story story;
    story.rules(R"(
inhibit:
  - {name: n, source: check="NodeDown", target: check="PodDown", equal: [node]}
)");
    story.event(R"({"resource":"p","check":"PodDown","labels":{"node":"n1"}})");
    story.event(R"({"resource":"n1","check":"NodeDown","labels":{"node":"n1"}})");
    EXPECT_EQ(state_of(story, "p"), AlertState::Suppressed);
    EXPECT_THAT(story.topics(), Contains("alert.suppressed"));

    story.event(R"({"resource":"p","check":"PodDown","labels":{"node":"n1"},"status":"resolved"})");
    EXPECT_EQ(state_of(story, "p"), AlertState::Resolved);
    EXPECT_THAT(story.topics(), Contains("alert.resolved"));
}

TEST(Inhibition, NeedsAllOfItsSourcesWhenItSaysSo) {
    Story story;
    story.rules(R"(
inhibit:
  - {name: n, sources: [check="A", check="B"], need: all, target: check="C"}
)");
    story.fires("x", "A").fires("z", "C");
    EXPECT_EQ(state_of(story, "z"), AlertState::Firing);

    story.fires("y", "B");
    EXPECT_EQ(state_of(story, "z"), AlertState::Suppressed);
}

TEST(Inhibition, NamesTheEarliestSourceThatBurnsAndHoldsUntilTheLastEnds) {
    Story story;
    story.rules("inhibit: [{name: n, source: check=\"A\", target: check=\"B\"}]\n");
    story.fires("x", "A").fires("y", "A").fires("t", "B").fires("z", "A");
    EXPECT_EQ(story.alert("t")->suppressed_by, story.alert("x")->id);

    story.clears("y", "A").clears("x", "A");
    EXPECT_EQ(state_of(story, "t"), AlertState::Suppressed);
    EXPECT_EQ(story.alert("t")->suppressed_by, story.alert("z")->id);

    story.clears("z", "A");
    EXPECT_EQ(state_of(story, "t"), AlertState::Firing);
    EXPECT_EQ(story.count(Reason::InhibitionEnded), 1U);
}

TEST(Inhibition, AsksAgainWhenARepeatedEventSaysSomethingElse) {
    Story story;
    story.rules("inhibit: [{name: n, source: summary=\"all is lost\", target: check=\"B\"}]\n");
    story.fires("t", "B");
    story.event(R"({"resource":"x","check":"A","summary":"some is lost"})");
    EXPECT_EQ(state_of(story, "t"), AlertState::Firing);
    story.event(R"({"resource":"x","check":"A","summary":"all is lost"})");
    EXPECT_EQ(state_of(story, "t"), AlertState::Suppressed);
    story.event(R"({"resource":"x","check":"A","summary":"some is found"})");
    EXPECT_EQ(state_of(story, "t"), AlertState::Firing);
}

TEST(Inhibition, NeverLetsTwoAlertsHideEachOther) {
    Story story;
    story.rules(R"(
inhibit:
  - {name: n, source: check="A", target: check="A"}
)");
    story.fires("x", "A").fires("y", "A");

    EXPECT_EQ(state_of(story, "x"), AlertState::Firing);
    EXPECT_EQ(state_of(story, "y"), AlertState::Firing);
}

TEST(Maintenance, CoversANodeAndWhatDependsOnIt) {
    Story story;
    story.topology(kShop).rules(R"(
maintenance:
  - {name: patch, node: orders-db, dependents: true, from: 2025-01-01 00:00, until: 2099-01-01 00:00}
)");
    story.fires("orders-db", "down").fires("front", "errors").fires("search", "errors");

    EXPECT_EQ(story.alert("orders-db")->suppression, Reason::InMaintenance);
    EXPECT_EQ(story.alert("front")->suppression, Reason::InMaintenance);
    EXPECT_EQ(state_of(story, "search"), AlertState::Firing);
}

TEST(Maintenance, RecursOnTheWallClockAndReleasesWhatStillBurns) {
    Story story;  // starts at 01:53:20 UTC
    story.rules(R"(
maintenance:
  - {name: nightly, match: {resource: web}, at: "02:00", for: 1h}
)");
    story.passes(minutes(10)).fires("web", "down");
    EXPECT_EQ(state_of(story, "web"), AlertState::Suppressed);

    story.passes(minutes(20)).fires("web", "down").passes(minutes(20)).fires("web", "down");
    story.passes(minutes(20));
    EXPECT_EQ(state_of(story, "web"), AlertState::Firing);
    EXPECT_EQ(story.count(Reason::MaintenanceEnded), 1U);
    EXPECT_THAT(story.open_incidents(), SizeIs(1));
}

TEST(Maintenance, EndsAlsoWhenItsRunsFollowEachOtherWithoutAGap) {
    Story story;  // a Friday, 01:53:20 UTC
    story.rules(R"(
maintenance:
  - {name: weekdays, match: {resource: web}, days: [mon-fri], at: "00:00", for: 24h}
  - {name: never ending, match: {resource: api}, cron: "0 * * * *", for: 1h}
)");
    story.fires("web", "down").fires("api", "down");
    EXPECT_EQ(state_of(story, "web"), AlertState::Suppressed);

    for (int hour = 0; hour < 23; ++hour) {
        story.passes(minutes(60)).fires("web", "down").fires("api", "down");
    }
    EXPECT_EQ(state_of(story, "web"), AlertState::Firing);  // Saturday
    EXPECT_EQ(state_of(story, "api"), AlertState::Suppressed);
}

TEST(Maintenance, CoversANodeThatOnlyAnEventNamesFromItsFirstAlert) {
    Story story;
    story.rules(R"(
maintenance:
  - {name: patch, node: printer, from: 2025-01-01 00:00, until: 2099-01-01 00:00}
)");
    story.fires("web", "errors").fires("printer", "down");

    EXPECT_EQ(story.alert("printer")->suppression, Reason::InMaintenance);
    EXPECT_EQ(state_of(story, "web"), AlertState::Firing);
}

TEST(Maintenance, DoesNotCoverWhoTakesTheNumberOfANodeThatWasForgotten) {
    model::Settings settings;
    settings.resolved_keep = minutes(1);
    settings.resolve_after = settings.incident_keep = minutes(1);
    Story story(settings);
    story.rules(R"(
maintenance:
  - {name: patch, node: printer, from: 2025-01-01 00:00, until: 2099-01-01 00:00}
)");
    story.fires("printer", "down");
    const topology::NodeIndex number = story.alert("printer")->node;
    story.clears("printer", "down").passes(minutes(5));
    ASSERT_EQ(story.alert("printer"), nullptr);
    story.fires("scanner", "down");

    EXPECT_EQ(story.alert("scanner")->node, number);
    EXPECT_EQ(state_of(story, "scanner"), AlertState::Firing);
}

TEST(Flapping, IsToldOfOnceAndAgainWhenItIsCalm) {
    Story story;
    story.rules(R"(
flapping:
  - {name: f, window: 10m, start: 4, stop: 1}
)");
    for (int i = 0; i < 4; ++i) {
        story.fires("web", "up").passes(seconds(20)).clears("web", "up").passes(seconds(20));
    }
    story.fires("web", "up");
    EXPECT_EQ(story.alert("web")->suppression, Reason::Flapping);

    for (int i = 0; i < 6; ++i) {  // it burns on, and is heard of
        story.passes(minutes(2)).fires("web", "up");
    }
    EXPECT_EQ(state_of(story, "web"), AlertState::Firing);
    EXPECT_EQ(story.count(Reason::FlappingEnded), 1U);
}

TEST(Flapping, IsDecidedByTheFirstRuleThatIsNotInShadowMode) {
    Story story;
    story.rules(R"(
flapping:
  - {name: trial, mode: shadow, window: 10m, start: 3, stop: 1}
  - {name: f, window: 10m, start: 4, stop: 1}
  - {name: too late, window: 10m, start: 2, stop: 0}
)");
    const auto turns = [&] { story.fires("web", "up").clears("web", "up"); };
    turns();
    story.fires("web", "up");
    EXPECT_EQ(state_of(story, "web"), AlertState::Firing);
    EXPECT_EQ(story.state().book.tallies()[0].would_have, 1U);
    EXPECT_FALSE(story.state().flapping.is_flapping(0));

    story.clears("web", "up").fires("web", "up");
    EXPECT_EQ(story.alert("web")->suppression, Reason::Flapping);
    EXPECT_EQ(rule_of(story, "web"), "flapping/f");
}

TEST(Flapping, IsDecidedByARuleThatComesBeforeTheOthersWithAReload) {
    const std::string old = "  - {name: f, window: 10m, start: 20, stop: 1}\n";
    Story story;
    story.rules("flapping:\n" + old);
    story.fires("web", "up");
    story.rules("flapping:\n  - {name: g, window: 10m, start: 2, stop: 1}\n" + old);
    story.clears("web", "up").fires("web", "up");

    EXPECT_EQ(rule_of(story, "web"), "flapping/g");
}

TEST(Dependency, ExplainsWhatDependsOnACauseAndNothingElse) {
    Story story;
    story.topology(kShop).rules(R"(
dependency:
  - {name: d, cause: check="down", target: check=~"errors|latency"}
)");
    story.fires("orders-db", "down").fires("front", "errors").fires("checkout", "disk");

    EXPECT_EQ(story.alert("checkout")->state,
              AlertState::Firing);                               // not explained by a dead database
    EXPECT_EQ(story.alert("front")->state, AlertState::Firing);  // the disk may be its cause

    story.clears("checkout", "disk");
    EXPECT_EQ(story.alert("front")->suppression, Reason::ExplainedByDependency);
    EXPECT_EQ(story.alert("front")->suppressed_by, story.alert("orders-db")->id);

    story.clears("orders-db", "down");
    EXPECT_EQ(state_of(story, "front"), AlertState::Firing);
}

TEST(Dependency, KnowsThatOneOfAPoolIsEnough) {
    Story story;
    story.topology(kShop).rules(R"(
dependency:
  - {name: d, cause: check="down", target: check="errors", redundancy: {label: pool, need: 1}}
)");
    story.fires("index1", "down").fires("search", "errors");
    EXPECT_EQ(state_of(story, "search"), AlertState::Firing);

    story.fires("index2", "down");
    EXPECT_EQ(story.alert("search")->suppression, Reason::ExplainedByDependency);
}

TEST(ChangeWindow, HidesSmallTroubleAfterADeployAndClosesByItself) {
    Story story;
    story.topology(kShop).rules(R"(
change_window:
  - {name: deploys, match: {check: deploy}, for: 15m, dependents: 1}
)");
    story.event(R"({"resource":"checkout","check":"deploy","kind":"change"})");
    story.fires("checkout", "latency", "minor").fires("front", "errors", "minor");
    EXPECT_EQ(story.alert("checkout")->suppression, Reason::DuringChange);
    EXPECT_EQ(story.alert("front")->suppression, Reason::DuringChange);

    story.fires("checkout", "latency", "critical");
    EXPECT_EQ(state_of(story, "checkout"), AlertState::Firing);
    EXPECT_EQ(story.count(Reason::WorsenedWhileHidden), 1U);

    story.passes(minutes(15));
    EXPECT_EQ(state_of(story, "front"), AlertState::Firing);
}

TEST(ChangeWindow, ClosesWhenMoreBreaksThanAChangeExplains) {
    Story story;
    story.topology(kShop).rules(R"(
change_window:
  - {name: deploys, match: {check: deploy}, for: 15m, alerts_max: 2}
)");
    story.event(R"({"resource":"checkout","check":"deploy","kind":"change"})");
    for (const char* check : {"a", "b", "c"}) {
        story.fires("checkout", check, "minor");
    }
    EXPECT_EQ(story.count(Reason::ChangeWindowExceeded), 1U);
    for (Slot slot = 0; slot < story.state().alerts.bound(); ++slot) {
        EXPECT_EQ(story.state().alerts[slot].state, AlertState::Firing);
    }
}

TEST(ChangeWindow, InShadowModeSaysNothingOfAlertsThatItDoesNotCover) {
    Story story;
    story.topology(kShop).rules(R"(
change_window:
  - {name: deploys, mode: shadow, for: 10m}
)");
    story.event(R"({"resource":"orders-db","check":"deploy","kind":"change"})");
    story.fires("search", "errors", "minor");

    EXPECT_EQ(story.count(Reason::WouldBeHidden), 0U);
}

TEST(Storm, TellsAFewAndTheWorstAndGathersAll) {
    Story story;
    story.rules(R"(
storm:
  - {name: s, window: 1m, start: 10, told_max: 2, reserved: {from: critical, max: 3}}
)");
    for (int i = 0; i < 50; ++i) {
        story.fires("n" + std::to_string(i), "down", "major");
    }
    story.fires("pay", "down", "critical");
    EXPECT_THAT(story.topics(), Contains("alert.firing"));
    story.fires("late", "down", "major");
    EXPECT_THAT(story.topics(), Not(Contains("alert.firing")));
    EXPECT_THAT(story.topics(), Contains("incident.opened"));
    EXPECT_EQ(story.count(Reason::StormStarted), 1U);

    story.passes(minutes(5));
    EXPECT_EQ(story.count(Reason::StormEnded), 1U);
}

TEST(Storm, IsToldNeitherItsBeginningNorItsEndInShadowMode) {
    Story story;
    story.rules("storm: [{name: s, mode: shadow, window: 1m, start: 5}]\n");
    for (int i = 0; i < 10; ++i) {
        story.fires("n" + std::to_string(i), "down", "major");
    }
    story.passes(minutes(5));

    EXPECT_EQ(story.count(Reason::StormStarted), 0U);
    EXPECT_EQ(story.count(Reason::StormEnded), 0U);
    EXPECT_THAT(story.all_effects(),
                Each(Field(&model::Effect::topic, Ne(model::Effect::Topic::StormEnded))));
    EXPECT_EQ(story.state().book.tallies()[0].would_have, 1U);
}

TEST(Silence, ThatEndsTogetherWithOthersReleasesWhatNoneOfThemHides) {
    Story story;
    const auto adds_silence = [&](const char* matchers, int lasts) {
        model::AddSilence silence;
        silence.matchers = matchers;
        silence.ends_at = story.now() + minutes(lasts);
        story.apply(model::Command(silence));
    };
    story.fires("web", "up").fires("db", "up").fires("api", "up");
    adds_silence("resource=web", 5);
    adds_silence("resource=db", 5);
    adds_silence("resource=~\"web|api\"", 9);
    EXPECT_EQ(state_of(story, "api"), AlertState::Suppressed);

    story.passes(minutes(5));
    EXPECT_EQ(state_of(story, "db"), AlertState::Firing);
    EXPECT_EQ(state_of(story, "web"), AlertState::Suppressed);
    EXPECT_EQ(story.count(Reason::SilenceEnded), 1U);
}

TEST(Silence, UntilClearEndsWithTheLastAlertThatItHid) {
    Story story;
    model::AddSilence silence;
    silence.matchers = "resource=web";
    silence.ends_at = story.now() + std::chrono::hours(4);
    silence.until_clear = true;
    story.apply(model::Command(silence)).fires("web", "up").clears("web", "up").fires("web", "up");

    EXPECT_EQ(state_of(story, "web"), AlertState::Firing);
}

TEST(Rules, LookAgainAtWhatBurnsWhenTheyComeAndWhenTheyGo) {
    Story story;
    story.fires("n", "NodeDown").fires("p", "PodDown");
    story.rules(R"(
inhibit:
  - {name: n, source: check="NodeDown", target: check="PodDown"}
)");
    EXPECT_EQ(state_of(story, "p"), AlertState::Suppressed);

    story.rules("");
    EXPECT_EQ(state_of(story, "p"), AlertState::Firing);
    EXPECT_EQ(story.count(Reason::RulesChanged) + story.count(Reason::InhibitionEnded), 1U);
}

TEST(Rules, OnlyCountInShadowMode) {
    Story story;
    story.rules(R"(
inhibit:
  - {name: n, mode: shadow, source: check="NodeDown", target: check="PodDown"}
)");
    story.fires("n", "NodeDown").fires("p", "PodDown");

    EXPECT_EQ(state_of(story, "p"), AlertState::Firing);
    EXPECT_EQ(story.state().book.tallies()[0].would_have, 1U);
    EXPECT_EQ(story.count(Reason::WouldBeHidden), 1U);
    ASSERT_THAT(story.state().decisions.of(1), SizeIs(1));
    EXPECT_THAT(story.state().decisions.of(1)[0].rule, HasSubstr("story.yaml:3"));
}

TEST(Rules, KeepTheStateOfWhatStaysTheSameOverAReload) {
    const std::string counting = R"(
pattern:
  - {name: c, type: count, match: check="login", by: [resource], window: 5m, count: 3, emit: {check: Attack}}
)";
    Story story;
    story.rules(counting).fires("web", "login", "info").fires("web", "login", "info");
    story.rules("# more\n" + counting + "flapping: [{name: f}]\n");
    story.fires("web", "login", "info");

    EXPECT_EQ(story.count(Reason::PatternMatched), 1U);
}

}  // namespace
}  // namespace nocturne::engine
