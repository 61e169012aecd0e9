// From evidence to a detector's score.
#pragma once

#include "plugins/statistics/repeats.hpp"

#include <cstddef>

namespace nocturne::plugins {

// Evidence in multiples of the detector's threshold comes in; out comes e / (1 + e) when it is the
// highest of the last `repeat_window` samples, otherwise 0. Evidence of 1 is a score of 0.5.
class AlertScore {
   public:
    explicit AlertScore(std::size_t repeat_window = 0) : highs_(repeat_window) {}

    double of(double evidence) {
        const double passed = highs_.pass(evidence);
        return passed / (1 + passed);
    }

    template <class Archive>
    void fields(Archive& archive) {
        archive(highs_);
    }

   private:
    NewHighs highs_;
};

}  // namespace nocturne::plugins
