// What holds for all detectors that come with the program. Their stories are beside them, in Lua.
#include "plugins/plugin.hpp"
#include "plugins/shipped_scripts.hpp"
#include "plugins/statistics/best.hpp"
#include "plugins/statistics/kpi.hpp"
#include "tests/plugins/small_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace nocturne::plugins {
namespace {

constexpr int kStep = 300;  // seconds

std::unique_ptr<Plugin> load_shipped(std::string_view name) {
    const auto script = find_shipped_script(name);
    auto plugin = Plugin::load({std::string(script->file), std::string(script->text), {}}, {});
    EXPECT_TRUE(plugin.has_value()) << to_string(plugin.error());
    return *std::move(plugin);
}

// A detector of metrics with one series.
class Series {
   public:
    explicit Series(std::string_view name) : plugin_(load_shipped(name)) {
        sample_.source = "test";
        sample_.resource = "host";
        sample_.check = "value";
        sample_.kind = model::Kind::Metric;
        sample_.fingerprint = model::identity_of(sample_.resource, sample_.check, {});
    }

    std::optional<double> score(int i, double value) {
        sample_.time = model::from_unix_ms(std::int64_t{1000} * kStep * i);
        sample_.value = value;
        sample_.has_value = !std::isnan(value);
        world_.time = sample_.time;
        const CallResult& result = plugin_->on_sample(sample_, world_);
        EXPECT_EQ(result.verdict, Verdict::Ok) << result.message;
        return result.score;
    }

    Plugin& plugin() { return *plugin_; }

   private:
    std::unique_ptr<Plugin> plugin_;
    model::EventView sample_;
    SmallWorld world_;
};

// A daily course, noise, jumps, and now and then what is no number.
double sample_at(std::mt19937& random, int i) {
    const auto dice = random() % 50;
    if (dice == 0) {
        return std::vector<double>{std::nan(""), 1e149, -1e149, -0.0}[random() % 4];
    }
    const double noise = static_cast<double>(random() % 1000) / 500 - 1;
    return dice == 1 ? 60 * noise : 3 * std::sin(2 * M_PI * i / 288) + noise;
}

std::vector<std::string> detectors_of_metrics() {
    return {"best", "burn_rate", "change_point", "drift",       "iqr",       "kpi",
            "leak", "missing",   "seasonal",     "three_sigma", "threshold", "zscore"};
}

TEST(ShippedDetectors, AreAllThere) {
    std::vector<std::string> found;
    for (const ShippedScript& script : shipped_scripts()) {
        if (script.file.find("/detectors/") == std::string_view::npos) {
            continue;
        }
        const auto plugin = load_shipped(script.name);
        EXPECT_EQ(plugin->manifest().name, script.name);
        EXPECT_EQ(plugin->manifest().kind, PluginKind::Detector);
        EXPECT_FALSE(plugin->manifest().summary.empty());
        for (const Parameter& parameter : plugin->manifest().parameters) {
            EXPECT_FALSE(parameter.help.empty()) << script.name << " " << parameter.name;
        }
        const std::string stem(script.file.substr(0, script.file.size() - 4));
        EXPECT_TRUE(std::filesystem::exists(stem + "_test.lua")) << stem;
        if (plugin->manifest().handlers.on_sample) {
            found.emplace_back(script.name);
        }
    }
    EXPECT_EQ(found, detectors_of_metrics());
}

// best.lua and kpi.lua say the same as the composites that stats.best and stats.kpi are.
template <class Native>
void expect_the_same(std::string_view name, bool is_nil_silence) {
    Series series(name);
    Native native;
    std::mt19937 random(3);
    double highest = 0;
    for (int i = 0; i < 20'000; ++i) {
        const double sample = sample_at(random, i);
        const double expected = native.score(static_cast<double>(i) * kStep, sample);
        const std::optional<double> score = series.score(i, sample);
        ASSERT_EQ(score.value_or(is_nil_silence ? 0 : -1), expected) << i;
        highest = std::max(highest, expected);
    }
    EXPECT_GT(highest, 0.5);
}

TEST(ShippedDetectors, BestIsTheNativeComposite) {
    expect_the_same<BestDetector>("best", false);
}

TEST(ShippedDetectors, KpiIsTheNativeComposite) {
    expect_the_same<KpiDetector>("kpi", true);
}

class EveryDetector : public testing::TestWithParam<std::string> {};

TEST_P(EveryDetector, GoesOnAsIfNothingHadBeenWhereverItIsCut) {
    Series whole(GetParam());
    auto cut = std::make_unique<Series>(GetParam());
    std::mt19937 random(4);

    for (int i = 0; i < 3000; ++i) {
        const double sample = sample_at(random, i);
        ASSERT_EQ(cut->score(i, sample), whole.score(i, sample)) << i;
        if (i % 97 == 0 || i < 5) {
            const std::string bytes = cut->plugin().save_state();
            auto fresh = std::make_unique<Series>(GetParam());
            const auto status = fresh->plugin().restore_state(bytes);
            ASSERT_TRUE(status.has_value()) << to_string(status.error());
            ASSERT_EQ(fresh->plugin().save_state(), bytes);
            cut = std::move(fresh);
        }
    }
}

TEST_P(EveryDetector, SurvivesAnyNumber) {
    std::mt19937 random(12);
    const double most = std::numeric_limits<double>::max();
    const std::vector<double> odd = {
        0, -0.0, 1e-320, 1e300, -most, most, std::nan(""), std::numeric_limits<double>::infinity(),
        1, 1e9};
    Series series(GetParam());

    for (int i = 0; i < 20'000; ++i) {
        const double score = series.score(i, odd[random() % odd.size()]).value_or(0);
        ASSERT_TRUE(score >= 0 && score <= 1) << i << " " << score;
    }
}

// The least recently seen series goes; the plugin is not killed for its memory.
TEST_P(EveryDetector, KeepsAsManySeriesAsItsMemoryHolds) {
    const auto plugin = load_shipped(GetParam());
    const std::size_t count = plugin->manifest().wants.series_max + 100;
    SmallWorld world;
    model::EventView sample;
    sample.source = "test";
    sample.check = "value";
    sample.kind = model::Kind::Metric;
    sample.has_value = true;

    for (int i = 0; i < 4; ++i) {
        for (std::size_t series = 0; series < count; ++series) {
            const std::string resource = "host-" + std::to_string(series);
            sample.resource = resource;
            sample.fingerprint = model::identity_of(resource, sample.check, {});
            sample.time = model::from_unix_ms(std::int64_t{1000} * kStep * i);
            sample.value = static_cast<double>(4 - i);
            const CallResult& result = plugin->on_sample(sample, world);
            ASSERT_EQ(result.verdict, Verdict::Ok) << result.message << " series " << series;
        }
    }

    EXPECT_GE(plugin->account().series_forgotten, 100U);
    EXPECT_LT(plugin->account().memory_bytes_highest, Limits().memory_bytes_max);
}

INSTANTIATE_TEST_SUITE_P(Shipped, EveryDetector, testing::ValuesIn(detectors_of_metrics()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace nocturne::plugins
