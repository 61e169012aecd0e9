// The range of all values ever seen, which forgets slowly; and how far outside of it a sample is.
#pragma once

#include "plugins/statistics/moments.hpp"

#include <algorithm>

namespace nocturne::plugins {

// Highest and lowest sample, both drawn towards the weighted mean by the share `shrink` with each
// sample: high -= shrink (high - mean). A value outside is a record of about the last 1 / shrink
// samples. Ours, after the records of extreme-value statistics (Chandler 1952). Cost: O(1).
class ShrinkingRange {
   public:
    explicit ShrinkingRange(double shrink = 0.5) : shrink_(shrink), moments_(2.0 / shrink) {}

    // (sample - high) / (high - low), or the same below, in front of `add`; 0 inside or before the
    // first sample. A range narrower than `floor` counts as `floor`.
    double excess(double sample, double floor) const {
        if (moments_.count() == 0 || !is_usable(sample)) {
            return 0;
        }
        if (sample > high_) {
            return distance_in_scales(sample, high_, width(), floor);
        }
        return sample < low_ ? distance_in_scales(sample, low_, width(), floor) : 0;
    }

    bool add(double sample) {
        if (!moments_.add(sample)) {
            return false;
        }
        if (moments_.count() == 1) {
            high_ = low_ = sample;
        }
        high_ = std::max(high_, sample);
        low_ = std::min(low_, sample);
        shrink_towards(moments_.mean(), shrink_);
        return true;
    }

    double high() const { return high_; }

    double low() const { return low_; }

    double width() const { return high_ - low_; }

    std::size_t count() const { return moments_.count(); }

    template <class Archive>
    void fields(Archive& archive) {
        archive(shrink_, moments_, high_, low_);
    }

   private:
    void shrink_towards(double centre, double share) {
        high_ -= (high_ - centre) * share;
        low_ += (centre - low_) * share;
    }

    double shrink_;
    WeightedMoments moments_;
    double high_ = 0;
    double low_ = 0;
};

}  // namespace nocturne::plugins
