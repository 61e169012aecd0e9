#include "engine/blast_radius.hpp"

#include <string_view>

namespace nocturne::engine {

using topology::Graph;
using topology::NodeIndex;

namespace {

std::string_view pool_of(const topology::Node& node) {
    for (const auto& [name, value] : node.labels) {
        if (name == "pool") {
            return value;
        }
    }
    return {};
}

}  // namespace

std::vector<NodeIndex> siblings_of(const Graph& graph, NodeIndex node, std::size_t nodes_max) {
    const topology::Node& self = graph.node(node);
    const std::string_view pool = pool_of(self);
    std::set<NodeIndex> siblings{node};
    const auto consider = [&](NodeIndex other) {
        const topology::Node& candidate = graph.node(other);
        if (siblings.size() < nodes_max && candidate.type == self.type &&
            pool_of(candidate) == pool) {
            siblings.insert(other);
        }
    };
    if (!pool.empty()) {
        for (NodeIndex other = 0; other < graph.index_end(); ++other) {
            if (graph.is_alive(other)) {
                consider(other);
            }
        }
        return {siblings.begin(), siblings.end()};
    }
    graph.for_each_dependent(node, [&](NodeIndex dependent, const topology::Edge&) {
        graph.for_each_dependency(dependent,
                                  [&](NodeIndex other, const topology::Edge&) { consider(other); });
    });
    return {siblings.begin(), siblings.end()};
}

std::set<NodeIndex> dependents_of(const Graph& graph, const std::set<NodeIndex>& nodes,
                                  std::size_t nodes_max) {
    std::set<NodeIndex> found;
    std::vector<NodeIndex> ahead(nodes.begin(), nodes.end());
    while (!ahead.empty() && found.size() <= nodes_max) {
        const NodeIndex node = ahead.back();
        ahead.pop_back();
        graph.for_each_dependent(node, [&](NodeIndex dependent, const topology::Edge&) {
            if (!nodes.contains(dependent) && found.insert(dependent).second) {
                ahead.push_back(dependent);
            }
        });
    }
    return found;
}

}  // namespace nocturne::engine
