#include "plugins/statistics/tail.hpp"

#include <algorithm>
#include <cmath>

namespace nocturne::plugins {

namespace {

constexpr double kSmallest = 1e-9;
constexpr double kLargest = 1e12;
constexpr std::size_t kLearning = 100;

constexpr double kLogGrowth = 0.019802627296179712;  // ln 1.02

double size_of_bucket(int bucket) {
    return kSmallest * std::exp(kLogGrowth * (bucket + 0.5));
}

}  // namespace

double normal_tail(double z) {
    return 0.5 * std::erfc(z / std::sqrt(2.0));
}

int QuantileSketch::bucket_of(double size) {
    const double bounded = std::min(size, kLargest);
    return std::clamp(static_cast<int>(std::log(bounded / kSmallest) / kLogGrowth), 0,
                      kBuckets - 1);
}

bool QuantileSketch::add(double sample) {
    if (!is_usable(sample)) {
        return false;
    }
    count_ += 1;
    if (std::abs(sample) < kSmallest) {
        zeros_ += 1;
    } else {
        auto& side = sample > 0 ? positive_ : negative_;
        side[static_cast<std::size_t>(bucket_of(std::abs(sample)))] += 1;
    }
    if (half_life_ > 0 && ++since_ >= half_life_) {
        since_ = 0;
        halve();
    }
    return true;
}

void QuantileSketch::halve() {
    count_ /= 2;
    zeros_ /= 2;
    for (std::size_t bucket = 0; bucket < positive_.size(); ++bucket) {
        positive_[bucket] /= 2;
        negative_[bucket] /= 2;
    }
}

double QuantileSketch::quantile(double share) const {
    if (count_ == 0) {
        return 0;
    }
    double left = std::clamp(share, 0.0, 1.0) * count_;
    double last = 0;
    const auto takes = [&left, &last](double count, double value) {
        last = count > 0 ? value : last;
        left -= count;
        return count > 0 && left <= 0;
    };
    for (int bucket = kBuckets - 1; bucket >= 0; --bucket) {
        if (takes(negative_[static_cast<std::size_t>(bucket)], -size_of_bucket(bucket))) {
            return last;
        }
    }
    if (takes(zeros_, 0)) {
        return last;
    }
    for (int bucket = 0; bucket < kBuckets; ++bucket) {
        if (takes(positive_[static_cast<std::size_t>(bucket)], size_of_bucket(bucket))) {
            return last;
        }
    }
    return last;
}

double QuantileSketch::share_above(double sample) const {
    if (count_ == 0 || !is_usable(sample)) {
        return 0;
    }
    const bool is_zero = std::abs(sample) < kSmallest;
    double above = 0;
    for (int bucket = !is_zero && sample > 0 ? bucket_of(sample) + 1 : 0; bucket < kBuckets;
         ++bucket) {
        above += static_cast<double>(positive_[static_cast<std::size_t>(bucket)]);
    }
    if (!is_zero && sample < 0) {
        above += zeros_;
        for (int bucket = bucket_of(-sample) - 1; bucket >= 0; --bucket) {
            above += static_cast<double>(negative_[static_cast<std::size_t>(bucket)]);
        }
    }
    return above / count_;
}

TailProbability::TailProbability(double p, double span)
    : p_(std::clamp(p, 0.5, 0.999)), span_(std::max(span, 2.0)), sizes_(span_),
      beyond_(std::max(2.0, span_ * (1 - p_))) {}

bool TailProbability::add(double sample) {
    if (!sizes_.add(sample)) {
        return false;
    }
    // Steps in units of the stream's own size; larger ones at first, to be there soon.
    const double share = std::max(10.0 / span_, 1.0 / std::sqrt(static_cast<double>(count())));
    const double step = std::max(sizes_.deviation(), 1e-12) * share;
    if (sample > quantile_) {
        beyond_.add(sample - quantile_);
        quantile_ += step * p_;
    } else {
        quantile_ -= step * (1 - p_);
    }
    return true;
}

double TailProbability::surprise(double sample) const {
    if (count() < kLearning || !(sample > quantile_) || beyond_.count() == 0) {
        return 0;
    }
    const double excess = distance_in_scales(sample, quantile_, beyond_.mean(), 1e-12);
    return -std::log10(1 - p_) + std::min(excess, 1e6) / std::log(10.0);
}

}  // namespace nocturne::plugins
