// Statistics that need a second input: bad out of all, a load, an earlier value, other detectors.
#pragma once

#include "plugins/statistics/moments.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nocturne::plugins {

// Share of an error budget that is burnt, in multiples of what the objective allows:
// (bad / all) / (1 - objective), over a sliding window (Google SRE workbook 2018, chapter 5). The
// window is 60 buckets of equal length. Cost: O(1); memory: 1 kB.
class BurnRate {
   public:
    // objective: 0.9 to 0.99999.
    explicit BurnRate(double objective = 0.99, double window_s = 3600);

    // Times must not fall; an earlier one counts as the latest. False for NaN and negative counts.
    bool add(double time_s, double bad, double all);

    // As of the latest sample; 0 without any.
    double rate() const;

    // Has as much time passed as the window holds?
    bool is_full() const {
        return latest_ - first_ >= static_cast<std::int64_t>(buckets_.size()) - 1;
    }

    template <class Archive>
    void fields(Archive& archive) {
        archive(allowed_, bucket_s_, first_, latest_, bad_, all_);
        archive.check(allowed_ > 0 && bucket_s_ > 0 && latest_ >= first_ && first_ >= -1 &&
                      (first_ >= 0) == (latest_ >= 0));
        archive.each(buckets_);
        archive.weigh(buckets_);
    }

   private:
    struct Bucket {
        double bad = 0;
        double all = 0;

        template <class Archive>
        void fields(Archive& archive) {
            archive(bad, all);
        }
    };

    void advance_to(std::int64_t number);

    double allowed_;
    double bucket_s_;
    std::vector<Bucket> buckets_;
    std::int64_t first_ = -1;
    std::int64_t latest_ = -1;
    double bad_ = 0;
    double all_ = 0;
};

// What is usual given a second quantity, e.g. latency given load: weighted mean and deviation per
// band of the covariate, bands twice as wide from one to the next (|c| in [2^k, 2^(k+1))), so that
// neither unit nor range need be known. Cost: O(1); memory: 2.6 kB.
class CovariateBaseline {
   public:
    explicit CovariateBaseline(double span = 1);

    bool add(double covariate, double sample);

    // Distance of the sample from its band's mean in the band's deviations, at least `floor` wide;
    // 0 while the band has fewer than 20 samples.
    double distance(double covariate, double sample, double floor) const;

    template <class Archive>
    void fields(Archive& archive) {
        archive.each(bands_);
        archive.weigh(bands_);
    }

   private:
    static std::size_t band_of(double covariate);

    std::vector<WeightedMoments> bands_;
};

// Correlation of a series with itself `lag` samples ago, exponentially weighted:
// r = E[(x - m)(y - m')] / (s s'), in -1..1. Cost: O(1); memory: 8 bytes a sample of the lag.
class Autocorrelation {
   public:
    // A lag of 1 to 100,000; a span in samples.
    explicit Autocorrelation(std::size_t lag = 1, double span = 1);

    bool add(double sample);

    // 0 before a whole lag has passed twice, and for a constant series.
    double correlation() const;

    template <class Archive>
    void fields(Archive& archive) {
        archive(next_, count_, alpha_, mean_now_, mean_past_, variance_now_, variance_past_,
                covariance_);
        archive.ring(past_, count_, kLagMax);
        archive.check(next_ < past_.size() && (count_ >= past_.size() || count_ == next_));
    }

   private:
    static constexpr std::size_t kLagMax = 100'000;

    std::vector<double> past_;
    std::size_t next_ = 0;
    std::size_t count_ = 0;
    double alpha_;
    double mean_now_ = 0;
    double mean_past_ = 0;
    double variance_now_ = 0;
    double variance_past_ = 0;
    double covariance_ = 0;
};

// Several scores in 0..1, of which 0.5 and above is an alert, made one. Empty spans give 0.
double any_of(std::span<const double> scores);               // the highest
double all_of(std::span<const double> scores);               // the lowest
double k_of(std::size_t k, std::span<const double> scores);  // the k-th highest; 0 when fewer
// Independent evidence: the sum of log odds, ln(s / (1 - s)), beside even odds, as a probability;
// each score is cut to 0.001..0.999, so that none decides alone for ever (naive Bayes).
double likelihood_of(std::span<const double> scores);

}  // namespace nocturne::plugins
