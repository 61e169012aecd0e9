#include "topology/surroundings.hpp"

#include <algorithm>
#include <array>

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
            ++nodes_[unread[place]].count;
            found.push_back({place, other, static_cast<float>(weight)});
        });
    put(unread, found);
}

// The edges of several nodes came mixed: each one's are put side by side.
void Surroundings::put(std::span<const Met> nodes, const std::vector<Found>& found) {
    std::vector<std::size_t> next{0};
    for (const Met node : nodes) {
        next.push_back(next.back() + nodes_[node].count);
    }
    std::vector<Found> grouped(found.size());
    for (const Found& edge : found) {
        grouped[next[edge.place]++] = edge;
    }
    constexpr std::size_t kMetByEach = 4;  // about
    numbers_.reserve(numbers_.size() + kMetByEach * nodes.size());
    auto begin = grouped.begin();
    for (std::size_t place = 0; place < nodes.size(); ++place) {
        const auto end = grouped.begin() + static_cast<std::ptrdiff_t>(next[place]);
        put(nodes[place], {begin, end});
        begin = end;
    }
}

void Surroundings::put(Met from, std::span<Found> edges) {
    std::sort(edges.begin(), edges.end(), [](const Found& a, const Found& b) {
        return a.to != b.to ? a.to < b.to : a.weight > b.weight;
    });
    const std::size_t first = dependencies_.size();
    for (std::size_t i = 0; i < edges.size(); ++i) {
        if (i == 0 || edges[i].to != edges[i - 1].to) {
            const Met to = meet(edges[i].to);
            dependencies_.push_back({to, edges[i].weight});
        }
    }
    nodes_[from].first = static_cast<std::uint32_t>(first);
    nodes_[from].count = static_cast<std::uint32_t>(dependencies_.size() - first);
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
