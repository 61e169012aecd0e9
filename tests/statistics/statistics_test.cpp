// Each streaming statistic against its formula over the whole past, on random streams.
#include "plugins/statistics/change.hpp"
#include "plugins/statistics/load.hpp"
#include "plugins/statistics/moments.hpp"
#include "plugins/statistics/order.hpp"
#include "plugins/statistics/range.hpp"
#include "plugins/statistics/repeats.hpp"
#include "plugins/statistics/seasonal.hpp"
#include "plugins/statistics/tail.hpp"
#include "plugins/statistics/trend.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

namespace nocturne::plugins {
namespace {

using Samples = std::vector<double>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kHour = 3600;
constexpr double kDay = 86400;

// Seeded, with ties, runs and a few far ones: what metrics look like.
Samples metric_of(unsigned seed, std::size_t length, double offset = 0) {
    std::mt19937 random(seed);
    std::normal_distribution<double> noise(0, 1);
    Samples samples;
    for (std::size_t i = 0; i < length; ++i) {
        const auto dice = random() % 20;
        const double value = dice == 0 ? 50 * noise(random) : dice < 4 ? 3.0 : noise(random);
        samples.push_back(offset + value);
    }
    return samples;
}

Samples last_of(const Samples& samples, std::size_t end, std::size_t window) {
    const std::size_t begin = end < window ? 0 : end - window;
    return {samples.begin() + static_cast<std::ptrdiff_t>(begin),
            samples.begin() + static_cast<std::ptrdiff_t>(end)};
}

double mean_of(const Samples& samples) {
    return std::accumulate(samples.begin(), samples.end(), 0.0) /
           static_cast<double>(samples.size());
}

double deviation_of(const Samples& samples) {
    const double mean = mean_of(samples);
    double squares = 0;
    for (const double sample : samples) {
        squares += (sample - mean) * (sample - mean);
    }
    return std::sqrt(squares / static_cast<double>(samples.size()));
}

TEST(RollingMoments, AgreeWithTheFormulaOverTheirWindow) {
    const Samples samples = metric_of(1, 2000);
    RollingMoments moments(37);

    for (std::size_t i = 0; i < samples.size(); ++i) {
        moments.add(samples[i]);
        const Samples window = last_of(samples, i + 1, 37);
        ASSERT_NEAR(moments.mean(), mean_of(window), 1e-9) << i;
        ASSERT_NEAR(moments.deviation(), deviation_of(window), 1e-6) << i;
    }
}

TEST(RollingMoments, KeepTheirDigitsFarFromZero) {
    const Samples samples = metric_of(2, 5000, 1e9);
    RollingMoments moments(50);

    for (const double sample : samples) {
        moments.add(sample);
    }

    EXPECT_NEAR(moments.deviation(), deviation_of(last_of(samples, samples.size(), 50)), 1e-4);
}

TEST(RollingMoments, OfAConstantSeriesHaveNoDeviation) {
    RollingMoments moments(10);

    for (int i = 0; i < 1000; ++i) {
        moments.add(0.1);
    }

    EXPECT_DOUBLE_EQ(moments.mean(), 0.1);
    EXPECT_NEAR(moments.deviation(), 0, 1e-9);
}

TEST(Statistics, LearnNothingFromNaNAndInfinity) {
    RollingMoments rolling(10);
    WeightedMoments weighted(10);
    SortedWindow sorted(10);
    ShrinkingRange range(0.01);

    for (const double bad : {kNaN, kInfinity, -kInfinity}) {
        EXPECT_FALSE(rolling.add(bad));
        EXPECT_FALSE(weighted.add(bad));
        EXPECT_FALSE(sorted.add(bad));
        EXPECT_FALSE(range.add(bad));
        EXPECT_FALSE(QuantileSketch().add(bad));
        EXPECT_FALSE(Trend(10).add(0, bad));
        EXPECT_FALSE(Trend(10).add(bad, 0));
        EXPECT_FALSE(SeasonalProfile({}, 0.1).add(0, bad));
        EXPECT_FALSE(SeasonalRange({}, 0, 0).add(bad, 0));
        EXPECT_FALSE(BurnRate(0.99, kHour).add(0, bad, 1));
        EXPECT_FALSE(Autocorrelation(1, 10).add(bad));
        EXPECT_FALSE(CovariateBaseline(10).add(bad, 1));
        EXPECT_FALSE(TailProbability(0.98, 100).add(bad));
    }

    EXPECT_EQ(rolling.count() + weighted.count() + sorted.count() + range.count(), 0U);
}

TEST(WeightedMoments, AgreeWithWeightsThatFallByOneMinusAlpha) {
    const Samples samples = metric_of(3, 400);
    const double alpha = 2.0 / 21;
    WeightedMoments moments(20);
    for (const double sample : samples) {
        moments.add(sample);
    }

    // Sample i of n has the weight w_i; the first ones weigh alike until 1 / i falls below alpha.
    Samples weights;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double share = std::max(alpha, 1.0 / static_cast<double>(i + 1));
        for (double& weight : weights) {
            weight *= 1 - share;
        }
        weights.push_back(share);
    }
    double mean = 0;
    double square = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        mean += weights[i] * samples[i];
        square += weights[i] * samples[i] * samples[i];
    }

    EXPECT_NEAR(moments.mean(), mean, 1e-9);
    EXPECT_NEAR(moments.deviation(), std::sqrt(square - mean * mean), 1e-6);
}

TEST(SortedWindow, AgreesWithSortingTheWindow) {
    const Samples samples = metric_of(4, 1500);
    SortedWindow window(41);

    for (std::size_t i = 0; i < samples.size(); ++i) {
        window.add(samples[i]);
        Samples sorted = last_of(samples, i + 1, 41);
        std::sort(sorted.begin(), sorted.end());
        const std::size_t n = sorted.size();
        const double median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
        ASSERT_NEAR(window.median(), median, 1e-12) << i;
        ASSERT_EQ(window.quantile(0), sorted.front()) << i;
        ASSERT_EQ(window.quantile(1), sorted.back()) << i;

        Samples distances;
        for (const double sample : sorted) {
            distances.push_back(std::abs(sample - median));
        }
        std::sort(distances.begin(), distances.end());
        ASSERT_NEAR(window.median_absolute_deviation(), distances[(n - 1) / 2], 1e-12) << i;
    }
}

TEST(SortedWindow, FencesCountInterquartileRanges) {
    SortedWindow window(101);
    for (int i = 0; i <= 100; ++i) {
        window.add(i);
    }

    EXPECT_EQ(window.beyond_fence(150, 1.5, 0), 0);         // the fence stands at 75 + 75
    EXPECT_DOUBLE_EQ(window.beyond_fence(200, 1.5, 0), 1);  // and this is one IQR beyond
    EXPECT_DOUBLE_EQ(window.beyond_fence(-100, 1.5, 0), 1);
    EXPECT_DOUBLE_EQ(window.beyond_fence(375, 1.5, 100), 1.5);  // a floor widens it: 75 + 150
}

TEST(DistanceInScales, IsFiniteForAConstantSeries) {
    EXPECT_EQ(distance_in_scales(5, 5, 0, 0), 0);
    EXPECT_EQ(distance_in_scales(6, 5, 0, 0), 1e9);
    EXPECT_EQ(distance_in_scales(6, 5, 0, 0.5), 2);
    EXPECT_EQ(distance_in_scales(3, 5, 4, 0.5), 0.5);
}

TEST(ShrinkingRange, TellsByHowManyWidthsARecordIsOne) {
    ShrinkingRange range(1e-6);
    for (int i = 0; i < 100; ++i) {
        range.add(i % 11);
    }

    EXPECT_EQ(range.excess(10 - 0.01, 0), 0);
    EXPECT_NEAR(range.excess(15, 0), 0.5, 1e-3);
    EXPECT_NEAR(range.excess(-10, 0), 1.0, 1e-3);
    EXPECT_NEAR(range.excess(15, 20), 0.25, 1e-3);
    EXPECT_EQ(range.excess(kNaN, 0), 0);
}

TEST(ShrinkingRange, ForgetsARecordInTheEnd) {
    ShrinkingRange range(0.001);
    range.add(0);
    range.add(100);
    const auto run = [&range](int samples) {
        for (int i = 0; i < samples; ++i) {
            range.add(i % 2);
        }
    };

    run(100);
    EXPECT_EQ(range.excess(50, 0), 0);
    run(10'000);
    EXPECT_GT(range.excess(50, 0), 1);
}

TEST(NewHighs, PassOnlyWhatIsAboveTheWindow) {
    std::mt19937 random(5);
    for (const std::size_t window : {0U, 1U, 7U, 100U}) {
        NewHighs highs(window);
        Samples past;
        for (int i = 0; i < 3000; ++i) {
            const double score = static_cast<double>(random() % 50) / 10;
            const Samples before = last_of(past, past.size(), window);
            const double highest =
                before.empty() ? 0 : *std::max_element(before.begin(), before.end());
            ASSERT_EQ(highs.pass(score), score > highest ? score : 0) << window << " " << i;
            past.push_back(score);
        }
    }
}

TEST(NewHighs, TakeNaNForSilence) {
    NewHighs highs(3);

    EXPECT_EQ(highs.pass(kNaN), 0);
    EXPECT_EQ(highs.pass(1), 1);
}

TEST(SeasonalProfile, ExpectsTheMeanOfEarlierDays) {
    SeasonalProfile profile({kDay, 24}, 0.01);
    for (int hour = 0; hour < 24 * 10; ++hour) {
        EXPECT_EQ(profile.knows(hour * kHour), hour >= 24);
        profile.add(hour * kHour, hour % 24 + hour / 24);
    }

    const double day_ten = 10 * kDay;
    EXPECT_NEAR(profile.expected(day_ten + 5 * kHour), 5 + 4.5, 1e-9);  // days 0 to 9
    profile.add(day_ten + 5 * kHour, 1000);
    EXPECT_NEAR(profile.expected(day_ten + 5 * kHour), 9.5, 1e-9);  // today is not an earlier day
}

TEST(SeasonalRange, IsSilentUntilAllHoursAroundWereSeenOftenEnough) {
    SeasonalRange range({kDay, 24}, 0, 1);
    range.add(10 * kHour, 1);
    range.add(11 * kHour, 2);
    EXPECT_EQ(range.excess(kDay + 11 * kHour, 5, 1), -1);  // 12:00 is not known

    range.add(12 * kHour, 3);
    EXPECT_EQ(range.excess(kDay + 11 * kHour, 5, 1), 2);
    EXPECT_EQ(range.excess(kDay + 11 * kHour, 0.5, 1), 0.5);
    EXPECT_EQ(range.excess(kDay + 11 * kHour, 2.5, 1), 0);
    EXPECT_EQ(range.excess(kDay + 11 * kHour, 5, 2), -1);
}

TEST(SeasonalRange, CountsMidnightAsANeighbourOfTheLastHour) {
    SeasonalRange range({kDay, 24}, 0, 1);
    for (int hour : {22, 23, 0}) {
        range.add(hour * kHour, hour == 0 ? 100 : 1);
    }

    EXPECT_EQ(range.excess(kDay + 23 * kHour, 100, 1), 0);
}

TEST(QuantileSketch, IsWithinOnePercentOfTheQuantile) {
    std::mt19937 random(6);
    std::lognormal_distribution<double> latency(3, 2);
    Samples samples;
    QuantileSketch sketch;
    for (int i = 0; i < 20'000; ++i) {
        const double value = (i % 3 == 0 ? -1 : 1) * latency(random);
        samples.push_back(value);
        sketch.add(value);
    }
    std::sort(samples.begin(), samples.end());

    for (const double share : {0.001, 0.1, 0.3, 0.5, 0.9, 0.99, 0.999}) {
        const auto rank = static_cast<std::size_t>(share * static_cast<double>(samples.size()));
        const double exact = samples[rank - 1];
        EXPECT_NEAR(sketch.quantile(share), exact, 0.011 * std::abs(exact) + 0.01) << share;
    }
    EXPECT_NEAR(sketch.share_above(samples[18'000]), 0.1, 0.01);
    EXPECT_NEAR(sketch.share_above(samples[2'000]), 0.9, 0.01);
}

TEST(QuantileSketch, FadesWhatIsOld) {
    QuantileSketch sketch(100);
    for (int i = 0; i < 1000; ++i) {
        sketch.add(1);
    }
    for (int i = 0; i < 1000; ++i) {
        sketch.add(1000);
    }

    EXPECT_NEAR(sketch.quantile(0.1), 1000, 11);
}

TEST(TailProbability, KnowsHowSeldomALargeOneIs) {
    std::mt19937 random(7);
    std::exponential_distribution<double> size(1);
    TailProbability tail(0.98, 5000);
    for (int i = 0; i < 200'000; ++i) {
        tail.add(size(random));
    }

    // P(X >= x) = exp(-x), so that the surprise is x / ln 10.
    EXPECT_NEAR(tail.surprise(std::log(1e4)), 4, 0.6);
    EXPECT_NEAR(tail.surprise(std::log(1e6)), 6, 1.0);
    EXPECT_EQ(tail.surprise(1), 0);
}

TEST(NormalTail, IsThatOfTheTables) {
    EXPECT_NEAR(normal_tail(0), 0.5, 1e-12);
    EXPECT_NEAR(normal_tail(1.959964), 0.025, 1e-6);
    EXPECT_NEAR(normal_tail(3), 0.0013499, 1e-7);
}

TEST(Trend, SaysWhenADiskIsFull) {
    Trend trend(100);
    for (int minute = 0; minute < 300; ++minute) {
        trend.add(1e9 + minute * 60, 20 + 0.1 * minute);
    }

    const double now_s = 1e9 + 299 * 60;
    EXPECT_NEAR(trend.slope() * 60, 0.1, 1e-9);
    EXPECT_NEAR(trend.explained(), 1, 1e-9);
    EXPECT_NEAR(trend.time_to(100, now_s) / 60, (100 - 49.9) / 0.1, 1e-3);
    EXPECT_EQ(trend.time_to(0, now_s), kInfinity);
}

TEST(Trend, OfAConstantSeriesNeverArrives) {
    Trend trend(10);
    for (int i = 0; i < 50; ++i) {
        trend.add(i, 7);
    }

    EXPECT_EQ(trend.slope(), 0);
    EXPECT_EQ(trend.explained(), 0);
    EXPECT_EQ(trend.time_to(8, 50), kInfinity);
}

TEST(ChangePoint, FindsAShiftOfALevelAndNotAnOutlier) {
    std::mt19937 random(8);
    std::normal_distribution<double> noise(10, 1);
    ChangePoint change({.span = 500, .slack = 0.5, .step_max = 4, .sum_max = 100});
    double highest = 0;
    for (int i = 0; i < 2000; ++i) {
        highest = std::max(highest, change.add(i == 1000 ? 500 : noise(random)));
    }
    EXPECT_LT(highest, 15);

    int samples = 0;
    while (change.add(noise(random) - 3) < 20 && samples < 1000) {
        ++samples;
    }
    EXPECT_LT(samples, 20);
}

TEST(DistributionShift, TellsASpreadFromMoreOfTheSame) {
    std::mt19937 random(9);
    std::normal_distribution<double> noise(0, 1);
    DistributionShift shift(500);
    const auto run = [&](double scale) {
        for (int i = 0; i < 500; ++i) {
            shift.add(scale * noise(random));
        }
    };

    run(1);
    run(1);
    EXPECT_LT(shift.stability_index(), 0.1);
    EXPECT_LT(shift.kolmogorov_smirnov(), 0.1);
    run(5);  // the same mean
    EXPECT_GT(shift.stability_index(), 0.25);
    EXPECT_GT(shift.kolmogorov_smirnov(), 0.2);
}

TEST(BurnRate, IsTheShareOfBadOverWhatIsAllowed) {
    BurnRate hour(0.99, kHour);
    for (int second = 0; second < 7200; ++second) {
        hour.add(second, second >= 5400 && second % 10 == 0 ? 1 : 0, 1);
    }

    // Of the last hour the second half has 10 % bad: 5 % of all, five times the allowed 1 %.
    EXPECT_NEAR(hour.rate(), 5, 0.1);
    EXPECT_TRUE(hour.is_full());
    hour.add(20'000, 0, 1);
    EXPECT_EQ(hour.rate(), 0);
}

TEST(CovariateBaseline, ExpectsLongAnswersToLongPrompts) {
    CovariateBaseline latency(200);
    std::mt19937 random(10);
    for (int i = 0; i < 5000; ++i) {
        const double prompt = 16 << (random() % 6);
        latency.add(prompt, prompt * 2 + static_cast<double>(random() % 10));
    }

    EXPECT_LT(latency.distance(512, 1030, 1), 3);
    EXPECT_GT(latency.distance(16, 1030, 1), 100);
    EXPECT_EQ(latency.distance(1e6, 1030, 1), 0);  // never seen
}

TEST(Autocorrelation, SeesThatADayRepeats) {
    Autocorrelation daily(24, 1000);
    Autocorrelation off(18, 1000);
    Autocorrelation constant(24, 1000);
    for (int hour = 0; hour < 500; ++hour) {
        const double value = std::sin(2 * M_PI * hour / 24);
        daily.add(value);
        off.add(value);
        constant.add(5);
    }

    EXPECT_NEAR(daily.correlation(), 1, 0.01);
    EXPECT_NEAR(off.correlation(), 0, 0.05);
    EXPECT_EQ(constant.correlation(), 0);
}

TEST(Combination, TakesAnyAllSomeOrTheEvidence) {
    const Samples scores = {0.9, 0.6, 0.1};

    EXPECT_EQ(any_of(scores), 0.9);
    EXPECT_EQ(all_of(scores), 0.1);
    EXPECT_EQ(k_of(2, scores), 0.6);
    EXPECT_EQ(k_of(4, scores), 0);
    // Odds 9 * 1.5 / 9 = 1.5.
    EXPECT_NEAR(likelihood_of(scores), 0.6, 1e-9);
    EXPECT_EQ(any_of({}) + all_of({}) + k_of(1, {}) + likelihood_of({}), 0);
}

}  // namespace
}  // namespace nocturne::plugins
