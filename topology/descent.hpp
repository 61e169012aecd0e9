// Descent: the way down from an incident's alerting nodes to the silent ones that may be behind
// them. It reads each edge of the big graph once.
#pragma once

#include "topology/walk.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace nocturne::topology {

class Descent {
   public:
    // A node that was met, by the order in which it was: those that are told come first.
    using Met = std::uint32_t;

    struct EdgeRead {
        Met from;
        Met to;
        float weight;
    };

    // Nodes of which the incident tells, each once, by number. `graph` must outlive it.
    Descent(const Graph& graph, std::vector<NodeIndex> told);

    // Down to `silent_hops` below these, which are told. What they depend on may be the cause
    // although it is silent: but only where at least two of their ways down meet, and what lies on
    // the way to there. Returns those of each hop, by number; a node may come in several hops.
    std::vector<std::vector<Met>> go_down(std::vector<Met> alerting, const WalkLimits& limits);

    // Reads what these depend on, unless that was done on the way down.
    void read(std::span<const Met> nodes);

    // All that was read, in no promised order; an edge may come more than once.
    const std::vector<EdgeRead>& edges() const { return edges_; }

    NodeIndex index_of(Met node) const { return met_[node]; }

    Met met_count() const { return static_cast<Met>(met_.size()); }

   private:
    // The edges of one hop, by their places in `edges_`.
    struct Hop {
        std::size_t begin = 0;
        std::size_t end = 0;
        std::vector<Met> reached;  // not told; each once
        std::vector<Met> meets;    // of these, where two ways meet
    };

    Met meet(NodeIndex node);
    void sort_by_number(std::vector<Met>& nodes) const;
    Hop read_hop(const std::vector<Met>& level, std::size_t edges_max);
    void keep(const std::vector<Hop>& hops);

    bool is_way_down(const EdgeRead& edge) const {
        return edge.to >= told_ && edge.to != edge.from;
    }

    const Graph& graph_;
    const Met told_;
    std::vector<NodeIndex> met_;
    boost::unordered_flat_map<NodeIndex, Met> numbers_;
    std::vector<bool> is_read_;  // by Met
    std::vector<bool> is_kept_;  // by Met
    std::vector<EdgeRead> edges_;
};

}  // namespace nocturne::topology
