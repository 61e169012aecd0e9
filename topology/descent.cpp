#include "topology/descent.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace nocturne::topology {

namespace {

constexpr std::size_t kReadAtOnce = 256;  // nodes, until the limit of edges is looked at again
constexpr Descent::Met kNotReached = UINT32_MAX;

}  // namespace

Descent::Descent(const Graph& graph, std::vector<NodeIndex> told)
    : graph_(graph), told_(static_cast<Met>(told.size())), met_(std::move(told)) {
    numbers_.reserve(4 * met_.size());
    for (Met node = 0; node < told_; ++node) {
        numbers_.emplace(met_[node], node);
    }
    is_read_.resize(told_);
}

Descent::Met Descent::meet(NodeIndex node) {
    const auto [place, is_new] = numbers_.try_emplace(node, met_count());
    if (is_new) {
        met_.push_back(node);
        is_read_.push_back(false);
    }
    return place->second;
}

std::vector<std::vector<Descent::Met>> Descent::go_down(std::vector<Met> alerting,
                                                        const WalkLimits& limits) {
    std::vector<Hop> hops;
    std::vector<Met> level = std::move(alerting);
    while (hops.size() < limits.silent_hops && !level.empty()) {
        sort_by_number(level);
        hops.push_back(read_hop(level, limits.pushes_max));
        level = hops.back().reached;
    }
    keep(hops);
    std::vector<std::vector<Met>> kept;
    for (const Hop& hop : hops) {
        std::vector<Met>& of_hop = kept.emplace_back();
        std::copy_if(hop.reached.begin(), hop.reached.end(), std::back_inserter(of_hop),
                     [&](Met node) { return is_kept_[node]; });
        sort_by_number(of_hop);
    }
    return kept;
}

void Descent::sort_by_number(std::vector<Met>& nodes) const {
    std::sort(nodes.begin(), nodes.end(), [&](Met a, Met b) { return met_[a] < met_[b]; });
}

void Descent::read(std::span<const Met> nodes) {
    std::vector<Met> unread;
    std::vector<NodeIndex> indices;
    for (const Met node : nodes) {
        if (!is_read_[node]) {
            is_read_[node] = true;
            unread.push_back(node);
            indices.push_back(met_[node]);
        }
    }
    graph_.for_each_dependency_weight(
        indices, [&](std::size_t place, NodeIndex other, double weight) {
            edges_.push_back({unread[place], meet(other), static_cast<float>(weight)});
        });
}

// In the order of the nodes' numbers, so that where the limit cuts hangs on nothing else.
Descent::Hop Descent::read_hop(const std::vector<Met>& level, std::size_t edges_max) {
    Hop hop;
    hop.begin = edges_.size();
    for (std::size_t i = 0; i < level.size() && edges_.size() - hop.begin <= edges_max;
         i += kReadAtOnce) {
        read(std::span(level).subspan(i, std::min(kReadAtOnce, level.size() - i)));
    }
    hop.end = edges_.size();
    std::vector<Met> from(met_count(), kNotReached);  // by Met: where the first way to it came from
    for (std::size_t i = hop.begin; i < hop.end; ++i) {
        const EdgeRead& edge = edges_[i];
        if (!is_way_down(edge)) {
            continue;
        }
        if (from[edge.to] == kNotReached) {
            from[edge.to] = edge.from;
            hop.reached.push_back(edge.to);
        } else if (from[edge.to] != edge.from) {
            hop.meets.push_back(edge.to);
        }
    }
    return hop;
}

// From the bottom: a node is kept when two ways meet in it, or when one that is kept is below.
void Descent::keep(const std::vector<Hop>& hops) {
    is_kept_.assign(met_count(), false);
    for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
        for (const Met node : hop->meets) {
            is_kept_[node] = true;
        }
        std::vector<Met> above;  // at once: the order of the edges is nobody's promise
        for (std::size_t i = hop->begin; i < hop->end; ++i) {
            if (is_way_down(edges_[i]) && is_kept_[edges_[i].to]) {
                above.push_back(edges_[i].from);
            }
        }
        for (const Met node : above) {
            is_kept_[node] = true;
        }
    }
}

}  // namespace nocturne::topology
