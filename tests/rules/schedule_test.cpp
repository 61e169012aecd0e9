#include "rules/schedule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <random>
#include <string>
#include <vector>

namespace nocturne::rules {
namespace {

using testing::HasSubstr;

model::Time at(std::string_view text) {
    return *model::parse_time(text);
}

Schedule cron(std::string_view text) {
    Result<Schedule> schedule = Schedule::parse_cron(text);
    EXPECT_TRUE(schedule) << schedule.error().message;
    return schedule.value_or(Schedule());
}

std::string problem(std::string_view text) {
    const Result<Schedule> schedule = Schedule::parse_cron(text);
    return schedule ? "" : schedule.error().message;
}

model::ZoneTable zone(std::string_view name) {
    Result<model::ZoneTable> table = read_zone(name);
    EXPECT_TRUE(table) << table.error().message;
    return table.value_or(model::ZoneTable());
}

std::string next(std::string_view text, std::string_view after, const model::ZoneTable& in) {
    return model::format_time(cron(text).next(at(after), in));
}

std::string last(std::string_view text, std::string_view until, const model::ZoneTable& in) {
    return model::format_time(cron(text).last(at(until), in));
}

const model::ZoneTable kUtc{"UTC", {}};

TEST(Schedule, FindsTheNextAndTheLastMinute) {
    EXPECT_EQ(next("30 2 * * *", "2026-11-21T02:29:59.999Z", kUtc), "2026-11-21T02:30:00.000Z");
    EXPECT_EQ(next("30 2 * * *", "2026-11-21T02:30:00Z", kUtc), "2026-11-22T02:30:00.000Z");
    EXPECT_EQ(last("30 2 * * *", "2026-11-21T02:30:00Z", kUtc), "2026-11-21T02:30:00.000Z");
    EXPECT_EQ(last("30 2 * * *", "2026-11-21T02:29:59.999Z", kUtc), "2026-11-20T02:30:00.000Z");
    EXPECT_EQ(next("*/20 8-9 * * *", "2026-11-21T08:40:00Z", kUtc), "2026-11-21T09:00:00.000Z");
    EXPECT_EQ(next("0 22 * * sun", "2026-11-21T00:00:00Z", kUtc), "2026-11-22T22:00:00.000Z");
    EXPECT_EQ(next("0 0 1 jan *", "2026-01-01T00:00:00Z", kUtc), "2027-01-01T00:00:00.000Z");
    EXPECT_EQ(last("0 0 1 jan *", "2026-01-01T00:00:00Z", kUtc), "2026-01-01T00:00:00.000Z");
}

TEST(Schedule, TakesWordsListsStepsAndNicknames) {
    EXPECT_EQ(cron("0 0 * JAN,mar Mon-Fri"), cron("0  0 * 1,3\t1-5"));
    EXPECT_EQ(cron("0 0 * * 7"), cron("0 0 * * sun"));
    EXPECT_EQ(cron("10-40/15 0 * * *"), cron("10,25,40 0 * * *"));
    EXPECT_EQ(cron("@weekly"), cron("0 0 * * 0"));
}

TEST(Schedule, SaysWhatIsWrongAndWhatWouldBeRight) {
    EXPECT_THAT(problem("* * * *"), HasSubstr("expected five fields"));
    EXPECT_THAT(problem("60 * * * *"),
                HasSubstr("minute \"60\" is not one of 0 to 59; expected e.g. */15"));
    EXPECT_THAT(problem("0 0 * foo *"),
                HasSubstr("month \"foo\" is not one of 1 to 12, jan to dec"));
    EXPECT_THAT(problem("0 0 * * 8"), HasSubstr("0 to 7, sun to sat"));
    EXPECT_THAT(problem("0 22-6 * * *"), HasSubstr("runs backwards; expected e.g. 22-23,0-6"));
    EXPECT_THAT(problem("*/0 * * * *"), HasSubstr("has no step after the /"));
    EXPECT_THAT(problem("5/10 * * * *"), HasSubstr("expected e.g. 5-59/10"));
    EXPECT_THAT(problem("1, * * * *"), HasSubstr("minute \"\" is not one of"));
    EXPECT_THAT(problem("@dayly"), HasSubstr("not one of @hourly"));
    EXPECT_THAT(problem(""), HasSubstr("found 0"));
}

TEST(Schedule, MeansEitherDayWhenBothAreGiven) {
    // 2026-11-13 is a Friday.
    EXPECT_EQ(next("0 0 13 * fri", "2026-11-01T00:00:00Z", kUtc), "2026-11-06T00:00:00.000Z");
    EXPECT_EQ(next("0 0 1 * fri", "2026-11-27T00:00:00Z", kUtc), "2026-12-01T00:00:00.000Z");
    EXPECT_EQ(next("0 0 13 * *", "2026-11-01T00:00:00Z", kUtc), "2026-11-13T00:00:00.000Z");
}

TEST(Schedule, LeavesOutDaysThatAMonthDoesNotHave) {
    EXPECT_EQ(next("0 0 31 * *", "2026-10-31T00:00:00Z", kUtc), "2026-12-31T00:00:00.000Z");
    EXPECT_EQ(next("0 0 29 2 *", "2026-03-01T00:00:00Z", kUtc), "2028-02-29T00:00:00.000Z");
    EXPECT_EQ(last("0 0 29 2 *", "2026-03-01T00:00:00Z", kUtc), "2024-02-29T00:00:00.000Z");
    EXPECT_EQ(next("0 0 29 2 *", "2096-02-29T00:00:00Z", kUtc), "2104-02-29T00:00:00.000Z");
    EXPECT_EQ(cron("0 0 31 2 *").next(at("2026-01-01T00:00:00Z"), kUtc), model::Time::max());
    EXPECT_EQ(cron("0 0 31 2 *").last(at("2026-01-01T00:00:00Z"), kUtc), model::kNoTime);
}

TEST(Schedule, RunsAtTheJumpWhenTheClockLeavesItOut) {
    const model::ZoneTable berlin = zone("Europe/Berlin");
    EXPECT_EQ(next("30 2 * * *", "2026-03-28T12:00:00Z", berlin), "2026-03-29T01:00:00.000Z");
    EXPECT_EQ(next("30 2 * * *", "2026-03-29T01:00:00Z", berlin), "2026-03-30T00:30:00.000Z");
    EXPECT_EQ(last("30 2 * * *", "2026-03-29T12:00:00Z", berlin), "2026-03-29T01:00:00.000Z");
    EXPECT_EQ(last("30 2 * * *", "2026-03-29T00:59:59Z", berlin), "2026-03-28T01:30:00.000Z");
    const model::ZoneTable new_york = zone("America/New_York");
    EXPECT_EQ(next("30 2 * * *", "2026-03-08T00:00:00Z", new_york), "2026-03-08T07:00:00.000Z");
}

TEST(Schedule, RunsOnceWhenTheClockShowsItTwice) {
    const model::ZoneTable berlin = zone("Europe/Berlin");
    EXPECT_EQ(next("30 2 * * *", "2026-10-24T12:00:00Z", berlin), "2026-10-25T00:30:00.000Z");
    EXPECT_EQ(next("30 2 * * *", "2026-10-25T00:30:00Z", berlin), "2026-10-26T01:30:00.000Z");
    EXPECT_EQ(last("30 2 * * *", "2026-10-25T01:10:00Z", berlin), "2026-10-25T00:30:00.000Z");
    EXPECT_EQ(last("30 2 * * *", "2026-10-25T00:10:00Z", berlin), "2026-10-24T00:30:00.000Z");
    const model::ZoneTable new_york = zone("America/New_York");
    EXPECT_EQ(next("30 1 * * *", "2026-11-01T00:00:00Z", new_york), "2026-11-01T05:30:00.000Z");
    EXPECT_EQ(next("30 1 * * *", "2026-11-01T05:30:00Z", new_york), "2026-11-02T06:30:00.000Z");
}

TEST(Schedule, KnowsZonesOfHalfAnHour) {
    EXPECT_EQ(next("0 9 * * *", "2026-11-21T00:00:00Z", zone("Asia/Kolkata")),
              "2026-11-21T03:30:00.000Z");
    // Lord Howe turns its clocks by half an hour.
    const model::ZoneTable lord_howe = zone("Australia/Lord_Howe");
    EXPECT_EQ(next("15 2 4 10 *", "2026-10-01T00:00:00Z", lord_howe), "2026-10-03T15:30:00.000Z");
}

TEST(Schedule, StaysQuietAtTheEndsOfTime) {
    EXPECT_EQ(cron("* * * * *").next(model::Time::max(), kUtc), model::Time::max());
    EXPECT_EQ(cron("* * * * *").last(model::kNoTime, kUtc), model::kNoTime);
    EXPECT_GT(cron("* * * * *").next(model::kNoTime, kUtc), model::kNoTime);
    EXPECT_LT(cron("* * * * *").last(model::Time::max(), kUtc), model::Time::max());
    EXPECT_EQ(Schedule().next(at("2026-11-21T00:00:00Z"), kUtc), model::Time::max());
    EXPECT_EQ(Schedule().last(at("2026-11-21T00:00:00Z"), kUtc), model::kNoTime);
}

TEST(Zone, IsReadUntilTheYear2099) {
    const model::ZoneTable berlin = zone("Europe/Berlin");

    EXPECT_EQ(offset_at(at("2026-01-15T00:00:00Z"), berlin), std::chrono::hours(1));
    EXPECT_EQ(offset_at(at("2026-07-15T00:00:00Z"), berlin), std::chrono::hours(2));
    EXPECT_EQ(offset_at(at("2099-07-15T00:00:00Z"), berlin), std::chrono::hours(2));
    EXPECT_EQ(offset_at(at("2099-12-15T00:00:00Z"), berlin), std::chrono::hours(1));
    EXPECT_EQ(offset_at(at("2026-07-15T00:00:00Z"), zone("UTC")), std::chrono::seconds(0));
}

TEST(Zone, NamesTheNearestWhenNobodyKnowsIt) {
    EXPECT_THAT(read_zone("Europe/Berlim").error().message,
                HasSubstr("did you mean \"Europe/Berlin\"?"));
    EXPECT_EQ(read_zone("Europe/Berlim").error().code, ErrorCode::NotFound);
    EXPECT_EQ(read_zone("../../../etc/passwd").error().code, ErrorCode::NotFound);
    EXPECT_EQ(read_zone("").error().code, ErrorCode::NotFound);
}

// The same by asking every minute.
struct Slow {
    std::vector<unsigned> minutes, hours, days, months, weekdays;

    static bool has(const std::vector<unsigned>& values, unsigned value) {
        return values.empty() || std::count(values.begin(), values.end(), value) > 0;
    }

    bool fits(std::chrono::local_time<std::chrono::minutes> local) const {
        const auto day = std::chrono::floor<std::chrono::days>(local);
        const std::chrono::year_month_day date(day);
        const std::chrono::hh_mm_ss clock(local - day);
        const bool day_fits = has(days, static_cast<unsigned>(date.day()));
        const bool weekday_fits = has(weekdays, std::chrono::weekday(day).c_encoding());
        return has(minutes, static_cast<unsigned>(clock.minutes().count())) &&
               has(hours, static_cast<unsigned>(clock.hours().count())) &&
               has(months, static_cast<unsigned>(date.month())) &&
               (days.empty() || weekdays.empty() ? day_fits && weekday_fits
                                                 : day_fits || weekday_fits);
    }

    std::string text() const {
        std::string cron;
        for (const auto* values : {&minutes, &hours, &days, &months, &weekdays}) {
            std::string field;
            for (const unsigned value : *values) {
                field += (field.empty() ? "" : ",") + std::to_string(value);
            }
            cron += (cron.empty() ? "" : " ") + (field.empty() ? std::string("*") : field);
        }
        return cron;
    }
};

// Random schedules around the turns of the clock, against asking minute by minute.
TEST(Schedule, AgreesWithAskingEveryMinute) {
    std::mt19937 random(20261121);
    const auto some = [&](unsigned min, unsigned max, unsigned chance) {
        std::vector<unsigned> values;
        for (auto i = random() % 100 < chance ? 1 + random() % 3 : 0; i > 0; --i) {
            values.push_back(min + static_cast<unsigned>(random() % (max - min + 1)));
        }
        return values;
    };
    const std::vector<model::ZoneTable> zones{zone("Europe/Berlin"), zone("America/New_York"),
                                              zone("Australia/Lord_Howe"), zone("Asia/Kolkata")};
    const std::array<std::string_view, 4> starts{"2026-03-07T18:00:00Z", "2026-03-28T12:00:00Z",
                                                 "2026-10-24T12:00:00Z", "2026-10-31T12:00:00Z"};
    constexpr std::chrono::minutes kSpan = std::chrono::days(3);
    constexpr std::chrono::hours kMargin{3};  // more than any turn of a clock
    for (int round = 0; round < 300; ++round) {
        const Slow slow{some(0, 59, 60), some(0, 23, 50), some(1, 31, 20), some(1, 12, 10),
                        some(0, 6, 20)};
        const Schedule schedule = cron(slow.text());
        const model::ZoneTable& in = zones[random() % zones.size()];
        const model::Time start = at(starts[random() % starts.size()]);
        std::vector<model::Time> expected;
        const auto local_start =
            std::chrono::floor<std::chrono::minutes>(std::chrono::local_seconds(
                (std::chrono::floor<std::chrono::seconds>(start) + offset_at(start, in))
                    .time_since_epoch()));
        for (auto minute = local_start - kMargin; minute < local_start + kSpan;
             minute += std::chrono::minutes(1)) {
            const model::Time time = from_local(minute, in);
            if (slow.fits(minute) && time > start && time < start + kSpan - kMargin &&
                (expected.empty() || expected.back() != time)) {
                expected.push_back(time);
            }
        }

        std::vector<model::Time> found;
        for (model::Time time = schedule.next(start, in); time < start + kSpan - kMargin;
             time = schedule.next(time, in)) {
            ASSERT_EQ(schedule.last(time, in), time) << slow.text() << " in " << in.name;
            if (!found.empty()) {
                ASSERT_GT(time, found.back());
                ASSERT_EQ(schedule.last(time - model::Duration(1), in), found.back())
                    << slow.text() << " in " << in.name << " before " << model::format_time(time);
            }
            found.push_back(time);
        }
        EXPECT_EQ(found, expected) << slow.text() << " in " << in.name;
    }
}

TEST(Zone, TurnsLocalTimeBackIntoTheMomentThatShowsIt) {
    const model::ZoneTable berlin = zone("Europe/Berlin");
    for (model::Time time = at("2026-01-01T00:00:00Z"); time < at("2027-01-01T00:00:00Z");
         time += std::chrono::minutes(37)) {
        const auto local = std::chrono::local_time<model::Duration>(
            (time + offset_at(time, berlin)).time_since_epoch());
        const model::Time back = from_local(local, berlin);
        EXPECT_TRUE(back == time || back == time - std::chrono::hours(1))
            << model::format_time(time);
        EXPECT_EQ(back + offset_at(back, berlin), time + offset_at(time, berlin));
    }
}

}  // namespace
}  // namespace nocturne::rules
