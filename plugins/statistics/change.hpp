// Has the level changed for good? Has the distribution?
#pragma once

#include "plugins/statistics/moments.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace nocturne::plugins {

// Two-sided CUSUM (Page 1954) of the standardised distance z to a slowly learned mean:
// up = max(0, up + z - slack), down = max(0, down - z - slack). z is cut to +-`step_max`, so that
// one outlier is no change; both sums are cut to `sum_max`, so that what is over is over soon.
class ChangePoint {
   public:
    struct Settings {
        double span = 1000;    // samples, of the learned mean and deviation
        double slack = 0.5;    // deviations; half of the smallest change worth finding
        double step_max = 4;   // deviations
        double sum_max = 100;  // deviations

        template <class Archive>
        void fields(Archive& archive) {
            archive(span, slack, step_max, sum_max);
            archive.check(slack >= 0 && step_max >= 0 && sum_max >= 0);
        }
    };

    ChangePoint() : ChangePoint(Settings()) {}

    explicit ChangePoint(Settings settings) : settings_(settings), usual_(settings.span) {}

    // The larger of the two sums with this sample in it (average distance beyond the slack, times
    // samples); 0 while fewer than 30 samples are known, and for a NaN.
    double add(double sample);

    // After a change was told: what follows is the new level.
    void forget();

    template <class Archive>
    void fields(Archive& archive) {
        archive(settings_, usual_, up_, down_);
    }

   private:
    Settings settings_;
    WeightedMoments usual_;
    double up_ = 0;
    double down_ = 0;
};

// Population stability index of the last `window` samples against the `window` before them, over 10
// bins between the reference's deciles: PSI = sum((p - q) ln(p / q)), empty bins counted as half a
// sample. Usual reading: below 0.1 none, above 0.25 a shift (Siddiqi 2006). Also the two-sample
// Kolmogorov-Smirnov distance, max |F - G|, over the same bin edges. Reckoned anew whenever half a
// window has come in. Cost: O(1) amortised O(log window); memory: 24 bytes a sample of the window.
class DistributionShift {
   public:
    // At least 20 samples, at most 10,000.
    explicit DistributionShift(std::size_t window = kWindowMin);

    // True when the index was reckoned anew.
    bool add(double sample);

    // As last reckoned; 0 before that.
    double stability_index() const { return stability_index_; }

    double kolmogorov_smirnov() const { return kolmogorov_smirnov_; }

    template <class Archive>
    void fields(Archive& archive) {
        archive(next_, count_, since_, stability_index_, kolmogorov_smirnov_);
        archive.ring(samples_, count_, 2 * kWindowMax);
        window_ = samples_.size() / 2;
        archive.check(window_ >= kWindowMin && samples_.size() == 2 * window_ &&
                      next_ < samples_.size() && (count_ == samples_.size() || count_ == next_));
        archive.weigh(sorted_);
        if constexpr (Archive::kReads) {
            sorted_.reserve(window_);
        }
    }

   private:
    static constexpr std::size_t kWindowMin = 20;
    static constexpr std::size_t kWindowMax = 10'000;

    static constexpr std::size_t kBins = 10;

    void reckon();

    std::size_t window_;
    std::vector<double> samples_;  // ring of twice the window
    std::size_t next_ = 0;
    std::size_t count_ = 0;
    std::size_t since_ = 0;
    std::vector<double> sorted_;
    double stability_index_ = 0;
    double kolmogorov_smirnov_ = 0;
};

}  // namespace nocturne::plugins
