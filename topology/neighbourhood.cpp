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

namespace {

class Foresight {
   public:
    Foresight(const Graph& graph, const ImpactLimits& limits) : graph_(graph), limits_(limits) {}

    ImpactReport look(NodeIndex start) {
        open_.push({1.0, 0, start, kNoNode});
        while (!open_.empty() && report_.hurt.size() <= limits_.nodes_max) {
            const Reached reached = open_.top();
            open_.pop();
            if (come_from_.try_emplace(reached.node, reached.from).second) {
                note(reached, start);
                if (reached.distance < limits_.hops) {
                    spread(reached);
                }
            }
        }
        gather_held();
        sort();
        return std::move(report_);
    }

   private:
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

    struct Group {
        std::size_t members = 0;
        std::size_t lost = 0;
    };

    void note(const Reached& reached, NodeIndex start) {
        if (reached.node == start) {
            return;
        }
        Impact& impact = report_.hurt.emplace_back(
            Impact{reached.node, reached.distance, reached.likelihood, {}});
        for (NodeIndex step = reached.node; step != kNoNode; step = come_from_.at(step)) {
            impact.path.push_back(step);
        }
        std::reverse(impact.path.begin(), impact.path.end());
    }

    void spread(const Reached& reached) {
        graph_.for_each_dependent(reached.node, [&](NodeIndex other, const Edge& edge) {
            if (come_from_.contains(other)) {
                return;
            }
            double likelihood = reached.likelihood * edge.weight;
            if (edge.type == kRedundantType) {
                Group& group = group_of(other);
                if (++group.lost < group.members) {
                    return;
                }
                likelihood = reached.likelihood;  // the last of them, and the least likely
            }
            if (likelihood >= limits_.likelihood_min) {
                open_.push({likelihood, static_cast<std::uint8_t>(reached.distance + 1), other,
                            reached.node});
            }
        });
    }

    Group& group_of(NodeIndex node) {
        const auto [place, is_new] = groups_.try_emplace(node);
        if (is_new) {
            Group& group = place->second;
            graph_.for_each_dependency(node, [&](NodeIndex, const Edge& edge) {
                group.members += edge.type == kRedundantType ? 1U : 0U;
            });
        }
        return place->second;
    }

    void gather_held() {
        constexpr std::size_t kNamed = 5;
        for (const auto& [node, group] : groups_) {
            if (come_from_.contains(node)) {
                continue;
            }
            Redundancy& held = report_.held.emplace_back();
            held.node = node;
            held.lost = group.lost;
            held.members = group.members;
            graph_.for_each_dependency(node, [&](NodeIndex other, const Edge& edge) {
                if (edge.type == kRedundantType && !come_from_.contains(other)) {
                    held.left.push_back(other);
                }
            });
            std::sort(held.left.begin(), held.left.end(), [&](NodeIndex a, NodeIndex b) {
                return graph_.node(a).name < graph_.node(b).name;
            });
            held.left.resize(std::min(held.left.size(), kNamed));
        }
    }

    void sort() {
        std::sort(report_.hurt.begin(), report_.hurt.end(), [&](const Impact& a, const Impact& b) {
            const Node& first = graph_.node(a.node);
            const Node& second = graph_.node(b.node);
            return std::tie(b.likelihood, second.criticality, first.name) <
                   std::tie(a.likelihood, first.criticality, second.name);
        });
        std::sort(report_.held.begin(), report_.held.end(),
                  [&](const Redundancy& a, const Redundancy& b) {
                      return graph_.node(a.node).name < graph_.node(b.node).name;
                  });
    }

    const Graph& graph_;
    const ImpactLimits& limits_;
    std::priority_queue<Reached> open_;
    boost::unordered_flat_map<NodeIndex, NodeIndex> come_from_;
    boost::unordered_flat_map<NodeIndex, Group> groups_;
    ImpactReport report_;
};

}  // namespace

ImpactReport foresee(const Graph& graph, NodeIndex start, const ImpactLimits& limits) {
    return Foresight(graph, limits).look(start);
}

std::vector<Impact> impact(const Graph& graph, NodeIndex start, const ImpactLimits& limits) {
    return foresee(graph, start, limits).hurt;
}

}  // namespace nocturne::topology
