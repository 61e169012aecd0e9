// Difference: what changed between two graphs, by names.
#pragma once

#include "topology/graph.hpp"

#include <string>
#include <vector>

namespace nocturne::topology {

struct EdgeName {
    std::string from;
    std::string to;
    std::string type;

    friend auto operator<=>(const EdgeName&, const EdgeName&) = default;
};

struct WeightChange {
    EdgeName edge;
    double before = 0;
    double after = 0;
};

struct Difference {
    std::vector<std::string> nodes_added;  // all lists sorted
    std::vector<std::string> nodes_removed;
    std::vector<EdgeName> edges_added;
    std::vector<EdgeName> edges_removed;
    std::vector<WeightChange> weights_changed;

    bool empty() const {
        return nodes_added.empty() && nodes_removed.empty() && edges_added.empty() &&
               edges_removed.empty() && weights_changed.empty();
    }
};

// A node that either graph knows by an alias is the same node.
Difference difference(const Graph& before, const Graph& after);

}  // namespace nocturne::topology
