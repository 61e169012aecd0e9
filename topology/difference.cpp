#include "topology/difference.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

namespace nocturne::topology {

namespace {

// The name that both graphs are compared by: that of the graph before, where it knows the node.
std::string common_name(const Graph& before, const Node& node) {
    NodeIndex known = before.find(node.name);
    for (std::size_t i = 0; known == kNoNode && i < node.aliases.size(); ++i) {
        known = before.find(node.aliases[i]);
    }
    return known == kNoNode ? node.name : before.node(known).name;
}

struct Contents {
    std::vector<std::string> nodes;
    std::map<EdgeName, double> edges;
};

Contents contents_of(const Graph& graph, const Graph& before) {
    Contents contents;
    std::vector<std::string> names(graph.index_end());
    for (NodeIndex node = 0; node < graph.index_end(); ++node) {
        if (graph.is_alive(node)) {
            names[node] = common_name(before, graph.node(node));
            contents.nodes.push_back(names[node]);
        }
    }
    for (NodeIndex node = 0; node < graph.index_end(); ++node) {
        if (graph.is_alive(node)) {
            graph.for_each_dependency(node, [&](NodeIndex to, const Edge& edge) {
                contents.edges[{names[node], names[to], edge.type}] = edge.weight;
            });
        }
    }
    std::sort(contents.nodes.begin(), contents.nodes.end());
    return contents;
}

}  // namespace

Difference difference(const Graph& before, const Graph& after) {
    const Contents old = contents_of(before, before);
    const Contents now = contents_of(after, before);
    Difference found;
    std::set_difference(now.nodes.begin(), now.nodes.end(), old.nodes.begin(), old.nodes.end(),
                        std::back_inserter(found.nodes_added));
    std::set_difference(old.nodes.begin(), old.nodes.end(), now.nodes.begin(), now.nodes.end(),
                        std::back_inserter(found.nodes_removed));
    for (const auto& [edge, weight] : now.edges) {
        const auto known = old.edges.find(edge);
        if (known == old.edges.end()) {
            found.edges_added.push_back(edge);
        } else if (std::abs(known->second - weight) > 1e-9) {
            found.weights_changed.push_back({edge, known->second, weight});
        }
    }
    for (const auto& [edge, weight] : old.edges) {
        if (!now.edges.contains(edge)) {
            found.edges_removed.push_back(edge);
        }
    }
    return found;
}

}  // namespace nocturne::topology
