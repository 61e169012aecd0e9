#include "topology/runs.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace nocturne::topology {

namespace {

constexpr std::uint32_t kPassedOver = UINT32_MAX;

// The numbers of the most frequent checks, in their order; ties go to the one seen first.
std::vector<std::uint32_t> most_frequent(const std::vector<Occurrence>& occurrences,
                                         std::size_t checks, std::size_t most) {
    std::vector<std::size_t> times(checks, 0);
    for (const Occurrence& occurrence : occurrences) {
        ++times[occurrence.check];
    }
    std::vector<std::uint32_t> chosen;
    for (std::uint32_t check = 0; check < checks; ++check) {
        if (times[check] > 0) {
            chosen.push_back(check);
        }
    }
    std::stable_sort(chosen.begin(), chosen.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return times[a] > times[b]; });
    chosen.resize(std::min(chosen.size(), most));
    std::sort(chosen.begin(), chosen.end());
    return chosen;
}

// For each name the first one that means the same node.
std::vector<std::uint32_t> first_names(const std::vector<std::string>& names, const Graph& graph) {
    std::unordered_map<NodeIndex, std::uint32_t> first;
    std::vector<std::uint32_t> meant;
    for (std::uint32_t i = 0; i < names.size(); ++i) {
        const NodeIndex node = graph.find(names[i]);
        meant.push_back(node == kNoNode ? i : first.emplace(node, i).first->second);
    }
    return meant;
}

}  // namespace

Series series_of(const AlertHistory& history, const Graph& graph, std::size_t checks_max) {
    const std::vector<Occurrence> occurrences = history.occurrences();
    Series series;
    series.nodes = history.nodes();
    series.moments.resize(series.nodes.size());
    series.checks = most_frequent(occurrences, history.checks().size(), checks_max);
    series.checks_passed_over = history.checks().size() - series.checks.size();
    std::vector<std::uint32_t> index(history.checks().size(), kPassedOver);
    for (std::uint32_t i = 0; i < series.checks.size(); ++i) {
        index[series.checks[i]] = i;
    }
    const std::vector<std::uint32_t> node = first_names(series.nodes, graph);
    for (const Occurrence& occurrence : occurrences) {
        if (index[occurrence.check] != kPassedOver) {
            series.moments[node[occurrence.node]].push_back(
                {model::to_unix_ms(occurrence.at), index[occurrence.check]});
        }
    }
    if (!occurrences.empty()) {
        const auto span = occurrences.back().at - occurrences.front().at;
        series.span_ms = std::max(1.0, static_cast<double>(span.count()));
    }
    return series;
}

Runs runs_of(const Series& series, std::int64_t window_ms) {
    Runs runs;
    std::vector<Moment> moments;
    for (const std::vector<Moment>& node : series.moments) {
        runs.first_.push_back(runs.runs_.size());
        moments = node;
        std::stable_sort(moments.begin(), moments.end(),
                         [](const Moment& a, const Moment& b) { return a.check < b.check; });
        for (std::size_t i = 0; i < moments.size(); ++i) {
            const bool is_other = i == 0 || moments[i].check != moments[i - 1].check;
            if (is_other) {
                const auto at = static_cast<std::uint32_t>(runs.starts_.size());
                runs.runs_.push_back({moments[i].check, at, at});
            }
            if (is_other || moments[i].at_ms - moments[i - 1].at_ms > window_ms) {
                runs.starts_.push_back(moments[i].at_ms);
                ++runs.runs_.back().end;
            }
        }
    }
    runs.first_.push_back(runs.runs_.size());
    return runs;
}

// ---- who is near whom ----

namespace {

// The service graph, by numbers of the series.
class Nearness {
   public:
    Nearness(const Series& series, const Graph& graph, std::size_t most) : most_(most) {
        std::unordered_map<NodeIndex, std::size_t> number;
        for (std::size_t i = 0; i < series.nodes.size(); ++i) {
            const NodeIndex node = graph.find(series.nodes[i]);
            if (node != kNoNode) {
                number.emplace(node, i);
            }
            nodes_.push_back(node);
        }
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            for (const NodeIndex below : dependencies(graph, nodes_[i])) {
                std::vector<std::size_t>& dependents = dependents_[below];
                if (dependents.size() < most_) {
                    dependents.push_back(i);
                }
            }
        }
        number_ = std::move(number);
    }

    std::vector<Neighbour> of(const Graph& graph, std::size_t node) const {
        std::vector<Neighbour> found;
        std::size_t below_count = 0;
        std::vector<NodeIndex> below = dependencies(graph, nodes_[node]);
        for (const NodeIndex other : below) {
            const auto number = number_.find(other);
            if (number != number_.end() && number->second != node && below_count++ < most_) {
                found.push_back({number->second, Relation::Dependency});
            }
        }
        const auto above = dependents_.find(nodes_[node]);
        if (nodes_[node] != kNoNode && above != dependents_.end()) {
            for (const std::size_t other : above->second) {
                add_dependent(found, node, other);
            }
        }
        add_siblings(found, node, below);
        return found;
    }

   private:
    static std::vector<NodeIndex> dependencies(const Graph& graph, NodeIndex node) {
        std::vector<NodeIndex> found;
        if (node != kNoNode) {
            graph.for_each_dependency(
                node, [&](NodeIndex other, const Edge&) { found.push_back(other); });
            std::sort(found.begin(), found.end());
            found.erase(std::unique(found.begin(), found.end()), found.end());
        }
        return found;
    }

    // A node that is already below is connected both ways: no direction to speak of.
    static void add_dependent(std::vector<Neighbour>& found, std::size_t node, std::size_t other) {
        const auto both = std::find_if(found.begin(), found.end(),
                                       [&](const Neighbour& near) { return near.node == other; });
        if (both != found.end()) {
            both->relation = Relation::Sibling;
        } else if (other != node) {
            found.push_back({other, Relation::Dependent});
        }
    }

    void add_siblings(std::vector<Neighbour>& found, std::size_t node,
                      const std::vector<NodeIndex>& below) const {
        std::size_t siblings = 0;
        for (const NodeIndex shared : below) {
            const auto others = dependents_.find(shared);
            if (others == dependents_.end()) {
                continue;
            }
            for (const std::size_t other : others->second) {
                const bool is_known = other == node || std::any_of(found.begin(), found.end(),
                                                                   [&](const Neighbour& n) {
                                                                       return n.node == other;
                                                                   });
                if (!is_known && siblings < most_) {
                    found.push_back({other, Relation::Sibling, 2});
                    ++siblings;
                }
            }
        }
    }

    std::size_t most_;
    std::vector<NodeIndex> nodes_;  // kNoNode: the graph does not know it
    std::unordered_map<NodeIndex, std::size_t> number_;
    std::unordered_map<NodeIndex, std::vector<std::size_t>> dependents_;  // alerting ones
};

}  // namespace

std::vector<std::vector<Neighbour>> neighbours_of(const Series& series, const Graph& graph,
                                                  std::size_t most) {
    std::vector<std::vector<Neighbour>> neighbours(series.nodes.size());
    if (graph.edge_count() == 0) {
        return neighbours;
    }
    const Nearness nearness(series, graph, most);
    for (std::size_t i = 0; i < neighbours.size(); ++i) {
        neighbours[i] = nearness.of(graph, i);
    }
    return neighbours;
}

// ---- who leads ----

namespace {

// Of one gap: how often a check was in a burst of several, and how often it was first. Firsts of
// one instant share it.
class Bursts {
   public:
    explicit Bursts(std::size_t checks) : first_(checks, 0), in_(checks, 0), seen_(checks, 0) {}

    void take(const std::vector<Moment>& moments, std::int64_t gap_ms) {
        for (std::size_t begin = 0; begin < moments.size();) {
            std::size_t end = begin + 1;
            while (end < moments.size() && moments[end].at_ms - moments[end - 1].at_ms <= gap_ms) {
                ++end;
            }
            take_one(std::span(moments).subspan(begin, end - begin));
            begin = end;
        }
    }

    double log_odds(std::size_t check) const {
        const double share = (first_[check] + 0.5) / (in_[check] + 1);
        return std::log(share / (1 - share));
    }

   private:
    void take_one(std::span<const Moment> burst) {
        ++burst_;
        members_.clear();
        std::size_t first = 0;
        for (const Moment& moment : burst) {
            if (seen_[moment.check] != burst_) {
                seen_[moment.check] = burst_;
                members_.push_back(moment.check);
                first += moment.at_ms == burst.front().at_ms ? 1U : 0U;
            }
        }
        if (members_.size() < 2) {
            return;
        }
        for (std::size_t i = 0; i < members_.size(); ++i) {
            in_[members_[i]] += 1;
            first_[members_[i]] += i < first ? 1 / static_cast<double>(first) : 0;
        }
    }

    std::vector<double> first_;
    std::vector<double> in_;
    std::vector<std::uint64_t> seen_;  // the last burst that the check was in
    std::uint64_t burst_ = 0;
    std::vector<std::uint32_t> members_;
};

// What happened on the node and next to it, in order of time.
std::vector<Moment> moments_around(const Series& series, const std::vector<Neighbour>& neighbours,
                                   std::size_t node) {
    std::vector<Moment> moments = series.moments[node];
    for (const Neighbour& near : neighbours) {
        if (near.hops == 1) {
            const std::vector<Moment>& there = series.moments[near.node];
            moments.insert(moments.end(), there.begin(), there.end());
        }
    }
    std::stable_sort(moments.begin(), moments.end(),
                     [](const Moment& a, const Moment& b) { return a.at_ms < b.at_ms; });
    return moments;
}

}  // namespace

std::vector<double> leading_of(const Series& series,
                               const std::vector<std::vector<Neighbour>>& neighbours,
                               std::span<const std::chrono::milliseconds> gaps) {
    std::vector<Bursts> bursts(gaps.size(), Bursts(series.checks.size()));
    for (std::size_t node = 0; node < series.nodes.size(); ++node) {
        if (series.moments[node].empty()) {
            continue;
        }
        const std::vector<Moment> moments = moments_around(series, neighbours[node], node);
        for (std::size_t i = 0; i < gaps.size(); ++i) {
            bursts[i].take(moments, gaps[i].count());
        }
    }
    std::vector<double> leading(series.checks.size(), 0);
    for (const Bursts& of_gap : bursts) {
        for (std::size_t check = 0; check < leading.size(); ++check) {
            leading[check] += of_gap.log_odds(check) / static_cast<double>(gaps.size());
        }
    }
    return leading;
}

}  // namespace nocturne::topology
