// Precision: of the anomalies that two versions of a plugin told of, how many people found right.
#pragma once

#include "engine/plugin_comparison.hpp"

#include <cstdint>
#include <string_view>

namespace nocturne::engine {

struct State;

struct Precision {
    struct OfVersion {
        std::uint64_t right = 0;
        std::uint64_t wrong = 0;
        std::uint64_t unlabelled = 0;
    };

    OfVersion before;
    OfVersion after;
};

// "false alarm", "false positive", "noise": the causes that say that there was nothing.
bool is_false_alarm(std::string_view cause);

// By incidents that people labelled with their cause: what was told of a resource with an alert in
// such an incident, while it lasted or shortly before it opened, is right; wrong when all such
// incidents were false alarms; unlabelled when there is none.
Precision precision_of(const State& state, const PluginComparison& comparison);

}  // namespace nocturne::engine
