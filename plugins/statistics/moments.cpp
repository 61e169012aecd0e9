#include "plugins/statistics/moments.hpp"

#include <algorithm>

namespace nocturne::plugins {

namespace {

constexpr double kFarthest = 1e9;

}  // namespace

double distance_in_scales(double sample, double centre, double scale, double floor) {
    const double distance = std::abs(sample - centre);
    if (distance == 0) {
        return 0;
    }
    const double unit = std::max(scale, floor);
    return unit * kFarthest <= distance ? kFarthest : distance / unit;
}

RollingMoments::RollingMoments(std::size_t window)
    : samples_(std::clamp<std::size_t>(window, 1, kWindowMax)) {}

bool RollingMoments::add(double sample) {
    if (!is_usable(sample)) {
        return false;
    }
    if (count_ == 0) {
        shift_ = sample;
    }
    if (is_full()) {
        const double oldest = samples_[next_] - shift_;
        sum_ -= oldest;
        squares_ -= oldest * oldest;
    } else {
        ++count_;
    }
    const double distance = sample - shift_;
    sum_ += distance;
    squares_ += distance * distance;
    samples_[next_] = sample;
    if (++next_ == samples_.size()) {
        next_ = 0;
        sum_anew();
    }
    return true;
}

double RollingMoments::deviation() const {
    if (count_ == 0) {
        return 0;
    }
    const double n = static_cast<double>(count_);
    const double mean = sum_ / n;
    return std::sqrt(std::max(0.0, squares_ / n - mean * mean));
}

void RollingMoments::sum_anew() {
    shift_ = mean();
    sum_ = 0;
    squares_ = 0;
    for (const double sample : samples_) {
        sum_ += sample - shift_;
        squares_ += (sample - shift_) * (sample - shift_);
    }
}

}  // namespace nocturne::plugins
