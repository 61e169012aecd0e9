// Samples a second, on one core, through some of the statistics and each shipped detector.
#include "plugins/plugin.hpp"
#include "plugins/shipped_scripts.hpp"
#include "plugins/statistics/best.hpp"
#include "plugins/statistics/change.hpp"
#include "plugins/statistics/kpi.hpp"
#include "plugins/statistics/load.hpp"
#include "plugins/statistics/moments.hpp"
#include "plugins/statistics/order.hpp"
#include "plugins/statistics/range.hpp"
#include "plugins/statistics/seasonal.hpp"
#include "plugins/statistics/tail.hpp"
#include "plugins/statistics/trend.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>
#include <string_view>
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
    std::printf("%-28s %8.2f million samples/s  (%g)\n", name.c_str(),
                static_cast<double>(samples.size()) / seconds / 1e6, sum);
}

// What a plugin sees beside its sample: nothing.
class Emptiness final : public World {
   public:
    nocturne::model::Time now() const override { return now_; }

    const nocturne::topology::Graph& graph() const override { return graph_; }

    std::vector<SeenChange> changes_on(std::string_view, std::size_t) const override { return {}; }

    std::vector<SeenIncident> alike(std::size_t) const override { return {}; }

    void set_now(nocturne::model::Time now) { now_ = now; }

   private:
    nocturne::model::Time now_{};
    nocturne::topology::Graph graph_;
};

// A detector of metrics through its sandbox.
void measure_script(const ShippedScript& script, const std::vector<double>& samples) {
    const auto plugin = *Plugin::load({std::string(script.file), std::string(script.text), {}}, {});
    if (!plugin->manifest().handlers.on_sample) {
        return;
    }
    Emptiness world;
    nocturne::model::EventView sample;
    sample.source = "bench";
    sample.resource = "host";
    sample.check = "value";
    sample.kind = nocturne::model::Kind::Metric;
    sample.has_value = true;
    measure(std::string(script.name) + ".lua", samples, [&](double time_s, double x) {
        sample.time = nocturne::model::from_unix_ms(static_cast<std::int64_t>(time_s * 1000));
        sample.value = x;
        world.set_now(sample.time);
        return plugin->on_sample(sample, world).score.value_or(0);
    });
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
    ShrinkingRange range(1e-4);
    measure("range ever seen", samples, [&](double, double x) {
        const double excess = range.excess(x, 1e-9);
        range.add(x);
        return excess;
    });
    SeasonalRange hours({86400, 24}, 0, 2);
    measure("range of the hour", samples, [&](double time_s, double x) {
        const double excess = hours.excess(time_s, x, 2);
        hours.add(time_s, x);
        return excess;
    });
    Trend trend(100);
    measure("trend, time to a limit", samples, [&](double time_s, double x) {
        trend.add(time_s, x);
        return std::min(trend.time_to(1000, time_s), 1e9);
    });
    ChangePoint change;
    measure("change point (CUSUM)", samples, [&](double, double x) { return change.add(x); });
    DistributionShift shift(288);
    measure("drift (PSI and KS) of 288", samples, [&](double, double x) {
        shift.add(x);
        return shift.stability_index();
    });
    BurnRate burn(0.99, 3600);
    measure("burn rate", samples, [&](double time_s, double x) {
        burn.add(time_s, x > 130 ? 1 : 0, 1);
        return burn.rate();
    });
    CovariateBaseline covariate(1000);
    measure("covariate baseline", samples, [&](double time_s, double x) {
        covariate.add(time_s, x);
        return covariate.distance(time_s, x, 0.1);
    });
    Autocorrelation autocorrelation(1440, 5000);
    measure("autocorrelation", samples, [&](double, double x) {
        autocorrelation.add(x);
        return autocorrelation.correlation();
    });
    BestDetector best;
    measure("best, native", samples,
            [&](double time_s, double x) { return best.score(time_s, x); });
    KpiDetector kpi;
    measure("kpi, native", samples, [&](double time_s, double x) { return kpi.score(time_s, x); });
    for (const ShippedScript& script : shipped_scripts()) {
        measure_script(script, samples);
    }
    return 0;
}
