#include "plugins/statistics/seasonal.hpp"

#include "plugins/statistics/moments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nocturne::plugins {

namespace {

constexpr double kTimeMax = 1e15;

Season within_bounds(Season season) {
    season.slots = std::clamp(season.slots, 1, Season::kSlotsMax);
    season.period_s = season.period_s >= Season::kPeriodMin ? season.period_s : 86400;
    return season;
}

bool is_time(double time_s) {
    return std::abs(time_s) < kTimeMax;  // false for NaN
}

}  // namespace

std::int64_t Season::number_of(double time_s) const {
    return static_cast<std::int64_t>(std::floor(time_s / period_s));
}

int Season::slot_of(double time_s) const {
    const double share = time_s / period_s - std::floor(time_s / period_s);
    return std::min(static_cast<int>(share * slots + 1e-6), slots - 1);
}

SeasonalProfile::SeasonalProfile(Season season, double alpha)
    : season_(within_bounds(season)), alpha_(alpha),
      slots_(static_cast<std::size_t>(season_.slots)) {}

void SeasonalProfile::close(Slot& slot) const {
    if (slot.count == 0) {
        return;
    }
    ++slot.periods;
    const double average = slot.sum / slot.count;
    slot.mean += std::max(alpha_, 1.0 / slot.periods) * (average - slot.mean);
    slot.sum = 0;
    slot.count = 0;
}

bool SeasonalProfile::add(double time_s, double sample) {
    if (!is_usable(sample) || !is_time(time_s)) {
        return false;
    }
    const int now = season_.slot_of(time_s);
    if (now != slot_ && slot_ >= 0) {
        close(slots_[static_cast<std::size_t>(slot_)]);
    }
    slot_ = now;
    Slot& slot = slots_[static_cast<std::size_t>(now)];
    slot.sum += sample;
    ++slot.count;
    return true;
}

bool SeasonalProfile::knows(double time_s) const {
    return is_time(time_s) && slots_[static_cast<std::size_t>(season_.slot_of(time_s))].periods > 0;
}

double SeasonalProfile::expected(double time_s) const {
    return is_time(time_s) ? slots_[static_cast<std::size_t>(season_.slot_of(time_s))].mean : 0;
}

SeasonalRange::SeasonalRange(Season season, double shrink, int neighbours)
    : season_(within_bounds(season)), shrink_(shrink),
      neighbours_(std::clamp(neighbours, 0, season_.slots / 2)),
      slots_(static_cast<std::size_t>(season_.slots)) {}

bool SeasonalRange::add(double time_s, double sample) {
    if (!is_usable(sample) || !is_time(time_s)) {
        return false;
    }
    Slot& slot = slots_[static_cast<std::size_t>(season_.slot_of(time_s))];
    const std::int64_t period = season_.number_of(time_s);
    if (slot.period != period) {
        if (slot.period != kNoPeriod) {
            close(slot);
        }
        slot.period = period;
        slot.low_now = slot.high_now = sample;
    }
    slot.low_now = std::min(slot.low_now, sample);
    slot.high_now = std::max(slot.high_now, sample);
    return true;
}

void SeasonalRange::close(Slot& slot) const {
    if (slot.periods++ == 0) {
        slot.low = slot.low_now;
        slot.high = slot.high_now;
        return;
    }
    const double shrunk = shrink_ * (slot.high - slot.low) / 2;
    slot.low = std::min(slot.low + shrunk, slot.low_now);
    slot.high = std::max(slot.high - shrunk, slot.high_now);
}

double SeasonalRange::excess(double time_s, double sample, std::uint32_t periods_min,
                             Today today) const {
    if (!is_usable(sample) || !is_time(time_s)) {
        return -1;
    }
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    int place = season_.slot_of(time_s) - neighbours_;
    place = place < 0 ? place + season_.slots : place;
    for (int i = -neighbours_; i <= neighbours_; ++i) {
        const Slot& slot = slots_[static_cast<std::size_t>(place)];
        const std::uint32_t known = slot.periods + (slot.period != kNoPeriod ? 1U : 0U);
        if (known < std::max<std::uint32_t>(periods_min, 1)) {
            return -1;
        }
        if (slot.periods > 0) {
            low = std::min(low, slot.low);
            high = std::max(high, slot.high);
        }
        if (slot.periods == 0 || today == Today::Counts ||
            slot.period != season_.number_of(time_s)) {
            low = std::min(low, slot.low_now);
            high = std::max(high, slot.high_now);
        }
        place = place + 1 == season_.slots ? 0 : place + 1;
    }
    return std::max({0.0, sample - high, low - sample});
}

}  // namespace nocturne::plugins
