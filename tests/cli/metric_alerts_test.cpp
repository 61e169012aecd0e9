// What samples say beside the alerts.
#include "cli/metric_alerts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>

namespace nocturne::cli {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

model::EventView sample(const char* resource, const char* check, int second, double value) {
    model::EventView event;
    event.kind = model::Kind::Metric;
    event.time = model::from_unix_ms(second * 1000);
    event.resource = resource;
    event.check = check;
    event.value = value;
    event.has_value = true;
    return event;
}

// Twenty quiet samples a minute before the incident at second 100, then these.
MetricAlerts night(const char* check, double quiet, const std::vector<double>& since) {
    MetricAlerts metrics;
    for (int i = 0; i < 20; ++i) {
        metrics.add(sample("db", check, i, quiet + 0.01 * quiet * (i % 3)));
    }
    for (std::size_t i = 0; i < since.size(); ++i) {
        metrics.add(sample("db", check, 100 + static_cast<int>(i), since[i]));
    }
    return metrics;
}

constexpr model::Time kStart = model::Time(std::chrono::seconds(100));

TEST(MetricAlerts, TellsOfALevelThatStaysOff) {
    model::EventBatch batch;
    EXPECT_EQ(night("cpu", 10, {60, 62, 61}).add_alerts(batch, kStart), 1U);
    ASSERT_THAT(batch.events(), SizeIs(1));
    const model::EventView& alert = batch.events()[0];
    EXPECT_EQ(alert.resource, "db");
    EXPECT_EQ(alert.severity, model::Severity::Critical);
    EXPECT_EQ(alert.value, 61);
    EXPECT_EQ(alert.time, kStart);
}

TEST(MetricAlerts, KeepsSilentAboutASpike) {
    model::EventBatch batch;
    EXPECT_EQ(night("cpu", 10, {10, 900, 10}).add_alerts(batch, kStart), 0U);
    EXPECT_THAT(batch.events(), IsEmpty());
}

TEST(MetricAlerts, KnowsWhichWayIsBad) {
    model::EventBatch batch;
    EXPECT_EQ(night("availability", 100, {20, 20}).add_alerts(batch, kStart), 1U);
    EXPECT_EQ(night("availability", 100, {900, 900}).add_alerts(batch, kStart), 0U);
    EXPECT_EQ(night("cpu", 100, {20, 20}).add_alerts(batch, kStart), 0U);
    EXPECT_EQ(night("requests", 100, {20, 20}).add_alerts(batch, kStart), 1U);
}

TEST(MetricAlerts, LeavesToTheAlertWhatTheAlertTells) {
    model::EventBatch batch;
    model::EventView alert = sample("db", "cpu", 101, 60);
    alert.kind = model::Kind::Alert;
    batch.add(alert);
    EXPECT_EQ(night("cpu", 10, {60, 62}).add_alerts(batch, kStart), 0U);
}

TEST(MetricAlerts, SaysNothingWithoutATimeBefore) {
    MetricAlerts metrics;
    for (int i = 0; i < 7; ++i) {
        metrics.add(sample("db", "cpu", i, 10));
    }
    metrics.add(sample("db", "cpu", 100, 900));
    metrics.add(sample("db", "cpu", 101, 900));
    model::EventBatch batch;
    EXPECT_EQ(metrics.add_alerts(batch, kStart), 0U);
}

TEST(MetricAlerts, TakesTheBaselineFromElsewhere) {
    MetricAlerts metrics;
    for (int i = 0; i < 20; ++i) {
        metrics.add_baseline(sample("db", "cpu", 5000 + i, 10));
    }
    metrics.add(sample("db", "cpu", 100, 90));
    metrics.add(sample("db", "cpu", 101, 90));
    model::EventBatch batch;
    EXPECT_EQ(metrics.add_alerts(batch, kStart), 1U);
}

// Each caller's calls are a series of their own: one that is slow must not drown in the others.
TEST(MetricAlerts, KeepsWhatOneCallerSeesApart) {
    const model::LabelView shop[] = {{"caller", "shop"}};
    const model::LabelView office[] = {{"caller", "office"}};
    MetricAlerts metrics;
    const auto add = [&](std::span<const model::LabelView> labels, int second, double value) {
        model::EventView event = sample("db", "latency", second, value);
        event.labels = labels;
        metrics.add(event);
    };
    for (int i = 0; i < 20; ++i) {
        add(shop, i, 10);
        add(office, i, 90);
    }
    for (int second = 100; second < 103; ++second) {
        add(shop, second, 60);
        add(office, second, 90);
    }
    model::EventBatch batch;

    ASSERT_EQ(metrics.add_alerts(batch, kStart), 1U);
    ASSERT_THAT(batch.events()[0].labels, SizeIs(1));
    EXPECT_EQ(batch.events()[0].labels[0].value, "shop");

    model::EventBatch told;
    model::EventView alert = sample("db", "latency", 101, 60);
    alert.kind = model::Kind::Alert;
    alert.labels = office;
    told.add(alert);
    EXPECT_EQ(metrics.add_alerts(told, kStart), 1U) << "the alert is on another caller's calls";
    alert.labels = {};
    told.add(alert);
    EXPECT_EQ(metrics.add_alerts(told, kStart), 0U) << "the alert is on all calls";
}

TEST(MetricAlerts, TakesAFewErrorsForChance) {
    model::EventBatch batch;
    EXPECT_EQ(night("log_errors", 0, {2, 2, 0}).add_alerts(batch, kStart), 0U);
    EXPECT_EQ(night("log_errors", 0, {9, 8, 9}).add_alerts(batch, kStart), 1U);
    EXPECT_EQ(night("error_ratio", 0, {0.2, 0.3}).add_alerts(batch, kStart), 1U) << "a share of 0";
}

TEST(MetricAlerts, BeginsWithTheFirstSampleThatIsOff) {
    model::EventBatch batch;
    ASSERT_EQ(night("cpu", 10, {10, 60, 60}).add_alerts(batch, kStart), 1U);
    EXPECT_EQ(batch.events()[0].time, kStart + std::chrono::seconds(1));
}

}  // namespace
}  // namespace nocturne::cli
