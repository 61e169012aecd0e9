// The detector for curves of requests: fast changes against the time of day.
#pragma once

#include "plugins/statistics/alert_score.hpp"
#include "plugins/statistics/moments.hpp"
#include "plugins/statistics/seasonal.hpp"

#include <optional>

namespace nocturne::plugins {

// evidence = sqrt(jump * unusual) / 3.5, alert at 1:
// jump:    distance to the mean of the last 40 samples, in their deviations;
// unusual: distance to what earlier days had in these five minutes, in usual distances of the last
//          two days or so (each cut to 4 times the usual, so that an outage does not become usual).
// Both scales are at least 5 % of the curve's own deviation. The geometric mean weighs both: a
// peak that comes every day must be far steeper to be told, and so must a slow drift off the
// profile. A score passes when it is the highest of the last 5 samples (100 where they
// come every five minutes or less often); the first 300 are for
// learning.
class KpiDetector {
   public:
    struct Settings {
        double limit = 3.5;
        std::size_t hold = 5;         // samples
        std::size_t hold_slow = 100;  // of metrics with a sample every five minutes or less often
    };

    KpiDetector() : KpiDetector(Settings()) {}

    explicit KpiDetector(const Settings& settings);

    // Epoch seconds, not falling; the value in the series' unit. 0..1; 0 for what is no number.
    double score(double time_s, double value);

    template <class Archive>
    void fields(Archive& archive) {
        archive(limit_, seen_, first_time_s_, memory_, recent_, day_, hold_slow_, alert_);
        archive.check(limit_ > 0);
    }

   private:
    // What needs the sampling interval: made with the first gap between two times.
    struct Memory {
        Memory() : Memory(60) {}

        explicit Memory(double interval_s);

        template <class Archive>
        void fields(Archive& archive) {
            archive(curve, squares);
        }

        WeightedMoments curve;
        WeightedMoments squares;  // of the cut distances to the profile
    };

    double unusual(double time_s, double value, double floor);

    double limit_;
    std::size_t seen_ = 0;
    std::optional<double> first_time_s_;
    std::optional<Memory> memory_;
    RollingMoments recent_;
    SeasonalProfile day_;
    std::size_t hold_slow_;
    AlertScore alert_;
};

}  // namespace nocturne::plugins
