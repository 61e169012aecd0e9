// What is kept of a statistic: after decoding it goes on as if nothing had been, to the bit, and no
// bytes make it misbehave.
#include "plugins/statistics/archive.hpp"

#include "plugins/statistics/best.hpp"
#include "plugins/statistics/change.hpp"
#include "plugins/statistics/kpi.hpp"
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

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace nocturne::plugins {
namespace {

constexpr double kStep = 600;

// Each statistic: how it is made, and one step of it with all that it answers, as numbers.
struct OfRolling {
    using Type = RollingMoments;

    static Type make() { return RollingMoments(37); }

    static std::vector<double> step(Type& it, double, double x) {
        it.add(x);
        return {it.mean(), it.deviation(), static_cast<double>(it.count())};
    }
};

struct OfWeighted {
    using Type = WeightedMoments;

    static Type make() { return WeightedMoments(20); }

    static std::vector<double> step(Type& it, double, double x) {
        it.add(x);
        return {it.mean(), it.deviation(), it.root_mean_square()};
    }
};

struct OfSorted {
    using Type = SortedWindow;

    static Type make() { return SortedWindow(41); }

    static std::vector<double> step(Type& it, double, double x) {
        const double beyond = it.beyond_fence(x, 1.5, 0.1);
        it.add(x);
        return {beyond, it.median(), it.quantile(0.9), it.median_absolute_deviation()};
    }
};

struct OfRange {
    using Type = ShrinkingRange;

    static Type make() { return ShrinkingRange(0.01); }

    static std::vector<double> step(Type& it, double, double x) {
        const double beyond = it.excess(x, 0.1);
        it.add(x);
        return {beyond, it.high(), it.low()};
    }
};

struct OfProfile {
    using Type = SeasonalProfile;

    static Type make() { return SeasonalProfile({86400, 24}, 0.2); }

    static std::vector<double> step(Type& it, double t, double x) {
        it.add(t, x);
        return {it.expected(t), it.knows(t) ? 1.0 : 0.0};
    }
};

struct OfSeasonalRange {
    using Type = SeasonalRange;

    static Type make() { return SeasonalRange({86400, 24}, 0.1, 2); }

    static std::vector<double> step(Type& it, double t, double x) {
        const double beyond = it.excess(t, x, 2);
        const double before = it.excess(t, x, 2, SeasonalRange::Today::DoesNotCount);
        it.add(t, x);
        return {beyond, before};
    }
};

struct OfHighs {
    using Type = NewHighs;

    static Type make() { return NewHighs(50); }

    static std::vector<double> step(Type& it, double, double x) { return {it.pass(x)}; }
};

struct OfSketch {
    using Type = QuantileSketch;

    static Type make() { return QuantileSketch(500); }

    static std::vector<double> step(Type& it, double, double x) {
        it.add(x);
        return {it.quantile(0.1), it.quantile(0.99), it.share_above(x), it.count()};
    }
};

struct OfTail {
    using Type = TailProbability;

    static Type make() { return TailProbability(0.9, 300); }

    static std::vector<double> step(Type& it, double, double x) {
        const double surprise = it.surprise(std::abs(x));
        it.add(std::abs(x));
        return {surprise};
    }
};

struct OfTrend {
    using Type = Trend;

    static Type make() { return Trend(60); }

    static std::vector<double> step(Type& it, double t, double x) {
        it.add(t, x);
        return {it.slope(), it.explained(), it.time_to(100, t)};
    }
};

struct OfChange {
    using Type = ChangePoint;

    static Type make() { return ChangePoint({200, 0.5, 4, 100}); }

    static std::vector<double> step(Type& it, double, double x) {
        const double sum = it.add(x);
        if (sum > 20) {
            it.forget();
        }
        return {sum};
    }
};

struct OfShift {
    using Type = DistributionShift;

    static Type make() { return DistributionShift(50); }

    static std::vector<double> step(Type& it, double, double x) {
        const double is_new = it.add(x) ? 1 : 0;
        return {is_new, it.stability_index(), it.kolmogorov_smirnov()};
    }
};

struct OfBurn {
    using Type = BurnRate;

    static Type make() { return BurnRate(0.99, 36'000); }

    static std::vector<double> step(Type& it, double t, double x) {
        it.add(t, x > 2 ? 1 : 0, 1);
        return {it.rate(), it.is_full() ? 1.0 : 0.0};
    }
};

struct OfCovariate {
    using Type = CovariateBaseline;

    static Type make() { return CovariateBaseline(100); }

    static std::vector<double> step(Type& it, double t, double x) {
        const double load = 1 + std::fmod(t / kStep, 17);
        const double far = it.distance(load, x, 0.1);
        it.add(load, x);
        return {far};
    }
};

struct OfAutocorrelation {
    using Type = Autocorrelation;

    static Type make() { return Autocorrelation(12, 200); }

    static std::vector<double> step(Type& it, double, double x) {
        it.add(x);
        return {it.correlation()};
    }
};

template <class Detector>
struct OfDetector {
    using Type = Detector;

    static Type make() { return Detector(typename Detector::Settings()); }

    static std::vector<double> step(Type& it, double t, double x) { return {it.score(t, x)}; }
};

// A daily course, noise, ties, jumps, and now and then what is no number.
double sample_at(std::mt19937& random, int i) {
    const auto dice = random() % 40;
    if (dice == 0) {
        return std::vector<double>{std::nan(""), 1e149, -1e149, -0.0}[random() % 4];
    }
    const double noise = static_cast<double>(random() % 1000) / 500 - 1;
    const double course = 3 * std::sin(2 * M_PI * i * kStep / 86400);
    return dice < 5 ? 3.0 : (dice == 5 ? 60 * noise : course + noise);
}

template <class Of>
class Kept : public testing::Test {};

using All =
    testing::Types<OfRolling, OfWeighted, OfSorted, OfRange, OfProfile, OfSeasonalRange, OfHighs,
                   OfSketch, OfTail, OfTrend, OfChange, OfShift, OfBurn, OfCovariate,
                   OfAutocorrelation, OfDetector<BestDetector>, OfDetector<KpiDetector>>;
TYPED_TEST_SUITE(Kept, All);

TYPED_TEST(Kept, GoesOnAsIfNothingHadBeenWhereverItIsCut) {
    auto whole = TypeParam::make();
    auto kept = TypeParam::make();
    std::mt19937 random(7);

    for (int i = 0; i < 3000; ++i) {
        const double sample = sample_at(random, i);
        const auto expected = TypeParam::step(whole, i * kStep, sample);
        const auto got = TypeParam::step(kept, i * kStep, sample);
        for (std::size_t answer = 0; answer < expected.size(); ++answer) {
            ASSERT_EQ(std::bit_cast<std::uint64_t>(got[answer]),
                      std::bit_cast<std::uint64_t>(expected[answer]))
                << "sample " << i << ", answer " << answer;
        }

        if (i < 200 || i % 37 == 0) {
            model::Writer out;
            encode(kept, out);
            model::Reader in(out.bytes());
            auto fresh = TypeParam::make();
            ASSERT_TRUE(decode(fresh, in)) << i;
            ASSERT_EQ(in.remaining(), 0U);
            model::Writer again;
            encode(fresh, again);
            ASSERT_EQ(again.bytes(), out.bytes()) << i;
            kept = std::move(fresh);
        }
    }
}

TYPED_TEST(Kept, RefusesWhatIsCutShort) {
    auto one = TypeParam::make();
    std::mt19937 random(8);
    for (int i = 0; i < 300; ++i) {
        TypeParam::step(one, i * kStep, sample_at(random, i));
    }
    model::Writer out;
    encode(one, out);

    for (std::size_t length = 0; length < out.bytes().size(); ++length) {
        model::Reader in(std::string_view(out.bytes()).substr(0, length));
        auto fresh = TypeParam::make();
        ASSERT_FALSE(decode(fresh, in)) << length;
    }
}

TYPED_TEST(Kept, SurvivesAnyBytesThatItAccepts) {
    auto one = TypeParam::make();
    std::mt19937 random(9);
    for (int i = 0; i < 300; ++i) {
        TypeParam::step(one, i * kStep, sample_at(random, i));
    }
    model::Writer out;
    encode(one, out);

    for (int round = 0; round < 2000; ++round) {
        std::string bytes = out.bytes();
        for (auto changes = 1 + random() % 4; changes > 0; --changes) {
            bytes[random() % std::min<std::size_t>(bytes.size(), 200)] =
                static_cast<char>(random() % 256);
        }
        model::Reader in(bytes);
        auto fresh = TypeParam::make();
        if (!decode(fresh, in)) {
            continue;
        }
        for (int i = 0; i < 120; ++i) {  // the sanitizers look on
            TypeParam::step(fresh, (300 + i) * kStep, sample_at(random, i));
        }
    }
}

TEST(Kept, WeighsWhatItHoldsOnTheHeap) {
    RollingMoments rolling(1000);
    WeightedMoments weighted(1000);
    SortedWindow sorted(1000);

    EXPECT_EQ(heap_bytes_of(rolling), 8000U);
    EXPECT_EQ(heap_bytes_of(weighted), 0U);
    EXPECT_EQ(heap_bytes_of(sorted), 16'000U);
}

TEST(Kept, TakesFewBytesWhereLittleIsKnown) {
    QuantileSketch sketch;
    RollingMoments rolling(100'000);
    for (int i = 0; i < 10; ++i) {
        sketch.add(5);
        rolling.add(i);
    }

    model::Writer out;
    encode(sketch, out);
    encode(rolling, out);

    EXPECT_LT(out.bytes().size(), 200U);
}

}  // namespace
}  // namespace nocturne::plugins
