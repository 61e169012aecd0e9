#include "plugins/statistics/best.hpp"

namespace nocturne::plugins {

namespace {

constexpr double kForget = 1e-4;  // share of the range a sample
constexpr double kLevelSpan = 5;  // samples
constexpr double kExcessSpan = 2000;
constexpr int kHoursAround = 2;
constexpr std::uint32_t kDaysMin = 2;
constexpr double kExcessFloor = 0.02;  // widths of the range
constexpr double kExcessShare = 3;
constexpr double kNarrowest = 1e-9;  // floor of a constant series' range

}  // namespace

BestDetector::BestDetector(const Settings& settings)
    : level_limit_(settings.level), hour_limit_(settings.hour), day_limit_(settings.day),
      level_(kLevelSpan), level_range_(kForget), range_(kForget),
      hours_({86400, 24}, 0, kHoursAround), alert_(settings.hold) {}

double BestDetector::score(double time_s, double value) {
    if (!is_usable(value)) {
        return alert_.of(0);
    }
    return alert_.of(level_evidence(value) + hour_evidence(time_s, value));
}

double BestDetector::level_evidence(double value) {
    level_.add(value);
    const double excess = level_range_.excess(level_.mean(), kNarrowest);
    level_range_.add(level_.mean());
    return excess / level_limit_;
}

double BestDetector::hour_evidence(double time_s, double value) {
    using Today = SeasonalRange::Today;
    const double evidence = hour_.of(excess(time_s, value, Today::Counts)) / hour_limit_ +
                            absence_.of(excess(time_s, value, Today::DoesNotCount)) / day_limit_;
    range_.add(value);
    hours_.add(time_s, value);
    return evidence;
}

// In widths of the whole range; negative while this hour is not known.
double BestDetector::excess(double time_s, double value, SeasonalRange::Today today) const {
    const double beyond = hours_.excess(time_s, value, kDaysMin, today);
    return beyond < 0 ? beyond : distance_in_scales(beyond, 0, range_.width(), kNarrowest);
}

BestDetector::UsualExcess::UsualExcess() : usual_(kExcessSpan) {}

double BestDetector::UsualExcess::of(double excess) {
    if (excess < 0) {
        return 0;
    }
    const double evidence = excess / (kExcessFloor + kExcessShare * usual_.root_mean_square());
    usual_.add(excess);
    return evidence;
}

}  // namespace nocturne::plugins
