// MetricAlerts: what raw samples say beside the alerts, as alerts of their own.
#pragma once

#include "model/event.hpp"
#include "model/time.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace nocturne::cli {

// Collects samples (events of kind metric) by resource and check, and compares the level of each
// series since the incident began with the level before:
//
//     deviation = (median since - median before) / max(1.4826 MAD, q95 / 3, 0.1 |median|)
//
// where the median absolute deviation and q95, the 95 % quantile of |value - median|, are those
// before. Medians, since a single odd sample is what alerts are for: samples add what stays off
// normal and raised no alert. Checks of availability and success are bad when they fall, those of
// traffic both ways, all others when they rise.
class MetricAlerts {
   public:
    static constexpr std::size_t kBeforeMin = 8;  // samples; with fewer nothing is said
    static constexpr std::size_t kSinceMin = 2;
    static constexpr double kDeviationMin = 3.0;  // a warning

    // A sample of the time before the incident, whatever its own time says.
    void add_baseline(const model::EventView& sample);
    // A sample to be sorted by its time.
    void add(const model::EventView& sample);

    // Adds an alert of source "metrics" for each series that is off normal since `start` and that
    // `batch` does not tell of, with annotations `z` and `baseline`. Returns how many.
    std::size_t add_alerts(model::EventBatch& batch, model::Time start) const;

   private:
    struct Sample {
        model::Time time;
        double value;
    };

    struct Series {
        std::vector<double> before;
        std::vector<Sample> samples;
    };

    Series& series_of(const model::EventView& sample);

    std::map<std::pair<std::string, std::string>, Series> series_;  // by resource and check
};

}  // namespace nocturne::cli
