#include "cli/replay_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace nocturne::cli {
namespace {

using model::Time;
using testing::ElementsAre;

constexpr std::int64_t kNone = -1;

Time at(std::int64_t seconds) {
    return seconds == kNone ? model::kNoTime : model::from_unix_ms(seconds * 1000);
}

// When events of these times (in seconds) arrive.
std::vector<std::int64_t> arrivals(const std::vector<std::int64_t>& seconds) {
    std::vector<Time> timed;
    for (const std::int64_t second : seconds) {
        if (second != kNone && timed.size() < 3) {
            timed.push_back(at(second));
        }
    }
    ReplayClock clock(timed);
    std::vector<std::int64_t> arrived;
    for (std::size_t i = 0; i < seconds.size(); ++i) {
        Time next = model::kNoTime;
        for (std::size_t j = i + 1; j < seconds.size() && next == model::kNoTime; ++j) {
            next = at(seconds[j]);
        }
        arrived.push_back(model::to_unix_ms(clock.arrive(at(seconds[i]), next)) / 1000);
    }
    return arrived;
}

TEST(ReplayClock, IsTheRunningMaximum) {
    EXPECT_THAT(arrivals({100, 105, 103, 105, 110}), ElementsAre(100, 105, 105, 105, 110));
}

TEST(ReplayClock, DoesNotBelieveLoneLeap) {
    EXPECT_THAT(arrivals({100, 101, 253'402'300'799, 102, 103}),
                ElementsAre(100, 101, 101, 102, 103));
    EXPECT_THAT(arrivals({100, 101, 101 + 3601, 102}), ElementsAre(100, 101, 101, 102));
}

TEST(ReplayClock, DoesNotBelieveSourceThatIsHoursAheadAllTheTime) {
    EXPECT_THAT(arrivals({100, 7300, 101, 7301, 102}), ElementsAre(100, 100, 101, 101, 102));
}

TEST(ReplayClock, BelievesLeapOfAnHour) {
    EXPECT_THAT(arrivals({100, 3700, 101}), ElementsAre(100, 3700, 3700));
}

TEST(ReplayClock, BelievesLeapThatTheNextEventConfirms) {
    EXPECT_THAT(arrivals({100, 90'000, 90'001, 90'002}), ElementsAre(100, 90'000, 90'001, 90'002));
    EXPECT_THAT(arrivals({100, 90'000, 88'000}), ElementsAre(100, 90'000, 90'000));
    EXPECT_THAT(arrivals({100, 253'402'300'799, 90'000, 90'001}),
                ElementsAre(100, 100, 90'000, 90'001));
}

TEST(ReplayClock, AtTheEndBelievesUpToDay) {
    EXPECT_THAT(arrivals({100, 100 + 86'400}), ElementsAre(100, 86'500));
    EXPECT_THAT(arrivals({100, 100 + 86'401}), ElementsAre(100, 100));
}

TEST(ReplayClock, EventsWithoutTimeArriveAtTheClock) {
    EXPECT_THAT(arrivals({kNone, 100, kNone, 105, kNone}), ElementsAre(100, 100, 100, 105, 105));
    EXPECT_THAT(arrivals({kNone, kNone}), ElementsAre(0, 0));
}

TEST(ReplayClock, StartsWithoutTheFirstEventWhenThatLeaps) {
    EXPECT_THAT(arrivals({253'402'300'799, 100, 101}), ElementsAre(101, 101, 101));
    EXPECT_THAT(arrivals({1'000'000, 0, 1'000'001}), ElementsAre(1'000'000, 1'000'000, 1'000'001));
}

}  // namespace
}  // namespace nocturne::cli
