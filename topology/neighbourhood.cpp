#include "topology/neighbourhood.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <queue>
#include <tuple>

namespace nocturne::topology {

namespace {

// Breadth first in one direction; each level in the order of indices, so that a cut at nodes_max
// does not hang on the order in which edges were added.
class Spread {
   public:
    Spread(NodeIndex start, const NearLimits& limits) : limits_(limits) { found_.insert(start); }

    template <typename ForEach>
    void go(std::vector<NodeIndex> level, std::uint8_t first_distance, ForEach for_each) {
        for (std::uint8_t distance = first_distance; distance <= limits_.hops && !level.empty();
             ++distance) {
            std::vector<NodeIndex> next;
            for (const NodeIndex node : level) {
                for_each(node, [&](NodeIndex other) { next.push_back(other); });
            }
            std::sort(next.begin(), next.end());
            next.erase(std::unique(next.begin(), next.end()), next.end());
            std::erase_if(next, [&](NodeIndex node) { return !take(node, distance); });
            level = std::move(next);
        }
    }

    std::vector<Near> finish() {
        std::sort(near_.begin(), near_.end(), [](const Near& a, const Near& b) {
            return std::tie(a.distance, a.node) < std::tie(b.distance, b.node);
        });
        if (near_.size() > limits_.nodes_max) {
            near_.resize(limits_.nodes_max);
        }
        return std::move(near_);
    }

   private:
    bool take(NodeIndex node, std::uint8_t distance) {
        // A level may run over the limit; the nearest are kept at the end.
        if (near_.size() >= 2 * limits_.nodes_max || !found_.insert(node).second) {
            return false;
        }
        near_.push_back({node, distance});
        return true;
    }

    const NearLimits& limits_;
    boost::unordered_flat_set<NodeIndex> found_;
    std::vector<Near> near_;
};

}  // namespace

std::vector<Near> below(const Graph& graph, NodeIndex start, const NearLimits& limits) {
    Spread spread(start, limits);
    spread.go({start}, 1, [&](NodeIndex node, auto visit) {
        graph.for_each_dependency(node, [&](NodeIndex other, const Edge&) { visit(other); });
    });
    return spread.finish();
}

std::vector<Near> above(const Graph& graph, NodeIndex start, const NearLimits& limits) {
    Spread spread(start, limits);
    spread.go({start}, 1, [&](NodeIndex node, auto visit) {
        graph.for_each_dependent(node, [&](NodeIndex other, const Edge&) { visit(other); });
    });
    return spread.finish();
}

std::vector<NodeIndex> dependents(const Graph& graph, NodeIndex start, std::uint8_t hops,
                                  std::size_t nodes_max) {
    std::vector<NodeIndex> found{start};
    for (const Near& near : above(graph, start, {hops, nodes_max})) {
        found.push_back(near.node);
    }
    return found;
}

std::vector<Impact> impact(const Graph& graph, NodeIndex start, const ImpactLimits& limits) {
    struct Reached {
        double likelihood;
        std::uint8_t distance;
        NodeIndex node;
        NodeIndex from;

        // The likeliest is taken first; ties in the order of distance and index.
        bool operator<(const Reached& other) const {
            return std::tie(likelihood, other.distance, other.node) <
                   std::tie(other.likelihood, distance, node);
        }
    };

    std::priority_queue<Reached> open;
    boost::unordered_flat_map<NodeIndex, NodeIndex> come_from;
    std::vector<Impact> hurt;
    open.push({1.0, 0, start, kNoNode});
    while (!open.empty() && hurt.size() <= limits.nodes_max) {
        const Reached reached = open.top();
        open.pop();
        if (!come_from.try_emplace(reached.node, reached.from).second) {
            continue;
        }
        if (reached.node != start) {
            Impact& impact =
                hurt.emplace_back(Impact{reached.node, reached.distance, reached.likelihood, {}});
            for (NodeIndex step = reached.node; step != kNoNode; step = come_from.at(step)) {
                impact.path.push_back(step);
            }
            std::reverse(impact.path.begin(), impact.path.end());
        }
        if (reached.distance == limits.hops) {
            continue;
        }
        graph.for_each_dependent(reached.node, [&](NodeIndex other, const Edge& edge) {
            const double likelihood = reached.likelihood * edge.weight;
            if (likelihood >= limits.likelihood_min && !come_from.contains(other)) {
                open.push({likelihood, static_cast<std::uint8_t>(reached.distance + 1), other,
                           reached.node});
            }
        });
    }
    std::sort(hurt.begin(), hurt.end(), [&](const Impact& a, const Impact& b) {
        const Node& first = graph.node(a.node);
        const Node& second = graph.node(b.node);
        return std::tie(b.likelihood, second.criticality, first.name) <
               std::tie(a.likelihood, first.criticality, second.name);
    });
    return hurt;
}

}  // namespace nocturne::topology
