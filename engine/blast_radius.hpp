// What a plan would hit, from the live graph: the siblings of a node, and who depends on it.
#pragma once

#include "topology/graph.hpp"

#include <set>
#include <vector>

namespace nocturne::engine {

// The node and those that do the same work, ascending: of its type, and of its `pool` if it has
// that label, and with a dependent in common (or, with a pool, anywhere). At most `nodes_max`.
std::vector<topology::NodeIndex> siblings_of(const topology::Graph& graph, topology::NodeIndex node,
                                             std::size_t nodes_max);

// All that depends on one of the nodes, directly or through others, without them. Stops beyond
// `nodes_max`.
std::set<topology::NodeIndex> dependents_of(const topology::Graph& graph,
                                            const std::set<topology::NodeIndex>& nodes,
                                            std::size_t nodes_max);

}  // namespace nocturne::engine
