#include "topology/surroundings.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace nocturne::topology {

namespace {

constexpr std::size_t kFetchedAhead = 8;
// About 3 MB: an incident of 2,048 alerting nodes stays below it, as a rule.
constexpr std::size_t kNodesKeptMax = 32'768;
constexpr std::size_t kDependenciesKeptMax = 131'072;

bool is_remote(std::string_view type) {
    return type == "remote" || type == "external" || type == "client";
}

bool is_host(std::string_view type) {
    constexpr std::array<std::string_view, 14> kTypes{
        "host", "node",   "machine", "vm",     "hypervisor", "server", "rack",
        "zone", "region", "disk",    "volume", "storage",    "switch", "network"};
    return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

// Whether what was found so at one revision of the graph holds still; if so, notes that it does.
bool holds_still(const Graph& graph, NodeIndex node, std::uint64_t& as_of) {
    const std::uint64_t now = graph.revision();
    const bool holds = as_of != 0 && (as_of == now || graph.revision_of(node) <= as_of);
    as_of = now;
    return holds;
}

}  // namespace

std::string_view pool_of(const Graph& graph, NodeIndex node) {
    for (const auto& [name, value] : graph.node(node).labels) {
        if (name == "pool") {
            return value;
        }
    }
    return {};
}

Surroundings::Met Surroundings::meet(NodeIndex node) {
    const auto [place, is_new] = numbers_.try_emplace(node, count());
    if (is_new) {
        nodes_.emplace_back().index = node;
    }
    return place->second;
}

Surroundings::Met Surroundings::find(NodeIndex node) const {
    const auto place = numbers_.find(node);
    return place == numbers_.end() ? kNotMet : place->second;
}

void Surroundings::read_dependencies(const Graph& graph, std::span<const Met> nodes) {
    std::vector<Met> unread;
    std::vector<NodeIndex> indices;
    for (const Met node : nodes) {
        MetNode& known = nodes_[node];
        if (!holds_still(graph, known.index, known.dependencies_as_of)) {
            known.count = 0;
            unread.push_back(node);
            indices.push_back(known.index);
        }
    }
    std::vector<Found> found;
    graph.for_each_dependency_weight(
        indices, [&](std::size_t place, NodeIndex other, double weight) {
            found.push_back({unread[place], {meet(other), static_cast<float>(weight)}});
        });
    put(unread, found);
}

// The edges of several nodes came mixed: each one's are put side by side.
void Surroundings::put(std::span<const Met> nodes, const std::vector<Found>& found) {
    for (const Found& edge : found) {
        ++nodes_[edge.from].count;
    }
    std::size_t end = dependencies_.size();
    for (const Met node : nodes) {
        nodes_[node].first = static_cast<std::uint32_t>(end);
        end += std::exchange(nodes_[node].count, 0);
    }
    dependencies_.resize(end);
    for (const Found& edge : found) {
        MetNode& from = nodes_[edge.from];
        dependencies_[from.first + from.count++] = edge.dependency;
    }
}

void Surroundings::read_facts(const Graph& graph, std::span<const Met> nodes) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (i + kFetchedAhead < nodes.size()) {
            const MetNode& ahead = nodes_[nodes[i + kFetchedAhead]];
            if (ahead.facts_as_of != graph.revision()) {
                __builtin_prefetch(&graph.node(ahead.index).type);
                __builtin_prefetch(&graph.node(ahead.index).labels);
            }
        }
        MetNode& known = nodes_[nodes[i]];
        if (!holds_still(graph, known.index, known.facts_as_of)) {
            const std::string& type = graph.node(known.index).type;
            known.facts = {static_cast<std::uint32_t>(graph.dependent_count(known.index)),
                           is_remote(type), is_host(type), !pool_of(graph, known.index).empty()};
        }
    }
}

bool Surroundings::is_too_large() const {
    return nodes_.size() > kNodesKeptMax || dependencies_.size() > kDependenciesKeptMax;
}

}  // namespace nocturne::topology
