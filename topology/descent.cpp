#include "topology/descent.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace nocturne::topology {

namespace {

constexpr std::size_t kReadAtOnce = 256;  // nodes, until the limit of edges is looked at again

}  // namespace

Descent::Descent(const Graph& graph, Surroundings& surroundings, std::span<const Met> told)
    : graph_(graph), surroundings_(surroundings), is_told_(surroundings.count()),
      is_looked_at_(surroundings.count()) {
    for (const Met node : told) {
        is_told_[node] = true;
    }
}

template <typename Visit>
void Descent::for_each_way_down(Met from, Visit visit) const {
    for (const Surroundings::Dependency& dependency : surroundings_.dependencies(from)) {
        const Met to = dependency.node;
        if (to != from && (to >= is_told_.size() || !is_told_[to])) {
            visit(to);
        }
    }
}

std::vector<std::vector<Descent::Met>> Descent::go_down(std::vector<Met> alerting,
                                                        const WalkLimits& limits) {
    std::vector<Hop> hops;
    std::vector<Met> level = std::move(alerting);
    while (hops.size() < limits.silent_hops && !level.empty()) {
        sort_by_number(level);
        hops.push_back(take_hop(level, limits.pushes_max));
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
    std::vector<std::uint64_t> numbered;  // the number, then what it is here
    numbered.reserve(nodes.size());
    for (const Met node : nodes) {
        numbered.push_back(std::uint64_t{surroundings_.index_of(node)} << 32 | node);
    }
    std::sort(numbered.begin(), numbered.end());
    std::transform(numbered.begin(), numbered.end(), nodes.begin(),
                   [](std::uint64_t one) { return static_cast<Met>(one & UINT32_MAX); });
}

// In the order of the nodes' numbers, so that where the limit cuts hangs on nothing else.
std::vector<Descent::Met> Descent::look_from(const std::vector<Met>& level, std::size_t edges_max) {
    std::vector<Met> from;
    std::size_t edges = 0;
    for (std::size_t i = 0; i < level.size() && edges <= edges_max; i += kReadAtOnce) {
        const auto some = std::span(level).subspan(i, std::min(kReadAtOnce, level.size() - i));
        surroundings_.read_dependencies(graph_, some);
        is_looked_at_.resize(surroundings_.count());
        for (const Met node : some) {
            if (!is_looked_at_[node]) {
                is_looked_at_[node] = true;
                from.push_back(node);
                edges += surroundings_.dependencies(node).size();
            }
        }
    }
    return from;
}

Descent::Hop Descent::take_hop(const std::vector<Met>& level, std::size_t edges_max) {
    Hop hop;
    hop.from = look_from(level, edges_max);
    // By Met: where the first way to it came from.
    std::vector<Met> first(surroundings_.count(), Surroundings::kNotMet);
    for (const Met from : hop.from) {
        for_each_way_down(from, [&](Met to) {
            if (first[to] == Surroundings::kNotMet) {
                first[to] = from;
                hop.reached.push_back(to);
            } else if (first[to] != from) {
                hop.meets.push_back(to);
            }
        });
    }
    return hop;
}

// From the bottom: a node is kept when two ways meet in it, or when one that is kept is below.
void Descent::keep(const std::vector<Hop>& hops) {
    is_kept_.assign(surroundings_.count(), false);
    for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
        for (const Met node : hop->meets) {
            is_kept_[node] = true;
        }
        std::vector<Met> above;  // at once: the order of the nodes is nobody's promise
        for (const Met from : hop->from) {
            bool leads_to_kept = false;
            for_each_way_down(from, [&](Met to) { leads_to_kept = leads_to_kept || is_kept_[to]; });
            if (leads_to_kept) {
                above.push_back(from);
            }
        }
        for (const Met node : above) {
            is_kept_[node] = true;
        }
    }
}

}  // namespace nocturne::topology
