// Samples a second, on one core, through each shipped detector and some of the statistics.
#include "plugins/statistics/detector.hpp"
#include "plugins/statistics/moments.hpp"
#include "plugins/statistics/order.hpp"
#include "plugins/statistics/seasonal.hpp"
#include "plugins/statistics/tail.hpp"

#include <cmath>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace nocturne::plugins;

constexpr std::size_t kSamples = 1'000'000;
constexpr double kMinute = 60;

double cpu_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

// `step` takes (time, value) and gives something to add up, so that nothing is optimised away.
template <typename F>
void measure(const std::string& name, const std::vector<double>& samples, F step) {
    const double begin = cpu_seconds();
    double sum = 0;
    double time_s = 0;
    for (const double sample : samples) {
        sum += step(time_s += kMinute, sample);
    }
    const double seconds = cpu_seconds() - begin;
    std::printf("%-28s %8.1f million samples/s  (%g)\n", name.c_str(),
                static_cast<double>(samples.size()) / seconds / 1e6, sum);
}

}  // namespace

int main() {
    std::mt19937 random(1);
    std::normal_distribution<double> noise(0, 1);
    std::vector<double> samples;
    for (std::size_t i = 0; i < kSamples; ++i) {
        samples.push_back(100 + 30 * std::sin(static_cast<double>(i) / 229) + noise(random));
    }

    WeightedMoments weighted(100);
    measure("weighted mean, deviation", samples, [&](double, double x) {
        weighted.add(x);
        return weighted.deviation();
    });
    RollingMoments rolling(100);
    measure("rolling mean, deviation", samples, [&](double, double x) {
        rolling.add(x);
        return rolling.deviation();
    });
    SortedWindow sorted(100);
    measure("median and MAD of 100", samples, [&](double, double x) {
        sorted.add(x);
        return sorted.median() + sorted.median_absolute_deviation();
    });
    SeasonalProfile profile({86400, 288}, 0.1);
    measure("seasonal profile", samples, [&](double time_s, double x) {
        profile.add(time_s, x);
        return profile.expected(time_s);
    });
    QuantileSketch sketch;
    measure("quantile sketch, add", samples,
            [&](double, double x) { return sketch.add(x) ? 1.0 : 0.0; });
    TailProbability tail(0.98, 1000);
    measure("tail probability", samples, [&](double, double x) {
        tail.add(x);
        return tail.surprise(x);
    });
    for (const ShippedDetector& shipped : shipped_detectors()) {
        const auto detector = shipped.make(*complete_settings(shipped, {}));
        measure("detector " + std::string(shipped.name), samples,
                [&](double time_s, double x) { return detector->score(time_s, x); });
    }
    return 0;
}
