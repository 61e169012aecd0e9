#include "tests/engine/story.hpp"

#include <gmock/gmock.h>

#include <chrono>

namespace nocturne::engine {
namespace {

using model::Reason;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
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
    EXPECT_EQ(story.state().patterns.key_count(), 2U);
}

TEST(Pattern, KeepsItsEventsToItselfWhenItConsumes) {
    PatternStory story("type: count, match: check=\"a\", window: 1m, count: 2, consume: true, "
                       "emit: {check: out, severity: major}");
    story.hears("a", 2);
    EXPECT_EQ(story.state().alerts.size(), 1U);
    EXPECT_EQ(story.count(Reason::ConsumedByPattern), 2U);
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
