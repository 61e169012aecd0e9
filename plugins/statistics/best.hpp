// The default detector, for any metric: out of the range ever seen, or of that of this hour.
#pragma once

#include "plugins/statistics/alert_score.hpp"
#include "plugins/statistics/moments.hpp"
#include "plugins/statistics/range.hpp"
#include "plugins/statistics/seasonal.hpp"

#include <cstddef>

namespace nocturne::plugins {

// evidence = level / 0.08 + hour / 0.75 + day / 8, alert at 1:
// level: how far the weighted mean of about 5 samples lies outside of the range ever seen, in
// widths
//        of this range (which forgets 1 / 10,000 a sample);
// hour:  how far the sample lies outside of the range ever seen from two hours before to two hours
//        after this time of day, in widths of the whole range, over (0.02 + 3 times the usual size
//        of the same). Counts from the second day on; where the day does not repeat its usual size
//        is large, and it says little;
// day:   the same against earlier days only, so that a morning which does not come is seen although
//        the hours around are low as well.
// A score passes when it is the highest of the last 100 samples.
class BestDetector {
   public:
    struct Settings {
        double level = 0.08;
        double hour = 0.75;
        double day = 8;
        std::size_t hold = 100;  // samples
    };

    BestDetector() : BestDetector(Settings()) {}

    explicit BestDetector(const Settings& settings);

    // Epoch seconds, not falling; the value in the series' unit. 0..1; 0 for what is no number.
    double score(double time_s, double value);

    template <class Archive>
    void fields(Archive& archive) {
        archive(level_limit_, hour_limit_, day_limit_, level_, level_range_, range_, hours_, hour_,
                absence_, alert_);
        archive.check(level_limit_ > 0 && hour_limit_ > 0 && day_limit_ > 0);
    }

   private:
    // An excess over what is usual for excesses of this series.
    class UsualExcess {
       public:
        UsualExcess();
        double of(double excess);

        template <class Archive>
        void fields(Archive& archive) {
            archive(usual_);
        }

       private:
        WeightedMoments usual_;
    };

    double level_evidence(double value);
    double hour_evidence(double time_s, double value);
    double excess(double time_s, double value, SeasonalRange::Today today) const;

    double level_limit_;
    double hour_limit_;
    double day_limit_;
    WeightedMoments level_;
    ShrinkingRange level_range_;
    ShrinkingRange range_;
    SeasonalRange hours_;
    UsualExcess hour_;
    UsualExcess absence_;
    AlertScore alert_;
};

}  // namespace nocturne::plugins
