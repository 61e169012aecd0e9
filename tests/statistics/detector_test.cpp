// Stories of the shipped detectors: what they tell, and when they keep silent.
#include "plugins/statistics/detector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace nocturne::plugins {
namespace {

constexpr double kStep = 300;
constexpr int kDay = 288;  // samples

class Series {
   public:
    explicit Series(std::string_view name, const DetectorSettings& given = {})
        : detector_(*find_shipped_detector(name)),
          one_(detector_.make(*complete_settings(detector_, given))) {}

    // The number of alerts while `value_of(i)` runs for so many samples.
    template <typename F>
    int alerts(int samples, F value_of) {
        int count = 0;
        for (int i = 0; i < samples; ++i, ++now_) {
            const double score = one_->score(now_ * kStep, value_of(now_));
            EXPECT_GE(score, 0) << now_;
            EXPECT_LE(score, 1) << now_;
            count += score >= 0.5 ? 1 : 0;
        }
        return count;
    }

    // Time passes without a sample.
    void skip(int samples) { now_ += samples; }

   private:
    ShippedDetector detector_;
    std::unique_ptr<Detector> one_;
    int now_ = 0;
};

class Noise {
   public:
    double operator()() { return normal_(random_); }

   private:
    std::mt19937 random_{11};
    std::normal_distribution<double> normal_{0, 1};
};

double daily(int i) {
    const int hour = i % kDay / 12;
    return hour >= 9 && hour < 18 ? 80 : 20;
}

std::vector<std::string_view> names() {
    std::vector<std::string_view> all;
    for (const ShippedDetector& detector : shipped_detectors()) {
        all.push_back(detector.name);
    }
    return all;
}

TEST(Best, TellsARecordOnce) {
    Series series("best");
    Noise noise;
    series.alerts(5 * kDay, [&](int) { return 50 + noise(); });

    EXPECT_GE(series.alerts(10, [](int) { return 90; }), 1);
    EXPECT_EQ(series.alerts(80, [](int) { return 90; }), 0);
}

TEST(Best, MissesTheMorningThatDoesNotCome) {
    Series series("best");
    Noise noise;
    const auto usual = [&](int i) { return daily(i) + noise(); };
    series.alerts(3 * kDay, usual);
    EXPECT_EQ(series.alerts(6 * kDay, usual), 0);

    series.alerts(8 * 12, usual);
    EXPECT_GE(series.alerts(10 * 12, [&](int) { return 20 + noise(); }), 1);
}

TEST(Best, IsSilentAboutWhatRepeats) {
    Series series("best");
    series.alerts(2 * kDay, daily);

    EXPECT_EQ(series.alerts(20 * kDay, daily), 0);
}

TEST(Kpi, TellsADropThatThisTimeOfDayDoesNotHave) {
    Series series("kpi");
    Noise noise;
    const auto usual = [&](int i) {
        return 1000 + 300 * std::sin(2 * M_PI * i / kDay) + 10 * noise();
    };
    series.alerts(10 * kDay, usual);

    EXPECT_GE(series.alerts(5, [&](int i) { return usual(i) / 2; }), 1);
}

TEST(Kpi, ForgivesThePeakThatComesEveryDay) {
    Series series("kpi");
    const auto usual = [](int i) { return (i % kDay == 100 ? 120 : 100) + i * 7 % 11; };
    series.alerts(10 * kDay, usual);

    EXPECT_EQ(series.alerts(5 * kDay, usual), 0);
    EXPECT_GE(series.alerts(1, [](int) { return 150; }), 1);  // midnight
}

TEST(Leak, TellsMemoryThatGrowsBeforeItsLimit) {
    Series series("leak", {{"limit", 1000}});
    Noise noise;
    EXPECT_EQ(series.alerts(3 * kDay, [&](int) { return 200 + 5 * noise(); }), 0);

    EXPECT_GE(series.alerts(100, [&](int i) { return 200 + 7 * (i - 3 * kDay) + 5 * noise(); }), 1);
}

TEST(Missing, TellsAGapWhenItEnds) {
    Series series("missing");
    EXPECT_EQ(series.alerts(3 * kDay, [](int) { return 1; }), 0);

    series.skip(60);
    EXPECT_EQ(series.alerts(10, [](int) { return 1; }), 1);
}

TEST(Missing, TellsSamplesThatAreNoNumbers) {
    Series series("missing");
    series.alerts(3 * kDay, [](int) { return 1; });

    EXPECT_GE(series.alerts(50, [](int) { return std::nan(""); }), 1);
}

TEST(Threshold, TakesTheLimitThatIsGiven) {
    Series series("threshold", {{"high", 90}, {"learning", 20}});
    series.alerts(20, [](int) { return 50; });

    EXPECT_EQ(series.alerts(50, [](int i) { return i % 90; }), 0);
    EXPECT_EQ(series.alerts(1, [](int) { return 91; }), 1);
}

class EveryDetector : public testing::TestWithParam<std::string_view> {};

TEST_P(EveryDetector, IsSilentAboutAConstantSeries) {
    Series series(GetParam());

    EXPECT_EQ(series.alerts(10 * kDay, [](int) { return 45; }), 0);
}

TEST_P(EveryDetector, SurvivesAnyNumber) {
    std::mt19937 random(12);
    const double limits = std::numeric_limits<double>::max();
    const std::vector<double> odd = {
        0,       -0.0,   1e-320,       1e300,
        -limits, limits, std::nan(""), std::numeric_limits<double>::infinity(),
        1,       1e9};
    Series series(GetParam());

    series.alerts(20'000, [&](int) { return odd[random() % odd.size()]; });
}

TEST_P(EveryDetector, GivesTheSameScoresAgainAndDoesNotLookAhead) {
    const ShippedDetector shipped = *find_shipped_detector(GetParam());
    const DetectorSettings settings = *complete_settings(shipped, {});
    const auto scores_of = [&](int samples) {
        Noise noise;
        const auto detector = shipped.make(settings);
        std::vector<double> scores;
        for (int i = 0; i < samples; ++i) {
            scores.push_back(detector->score(i * kStep, (i % 500 == 0 ? 30 : 1) * noise()));
        }
        return scores;
    };

    const std::vector<double> whole = scores_of(4000);
    std::vector<double> part = scores_of(2000);

    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin()));
}

INSTANTIATE_TEST_SUITE_P(Shipped, EveryDetector, testing::ValuesIn(names()),
                         [](const auto& one) { return std::string(one.param); });

TEST(DetectorSettings, RefuseAnUnknownNameAndAValueOutOfBounds) {
    const ShippedDetector best = *find_shipped_detector("best");

    const auto unknown = complete_settings(best, {{"lvl", 1}});
    const auto outside = complete_settings(best, {{"level", -1}});

    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().message,
              "detector \"best\" has no parameter \"lvl\"; it has level, hour, day, repeat");
    ASSERT_FALSE(outside);
    EXPECT_EQ(outside.error().message, "parameter \"level\" is -1; expected 0.001 to 10");
    EXPECT_FALSE(complete_settings(best, {{"level", std::nan("")}}));
}

}  // namespace
}  // namespace nocturne::plugins
