// What is near a node, and whom it would hurt.
#pragma once

#include "topology/graph.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace nocturne::topology {

struct NearLimits {
    std::uint8_t hops = 2;
    std::uint32_t hub_dependents_max =
        32;  // a dependency that more share makes no siblings by itself
    std::size_t nodes_max = 512;
};

struct Near {
    NodeIndex node = kNoNode;
    std::uint8_t distance = 0;
};

// The nodes that could share a problem with `start`: all within so many hops upwards (dependents)
// or downwards (dependencies), and those that share a dependency with it, unless that is a hub
// (everything depends on DNS) which `is_alerting` does not say to be in trouble itself. What merely
// has a dependent in common is not near: two dependencies of one service fail for reasons of their
// own. Without `start`; nearest first, ties by index.
std::vector<Near> near(const Graph& graph, NodeIndex start, const NearLimits& limits,
                       const std::function<bool(NodeIndex)>& is_alerting);

struct ImpactLimits {
    std::uint8_t hops = 16;
    double likelihood_min = 0.01;
    std::size_t nodes_max = 10'000;
};

struct Impact {
    NodeIndex node = kNoNode;
    std::uint8_t distance = 0;
    double likelihood = 0;        // product of the weights on the likeliest path
    std::vector<NodeIndex> path;  // from the failing node to this one, both included
};

// Whom a fault of `start` would hurt: likeliest first, then by criticality, then by name.
std::vector<Impact> impact(const Graph& graph, NodeIndex start, const ImpactLimits& limits);

}  // namespace nocturne::topology
