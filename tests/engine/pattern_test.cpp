#include "engine/blind_spots.hpp"
#include "engine/view.hpp"
#include "tests/engine/story.hpp"

#include <gmock/gmock.h>

#include <chrono>

namespace nocturne::engine {
namespace {

using model::Reason;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Runs `pattern` (the keys of one rule) beside the story's events; what it raises is check "out".
class PatternStory : public Story {
   public:
    explicit PatternStory(const std::string& pattern) {
        rules("pattern: [{name: p, " + pattern + "}]\n");
    }

    PatternStory& hears(const std::string& check, int times = 1,
                        const std::string& resource = "web") {
        for (int i = 0; i < times; ++i) {
            event(R"({"resource":")" + resource + R"(","check":")" + check +
                  R"(","severity":"info"})");
        }
        return *this;
    }

    std::uint64_t raised() const { return count(Reason::PatternMatched); }

    std::uint64_t cleared() const { return count(Reason::PatternCleared); }
};

TEST(Pattern, SingleEmitsEachTime) {
    PatternStory story("type: single, match: check=\"a\", emit: {check: out}");
    story.hears("a", 3).hears("b");
    EXPECT_EQ(story.raised(), 3U);
}

TEST(Pattern, CountsWhatFiresUnlessItIsAskedForResolutions) {
    const auto raised = [](const std::string& keys) {
        PatternStory story("type: count, window: 1m, count: 2, emit: {check: out}, " + keys);
        story.hears("a");
        story.event(R"({"resource":"web","check":"a","status":"resolved"})");
        return story.raised();
    };
    EXPECT_EQ(raised("match: check=\"a\""), 0U);
    EXPECT_EQ(raised("match: check=\"a\", resolutions: true"), 1U);
    EXPECT_EQ(raised("match: {check: a, status: [firing, resolved]}"), 1U);
}

TEST(Pattern, AResolutionMayBeTheSignOfLifeOrWhatComesSecond) {
    PatternStory alive("type: absence, match: check=\"a\", window: 1m, emit: {check: out}");
    alive.event(R"({"resource":"web","check":"a","severity":"ok"})");
    alive.passes(seconds(90));
    EXPECT_EQ(alive.raised(), 1U);

    PatternStory link("type: pair, match: check=\"a\", then: check=\"b\", emit: {check: out}");
    link.hears("a").event(R"({"resource":"web","check":"b","severity":"ok"})");
    EXPECT_EQ(link.cleared(), 1U);
}

TEST(Pattern, FirstMutesTheRestOfItsWindow) {
    PatternStory story("type: first, match: check=\"a\", window: 1m, emit: {check: out}");
    story.hears("a", 3).passes(seconds(59));
    story.hears("a");
    EXPECT_EQ(story.raised(), 1U);
    story.passes(seconds(1));
    story.hears("a");
    EXPECT_EQ(story.raised(), 2U);
}

TEST(Pattern, CountSlidesItsWindowAndCountsEachKeyForItself) {
    PatternStory story(
        "type: count, match: check=\"a\", by: [resource], window: 1m, count: 3, emit: {check: "
        "out, resource: \"{resource}\", summary: \"{count} times\"}");
    story.hears("a", 2).hears("a", 2, "db");
    EXPECT_EQ(story.raised(), 0U);
    story.passes(seconds(61));
    story.hears("a", 2);
    EXPECT_EQ(story.raised(), 0U);
    story.hears("a", 5);
    EXPECT_EQ(story.raised(), 1U);
}

TEST(Pattern, ThresholdsClearWhenItIsQuietAgain) {
    PatternStory story(
        "type: thresholds, match: check=\"a\", window: 1m, count: 3, window_low: 2m, count_low: 1, "
        "emit: {check: out}");
    story.hears("a", 3);
    EXPECT_EQ(story.raised(), 1U);
    story.passes(minutes(1));
    story.hears("a", 4).passes(seconds(110));
    EXPECT_EQ(story.cleared(), 0U);
    story.passes(seconds(15));
    EXPECT_EQ(story.cleared(), 1U);
}

TEST(Pattern, PairTellsOfTheFirstAndOfItsEnd) {
    PatternStory story("type: pair, match: check=\"down\", then: check=\"up\", by: [resource], "
                       "emit: {check: out}");
    story.hears("up").hears("down", 3).hears("up", 1, "db");
    EXPECT_EQ(story.raised(), 1U);
    EXPECT_EQ(story.cleared(), 0U);
    story.hears("up", 2);
    EXPECT_EQ(story.cleared(), 1U);
}

TEST(Pattern, PairWithinTellsWhenTheSecondIsMissing) {
    PatternStory story("type: pair_within, match: check=\"start\", then: check=\"done\", window: "
                       "1m, emit: {check: "
                       "out}");
    story.hears("start").passes(seconds(30));
    story.hears("done").passes(minutes(5));
    EXPECT_EQ(story.raised(), 0U);
    story.hears("start").passes(minutes(1));
    EXPECT_EQ(story.raised(), 1U);
}

TEST(Pattern, WindowHoldsWhatComesBeforeItsEnd) {
    const auto raised_by = [](const std::string& type, milliseconds answer_after) {
        PatternStory story(
            "type: " + type +
            ", match: check=\"a\", then: check=\"b\", window: 1m, emit: {check: out}");
        story.hears("a").passes(answer_after);
        story.hears("b");
        return story.raised();
    };
    EXPECT_EQ(raised_by("pair_within", milliseconds(59'999)), 0U);
    EXPECT_EQ(raised_by("pair_within", milliseconds(60'000)), 1U);
    EXPECT_EQ(raised_by("sequence", milliseconds(59'999)), 1U);
    EXPECT_EQ(raised_by("sequence", milliseconds(60'000)), 0U);
}

TEST(Pattern, RaisesWhatTimeCompletesAsOfThatTimeWhateverElseIsHeard) {
    const auto play = [](bool is_noisy) {
        PatternStory story("type: pair_within, match: check=\"a\", then: check=\"b\", window: 1m, "
                           "consume: true, emit: {check: out, severity: major}");
        story.passes(milliseconds(300));
        story.hears("a").passes(milliseconds(60'100));
        if (is_noisy) {
            story.hears("noise", 1, "elsewhere");
        }
        story.passes(minutes(1));
        EXPECT_EQ(story.alert("web")->first_seen,
                  model::from_unix_ms(Story::kStart) + milliseconds(60'300));
        EXPECT_EQ(story.open_incidents().front()->opened_at, story.alert("web")->first_seen);
    };
    play(false);
    play(true);
}

TEST(Pattern, SequenceNeedsTheOrderAndNothingBetween) {
    PatternStory story(
        "type: sequence, match: check=\"a\", then: check=\"b\", unless: check=\"c\", window: 1m, "
        "emit: {check: out}");
    story.hears("b").hears("a").hears("c").hears("b");
    EXPECT_EQ(story.raised(), 0U);
    story.hears("a").passes(seconds(61));
    story.hears("b");
    EXPECT_EQ(story.raised(), 0U);
    story.hears("a").hears("b");
    EXPECT_EQ(story.raised(), 1U);
}

TEST(Pattern, AbsenceTellsOfWhatIsMissedAndOfItsReturn) {
    PatternStory story(
        "type: absence, match: check=\"backup\", by: [resource], window: 1m, emit: {check: out}");
    story.passes(minutes(5));
    EXPECT_EQ(story.raised(), 0U);
    story.hears("backup").passes(minutes(1));
    EXPECT_EQ(story.raised(), 1U);
    story.hears("backup");
    EXPECT_EQ(story.cleared(), 1U);
}

TEST(Pattern, EventGroupNeedsEachOfItsMembers) {
    PatternStory story(
        "type: event_group, window: 1m, members: [{match: check=\"a\", count: 2}, {match: "
        "check=\"b\"}], emit: {check: out}");
    story.hears("a").hears("b");
    EXPECT_EQ(story.raised(), 0U);
    story.hears("a");
    EXPECT_EQ(story.raised(), 1U);
}

TEST(Pattern, CalendarEmitsByTheClock) {
    PatternStory story("type: calendar, cron: \"0 2 * * *\", emit: {resource: backup, check: out}");
    story.passes(minutes(10));
    EXPECT_EQ(story.raised(), 1U);
    story.passes(std::chrono::hours(24));
    EXPECT_EQ(story.raised(), 2U);
}

TEST(Pattern, GivesUpTheQuietestKeyAtItsBound) {
    PatternStory story(
        "type: pair, match: check=\"down\", then: check=\"up\", by: [resource], keys_max: 2, emit: "
        "{check: out}");
    story.hears("down", 1, "a").hears("down", 1, "b").hears("down", 1, "c");
    EXPECT_EQ(story.state().patterns.given_up(), 1U);
    EXPECT_EQ(story.count(Reason::PatternKeysFull), 1U);
    EXPECT_EQ(story.state().patterns.key_count(), 2U);
}

TEST(Pattern, KeepsItsEventsToItselfWhenItConsumes) {
    PatternStory story("type: count, match: check=\"a\", window: 1m, count: 2, consume: true, "
                       "emit: {check: out, severity: major}");
    story.hears("a", 2);
    EXPECT_EQ(story.state().alerts.size(), 1U);
    EXPECT_EQ(story.count(Reason::ConsumedByPattern), 2U);
}

TEST(Heartbeat, KnowsTheBlindSpotsOfASilentSource) {
    Story story;
    story.topology(R"(
services:
  - {name: db, labels: {site: fra}}
  - {name: web, labels: {site: ams}}
)");
    story.rules(R"(
heartbeat:
  - {name: monitors, match: {kind: heartbeat}, every: 2m, expect: [zabbix], covers: {site: fra}}
  - {name: trial, mode: shadow, every: 2m, expect: [ghost]}
)");
    const auto node = [&](const char* name) { return story.state().topology.now().find(name); };
    const auto beats = [&] {
        story.event(R"({"source":"zabbix","kind":"heartbeat","resource":"zabbix"})");
    };
    beats();
    story.event(R"({"source":"nagios","resource":"sw1","check":"down","labels":{"site":"fra"}})");
    EXPECT_TRUE(BlindSpots(story.state()).empty());

    story.passes(minutes(2));
    const BlindSpots blind(story.state());
    ASSERT_EQ(blind.silent().size(), 1U);
    EXPECT_EQ(blind.silent()[0].source, "zabbix");
    EXPECT_EQ(blind.silent()[0].heard_at, model::from_unix_ms(Story::kStart));
    EXPECT_NE(blind.over(node("db")), nullptr);
    EXPECT_EQ(blind.over(node("web")), nullptr);
    EXPECT_NE(blind.over_alert(0), nullptr);  // by the alert's own label
    EXPECT_EQ(blind.count_nodes(), 2U);
    EXPECT_THAT(blind_nodes(story.core()),
                testing::Contains(testing::Pair(testing::_, HasSubstr(R"({"source":"zabbix")"))));
    EXPECT_THAT(*render_incident(story.core(), story.open_incidents()[0]->id),
                HasSubstr(R"("blind_spots":[{"resource":"sw1","source":"zabbix")"));
    std::string metrics;
    append_metrics(story.core(), metrics);
    EXPECT_THAT(metrics, HasSubstr("\nnocturne_blind_nodes 2\n"));

    beats();
    EXPECT_TRUE(BlindSpots(story.state()).empty());
}

TEST(Heartbeat, CoversWhatItsSourceToldOfWhenTheRuleDoesNotSay) {
    Story story;
    story.rules("heartbeat: [{name: h, every: 2m}]\n");
    story.event(R"({"source":"zabbix","resource":"db","check":"slow"})");
    story.event(R"({"source":"nagios","resource":"web","check":"slow"})");
    story.passes(minutes(1));
    story.event(R"({"source":"nagios","kind":"heartbeat","resource":"nagios"})");
    story.passes(minutes(1));

    const BlindSpots blind(story.state());
    EXPECT_NE(blind.over_alert(0), nullptr);
    EXPECT_EQ(blind.over_alert(1), nullptr);
}

TEST(Heartbeat, MissesASourceThatFallsSilentOrNeverCame) {
    Story story;
    story.rules("heartbeat: [{name: h, every: 2m, expect: [zabbix]}]\n");
    story.event(R"({"source":"nagios","kind":"heartbeat","resource":"nagios"})");
    story.passes(minutes(3));

    EXPECT_EQ(story.count(Reason::PatternMatched), 2U);
    EXPECT_NE(story.alert("zabbix"), nullptr);
    story.event(R"({"source":"zabbix","kind":"heartbeat","resource":"zabbix"})");
    EXPECT_EQ(story.alert("zabbix")->state, model::AlertState::Resolved);
}

TEST(Heartbeat, OfTwoFieldsIsAnAlertForEachPairOfValues) {
    Story story;
    story.rules("heartbeat: [{name: h, match: kind=heartbeat, by: [source, site], every: 2m}]\n");
    const auto beat = [&](const std::string& site) {
        story.event(R"({"source":"zabbix","kind":"heartbeat","resource":"z","labels":{"site":")" +
                    site + R"("}})");
    };
    beat("fra");
    beat("ams");
    story.passes(minutes(3));
    EXPECT_EQ(story.state().alerts.size(), 2U);

    beat("fra");
    EXPECT_EQ(story.count(Reason::PatternCleared), 1U);
}

}  // namespace
}  // namespace nocturne::engine
