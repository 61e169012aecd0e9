// The textbook detectors, each with a scale that has a floor, a time for learning, and repeats held
// back: what makes the same formulas useful in a night of alerts.
#pragma once

#include "plugins/statistics/detector.hpp"

#include <span>

namespace nocturne::plugins {

// threshold, three_sigma, zscore, iqr, seasonal, leak, change_point, drift, burn_rate, missing.
std::span<const ShippedDetector> simple_detectors();

}  // namespace nocturne::plugins
