#include "plugins/statistics/change.hpp"

#include <algorithm>
#include <cmath>

namespace nocturne::plugins {

namespace {

constexpr std::size_t kLearning = 30;
constexpr double kRelativeFloor = 1e-3;  // of the mean: a constant series has a scale too

}  // namespace

double ChangePoint::add(double sample) {
    if (!is_usable(sample)) {
        return 0;
    }
    const double floor = std::max(kRelativeFloor * std::abs(usual_.mean()), 1e-9);
    const double far = distance_in_scales(sample, usual_.mean(), usual_.deviation(), floor);
    const double z = std::copysign(std::min(far, settings_.step_max), sample - usual_.mean());
    const bool is_learning = usual_.count() < kLearning;
    // Learned from as far as it counts: an outlier must not widen the scale for what follows.
    const double scale = std::max(usual_.deviation(), floor);
    usual_.add(is_learning ? sample : usual_.mean() + z * scale);
    if (is_learning) {
        return 0;
    }
    up_ = std::clamp(up_ + z - settings_.slack, 0.0, settings_.sum_max);
    down_ = std::clamp(down_ - z - settings_.slack, 0.0, settings_.sum_max);
    return std::max(up_, down_);
}

void ChangePoint::forget() {
    up_ = 0;
    down_ = 0;
}

DistributionShift::DistributionShift(std::size_t window)
    : window_(std::clamp(window, kWindowMin, kWindowMax)), samples_(2 * window_) {
    sorted_.reserve(window_);
}

bool DistributionShift::add(double sample) {
    if (!is_usable(sample)) {
        return false;
    }
    samples_[next_] = sample;
    next_ = next_ + 1 == samples_.size() ? 0 : next_ + 1;
    count_ = std::min(count_ + 1, samples_.size());
    if (++since_ < window_ / 2 || count_ < samples_.size()) {
        return false;
    }
    since_ = 0;
    reckon();
    return true;
}

void DistributionShift::reckon() {
    const auto at = [this](std::size_t age) { return samples_[(next_ + age) % samples_.size()]; };
    sorted_.clear();
    for (std::size_t i = 0; i < window_; ++i) {
        sorted_.push_back(at(i));
    }
    std::sort(sorted_.begin(), sorted_.end());
    std::array<double, kBins - 1> edges{};
    for (std::size_t bin = 0; bin + 1 < kBins; ++bin) {
        edges[bin] = sorted_[(bin + 1) * window_ / kBins];
    }
    std::array<double, kBins> before{};
    std::array<double, kBins> after{};
    const auto bin_of = [&edges](double sample) {
        const auto edge = std::upper_bound(edges.begin(), edges.end(), sample);
        return static_cast<std::size_t>(edge - edges.begin());
    };
    for (std::size_t i = 0; i < window_; ++i) {
        ++before[bin_of(at(i))];
        ++after[bin_of(at(window_ + i))];
    }
    const double n = static_cast<double>(window_);
    double gap = 0;
    stability_index_ = 0;
    kolmogorov_smirnov_ = 0;
    for (std::size_t bin = 0; bin < kBins; ++bin) {
        const double p = std::max(after[bin], 0.5) / n;
        const double q = std::max(before[bin], 0.5) / n;
        stability_index_ += (p - q) * std::log(p / q);
        gap += (after[bin] - before[bin]) / n;
        kolmogorov_smirnov_ = std::max(kolmogorov_smirnov_, std::abs(gap));
    }
}

}  // namespace nocturne::plugins
