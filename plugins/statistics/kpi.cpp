#include "plugins/statistics/kpi.hpp"

#include <algorithm>
#include <cmath>

namespace nocturne::plugins {

namespace {

constexpr double kDay = 86400;
constexpr double kSlow = 290;        // seconds between samples: five minutes, with some jitter
constexpr std::size_t kRecent = 40;  // samples
constexpr std::size_t kLearning = 300;
constexpr int kSlots = 288;            // five minutes
constexpr double kProfileAlpha = 0.1;  // about the last 20 days
constexpr double kCurveDays = 10;
constexpr double kDistanceDays = 4;
constexpr double kScaleFloor = 0.05;  // of the curve's deviation
constexpr double kCut = 4;
constexpr double kCutFloor = 1e-3;  // of the curve's deviation: a constant curve can widen

}  // namespace

KpiDetector::Memory::Memory(double interval_s)
    : curve(kCurveDays * kDay / interval_s), squares(kDistanceDays * kDay / interval_s) {}

KpiDetector::KpiDetector(const Settings& settings)
    : limit_(settings.limit), recent_(kRecent), day_({kDay, kSlots}, kProfileAlpha),
      hold_slow_(settings.hold_slow), alert_(settings.hold) {}

double KpiDetector::score(double time_s, double value) {
    if (!is_usable(value) || !is_usable(time_s)) {
        return alert_.of(0);
    }
    if (!first_time_s_) {
        first_time_s_ = time_s;
    }
    if (!memory_ && time_s > *first_time_s_) {
        const double interval_s = std::clamp(time_s - *first_time_s_, 1.0, kDay);
        memory_.emplace(interval_s);
        if (interval_s >= kSlow) {
            alert_ = AlertScore(hold_slow_);
        }
    }
    double evidence = 0;
    if (memory_) {
        const double floor = kScaleFloor * memory_->curve.deviation() + 1e-12;
        const double jump =
            recent_.count() < kRecent / 2
                ? 0
                : distance_in_scales(value, recent_.mean(), recent_.deviation(), floor);
        const double odd = unusual(time_s, value, floor);
        evidence = seen_ < kLearning ? 0 : std::sqrt(jump * odd) / limit_;
        memory_->curve.add(value);
    }
    ++seen_;
    recent_.add(value);
    day_.add(time_s, value);
    return alert_.of(evidence);
}

double KpiDetector::unusual(double time_s, double value, double floor) {
    if (!day_.knows(time_s)) {
        return 1;  // the jump alone, damped by the root
    }
    const double usual = std::sqrt(memory_->squares.mean());
    const double expected = day_.expected(time_s);
    const double odd = distance_in_scales(value, expected, usual, floor);
    const double most = kCut * usual + kCutFloor * memory_->curve.deviation();
    const double cut = std::min(std::abs(value - expected), most);
    memory_->squares.add(cut * cut);
    return odd;
}

}  // namespace nocturne::plugins
