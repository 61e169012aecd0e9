#include "plugins/statistics/detector.hpp"

#include "plugins/statistics/best.hpp"
#include "plugins/statistics/kpi.hpp"
#include "plugins/statistics/simple.hpp"

#include <algorithm>
#include <sstream>

namespace nocturne::plugins {

namespace {

std::string number(double value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

std::string names_of(std::span<const DetectorParameter> parameters) {
    std::string names;
    for (const DetectorParameter& parameter : parameters) {
        names += (names.empty() ? "" : ", ") + std::string(parameter.name);
    }
    return names;
}

}  // namespace

std::vector<ShippedDetector> shipped_detectors() {
    std::vector<ShippedDetector> all = {best_detector(), kpi_detector()};
    const std::span<const ShippedDetector> simple = simple_detectors();
    all.insert(all.end(), simple.begin(), simple.end());
    std::sort(all.begin(), all.end(),
              [](const ShippedDetector& a, const ShippedDetector& b) { return a.name < b.name; });
    return all;
}

std::optional<ShippedDetector> find_shipped_detector(std::string_view name) {
    for (const ShippedDetector& detector : shipped_detectors()) {
        if (detector.name == name) {
            return detector;
        }
    }
    return std::nullopt;
}

Result<DetectorSettings> complete_settings(const ShippedDetector& detector,
                                           const DetectorSettings& given) {
    DetectorSettings settings;
    for (const DetectorParameter& parameter : detector.parameters) {
        settings.emplace(parameter.name, parameter.standard);
    }
    for (const auto& [name, value] : given) {
        const auto known = std::find_if(
            detector.parameters.begin(), detector.parameters.end(),
            [&name = name](const DetectorParameter& parameter) { return parameter.name == name; });
        if (known == detector.parameters.end()) {
            return fail(ErrorCode::Invalid, "detector \"" + std::string(detector.name) +
                                                "\" has no parameter \"" + name + "\"; it has " +
                                                names_of(detector.parameters));
        }
        if (!(value >= known->low && value <= known->high)) {
            return fail(ErrorCode::Invalid, "parameter \"" + name + "\" is " + number(value) +
                                                "; expected " + number(known->low) + " to " +
                                                number(known->high));
        }
        settings[name] = value;
    }
    return settings;
}

}  // namespace nocturne::plugins
