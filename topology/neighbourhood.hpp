// What is near a node, and whom it would hurt.
#pragma once

#include "topology/graph.hpp"

#include <cstdint>
#include <string_view>
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

// Who has lost some of the nodes that back it, and goes on with the others.
struct Redundancy {
    NodeIndex node = kNoNode;
    std::size_t lost = 0;
    std::size_t members = 0;
    std::vector<NodeIndex> left;  // a few of those that remain, in the order of their names
};

struct ImpactReport {
    // Likeliest first, then by criticality, then by name.
    std::vector<Impact> hurt;
    std::vector<Redundancy> held;  // by name
};

// The type of an edge to one of several nodes that do the same: who has such edges is hurt only
// when all of those fail.
inline constexpr std::string_view kRedundantType = "backed_by";

// Whom a fault of `start` would hurt, and which redundancy would hold.
ImpactReport foresee(const Graph& graph, NodeIndex start, const ImpactLimits& limits);
// Only the hurt.
std::vector<Impact> impact(const Graph& graph, NodeIndex start, const ImpactLimits& limits);

}  // namespace nocturne::topology
