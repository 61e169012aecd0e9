// How seldom is a value this large? Quantiles of a whole stream, and the probability of its tail.
#pragma once

#include "plugins/statistics/moments.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace nocturne::plugins {

// P(X >= x) of a normal distribution, two-sided when the caller gives |z| and doubles it:
// erfc(z / sqrt 2) / 2.
double normal_tail(double z);

// Quantiles of all samples with a relative error of 1 %: counts in logarithmic buckets, index
// ceil(log_g |x|), g = 1.02; negative values, zero and positive values apart. Source: DDSketch
// (Masson, Rim, Lee 2019). Values below 1e-9 count as 0, above 1e12 as 1e12. Cost of `add`: one
// logarithm; of a question: a walk over the buckets; memory: 39 kB. With `half_life` > 0 all counts
// are halved each time so many samples have come, so that old ones fade.
class QuantileSketch {
   public:
    explicit QuantileSketch(std::uint64_t half_life = 0) : half_life_(half_life) {}

    bool add(double sample);

    // 0 without samples; shares outside 0..1 are cut to it.
    double quantile(double share) const;

    // The share of samples that are larger than this one, within the same relative error.
    double share_above(double sample) const;

    double count() const { return count_; }

    template <class Archive>
    void fields(Archive& archive) {
        archive(half_life_, since_, count_, zeros_);
        archive.sparse(positive_);
        archive.sparse(negative_);
    }

   private:
    static constexpr int kBuckets = 2446;  // of one sign: 1e-9 to 1e12 in steps of 1.02

    static int bucket_of(double size);

    void halve();

    std::uint64_t half_life_;
    std::uint64_t since_ = 0;
    double count_ = 0;
    double zeros_ = 0;
    std::array<float, kBuckets> positive_{};
    std::array<float, kBuckets> negative_{};
};

// Tail by peaks over a threshold: with q the stream's p-quantile (followed by steps, Robbins and
// Monro 1951) and e the weighted mean of what lies beyond it, P(X >= x) = (1 - p) exp(-(x - q) / e)
// for x > q: the generalised Pareto tail with shape 0 (Siffer et al. 2017 fit the shape as well).
// For values that are distances already (not negative). Cost: O(1); memory: 60 bytes.
class TailProbability {
   public:
    // p in 0.5..0.999; span: samples.
    explicit TailProbability(double p = 0.98, double span = 1000);

    bool add(double sample);

    // -log10 P(X >= x): 0 up to the quantile and before 100 samples, 3 for one in a thousand.
    double surprise(double sample) const;

    std::size_t count() const { return sizes_.count(); }

    template <class Archive>
    void fields(Archive& archive) {
        archive(p_, span_, quantile_, sizes_, beyond_);
        archive.check(p_ >= 0.5 && p_ <= 0.999 && span_ >= 2);
    }

   private:
    double p_;
    double span_;
    double quantile_ = 0;
    WeightedMoments sizes_;
    WeightedMoments beyond_;
};

}  // namespace nocturne::plugins
