// Straight line through the recent past, and when it meets a limit.
#pragma once

#include <cstddef>
#include <limits>

namespace nocturne::plugins {

// Exponentially weighted least squares of value over time, span in samples: with weights w falling
// by (1 - alpha), slope = cov(t, x) / var(t), all moments updated as West (1979) does. Cost: O(1).
class Trend {
   public:
    explicit Trend(double span = 1) : alpha_(2.0 / (span < 1.0 ? 2.0 : span + 1.0)) {}

    // False for a NaN or infinite time or sample.
    bool add(double time_s, double sample);

    std::size_t count() const { return count_; }

    // Units a second; 0 with fewer than 3 samples or when all have one time.
    double slope() const;

    // Share of the variance that the line explains, 0..1; 0 for a constant series.
    double explained() const;

    // Seconds from `now_s` until the line meets `limit`; infinite when it moves away from it or
    // stands still, 0 when it is beyond already (in the direction in which it moves).
    double time_to(double limit, double now_s) const;

    template <class Archive>
    void fields(Archive& archive) {
        archive(alpha_, count_, time_, value_, time_variance_, value_variance_, covariance_);
    }

   private:
    double alpha_;
    std::size_t count_ = 0;
    double time_ = 0;
    double value_ = 0;
    double time_variance_ = 0;
    double value_variance_ = 0;
    double covariance_ = 0;
};

}  // namespace nocturne::plugins
