// Mean and standard deviation of a stream: over the last n samples, and exponentially weighted.
//
// All statistics of this folder have bounded memory, ignore NaN and infinite samples (`add` gives
// false for them), and use no clock: time, where it matters, is an argument in seconds.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace nocturne::plugins {

// A number that arithmetic can go on with: what `add` takes.
inline bool is_usable(double sample) {
    return std::isfinite(sample) && std::abs(sample) < 1e150;  // squares stay finite
}

// |sample - centre| / max(scale, floor); 0 when both scales are 0 and there is no distance, and at
// most 1e9, so that a constant series followed by a change is "very far" and never infinite.
double distance_in_scales(double sample, double centre, double scale, double floor);

// Mean m = sum(x) / n and population deviation sqrt(sum((x - m)^2) / n) of the last `window`
// samples. Sums are taken around a recent mean and taken anew once a window, so that neither a
// large offset nor a long run eats the digits. Cost: O(1); memory: 8 bytes a sample of the window.
class RollingMoments {
   public:
    // A window of 0 is taken as 1, more than 100,000 as that.
    explicit RollingMoments(std::size_t window = 1);

    bool add(double sample);

    std::size_t count() const { return count_; }

    bool is_full() const { return count_ == samples_.size(); }

    // 0 without samples.
    double mean() const { return count_ == 0 ? 0.0 : shift_ + sum_ / static_cast<double>(count_); }

    double deviation() const;

    template <class Archive>
    void fields(Archive& archive) {
        archive(next_, count_, shift_, sum_, squares_);
        archive.ring(samples_, count_, kWindowMax);
        archive.check(next_ < samples_.size() && (count_ == samples_.size() || count_ == next_));
    }

   private:
    static constexpr std::size_t kWindowMax = 100'000;

    void sum_anew();

    std::vector<double> samples_;
    std::size_t next_ = 0;
    std::size_t count_ = 0;
    double shift_ = 0;
    double sum_ = 0;
    double squares_ = 0;
};

// Exponentially weighted mean and deviation with a span of n samples, alpha = 2 / (n + 1):
// d = x - m; m += alpha d; v = (1 - alpha)(v + alpha d^2). Source: T. Finch, Incremental
// calculation of weighted mean and variance (2009), eq. 124 and 143. While fewer samples are known
// alpha is 1 / count, so that the first ones weigh alike. Cost: O(1).
class WeightedMoments {
   public:
    explicit WeightedMoments(double span = 1) : alpha_(2.0 / (span < 1.0 ? 2.0 : span + 1.0)) {}

    bool add(double sample) {
        if (!is_usable(sample)) {
            return false;
        }
        ++count_;
        if (share_ > alpha_) {
            share_ = 1.0 / static_cast<double>(count_);
        }
        const double alpha = share_ > alpha_ ? share_ : alpha_;
        const double distance = sample - mean_;
        mean_ += alpha * distance;
        variance_ = (1.0 - alpha) * (variance_ + alpha * distance * distance);
        return true;
    }

    std::size_t count() const { return count_; }

    double mean() const { return mean_; }

    double deviation() const { return std::sqrt(variance_); }

    // sqrt(mean^2 + variance): the size of samples that are distances already.
    double root_mean_square() const { return std::sqrt(mean_ * mean_ + variance_); }

    template <class Archive>
    void fields(Archive& archive) {
        archive(alpha_, share_, mean_, variance_, count_);
        archive.check(alpha_ >= 0 && alpha_ <= 1 && variance_ >= 0);
    }

   private:
    double alpha_;
    double share_ = 2;  // 1 / count, as long as that is more than alpha
    double mean_ = 0;
    double variance_ = 0;
    std::size_t count_ = 0;
};

}  // namespace nocturne::plugins
