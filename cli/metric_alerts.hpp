// MetricAlerts: what raw samples say beside the alerts, as alerts of their own.
#pragma once

#include "model/event.hpp"
#include "model/time.hpp"

#include <compare>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace nocturne::cli {

// Collects samples (events of kind metric) by resource, check and labels, and compares the level of
// each series since the incident began with the level before:
//
//     deviation = (median since - median before) / max(1.4826 MAD, q95 / 3, 0.1 |median|, count)
//
// where the median absolute deviation and q95, the 95 % quantile of |value - median| (of few
// samples the greatest), are those before. Of a check of errors or traffic whose samples are all
// whole numbers and not all 0 or 1, `count` is sqrt(max(1, median)), how far a count strays by
// chance: two errors where there were none say little. Medians, since a single odd sample is what
// alerts are for: samples add what stays off normal and raised no alert. Checks of availability and
// success are bad when they fall, those of traffic both ways, all others when they rise.
class MetricAlerts {
   public:
    static constexpr std::size_t kBeforeMin = 8;  // samples; with fewer nothing is said
    static constexpr std::size_t kSinceMin = 2;
    static constexpr double kDeviationMin = 3.0;  // a warning

    using Labels = std::vector<std::pair<std::string, std::string>>;  // sorted by name

    // What a series, or an alert made of it, is of.
    struct Name {
        std::string resource;
        std::string check;
        Labels labels;

        auto operator<=>(const Name&) const = default;
    };

    struct Sample {
        model::Time time;
        double value;
    };

    struct Series {
        std::vector<double> before;  // of the time before the incident
        std::vector<Sample> samples;
    };

    // A sample of the time before the incident, whatever its own time says.
    void add_baseline(const model::EventView& sample);
    // A sample to be sorted by its time.
    void add(const model::EventView& sample);

    // Adds an alert of source "metrics" for each series that is off normal since `start`, with its
    // labels, annotations `z` and `baseline`, and the time of its first sample that is off. Not
    // where an alert of `batch` tells of the same resource and check, and of no other label's
    // value. Returns how many.
    std::size_t add_alerts(model::EventBatch& batch, model::Time start) const;

   private:
    Series& series_of(const model::EventView& sample);

    std::map<Name, Series> series_;
};

}  // namespace nocturne::cli
