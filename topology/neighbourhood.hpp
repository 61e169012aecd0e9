// What is near a node, and whom it would hurt.
#pragma once

#include "topology/graph.hpp"

#include <cstdint>
#include <vector>

namespace nocturne::topology {

struct NearLimits {
    std::uint8_t hops = 2;
    std::size_t nodes_max = 512;
};

struct Near {
    NodeIndex node = kNoNode;
    std::uint8_t distance = 0;
};

// What `start` depends on within so many hops, without itself; nearest first, ties by index.
std::vector<Near> below(const Graph& graph, NodeIndex start, const NearLimits& limits);
// The same for what depends on it.
std::vector<Near> above(const Graph& graph, NodeIndex start, const NearLimits& limits);

// The node and what depends on it within so many hops, nearest first; at most `nodes_max`.
std::vector<NodeIndex> dependents(const Graph& graph, NodeIndex start, std::uint8_t hops,
                                  std::size_t nodes_max);

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
