// Shipped detectors, composed of the statistics of this folder: one sample in, one score out.
#pragma once

#include "model/result.hpp"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::plugins {

// One detector over one series. The score is in 0..1, and 0.5 and above is an alert. A sample sees
// those before it only. A NaN sample scores 0 (but see detector "missing") and teaches nothing.
class Detector {
   public:
    virtual ~Detector() = default;
    // Epoch seconds, not falling; the value in the series' unit.
    virtual double score(double time_s, double value) = 0;
};

struct DetectorParameter {
    std::string_view name;
    double standard = 0;
    double low = 0;  // bounds, inclusive
    double high = 0;
    std::string_view meaning;
};

// Values by name of a parameter.
using DetectorSettings = std::map<std::string, double, std::less<>>;

struct ShippedDetector {
    std::string_view name;
    std::string_view summary;
    std::span<const DetectorParameter> parameters;
    // Settings: all parameters, within their bounds.
    std::unique_ptr<Detector> (*make)(const DetectorSettings& settings);
};

// In alphabetical order.
std::vector<ShippedDetector> shipped_detectors();

// Nothing when there is none of this name.
std::optional<ShippedDetector> find_shipped_detector(std::string_view name);

// The parameters' defaults with `given` laid over them; an error names an unknown parameter or one
// out of its bounds, and what would be right.
Result<DetectorSettings> complete_settings(const ShippedDetector& detector,
                                           const DetectorSettings& given);

}  // namespace nocturne::plugins
