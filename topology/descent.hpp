// Descent: the way down from an incident's alerting nodes to the silent ones that may be behind
// them.
#pragma once

#include "topology/surroundings.hpp"
#include "topology/walk.hpp"

#include <span>
#include <vector>

namespace nocturne::topology {

class Descent {
   public:
    using Met = Surroundings::Met;

    // Nodes of which the incident tells, each once. Borrows both.
    Descent(const Graph& graph, Surroundings& surroundings, std::span<const Met> told);

    // Down to `silent_hops` below these, which are told. What they depend on may be the cause
    // although it is silent: but only where at least two of their ways down meet, and what lies on
    // the way to there. Returns those of each hop, by number; a node may come in several hops.
    std::vector<std::vector<Met>> go_down(std::vector<Met> alerting, const WalkLimits& limits);

   private:
    struct Hop {
        std::vector<Met> from;     // whose edges were looked at
        std::vector<Met> reached;  // not told; each once
        std::vector<Met> meets;    // of these, where two ways meet
    };

    void sort_by_number(std::vector<Met>& nodes) const;
    // Those of the level that no hop before has looked at, until there are too many edges.
    std::vector<Met> look_from(const std::vector<Met>& level, std::size_t edges_max);
    Hop take_hop(const std::vector<Met>& level, std::size_t edges_max);
    void keep(const std::vector<Hop>& hops);
    // Calls visit(Met) for each edge that leads from the node to one of which nothing is told.
    template <typename Visit>
    void for_each_way_down(Met from, Visit visit) const;

    const Graph& graph_;
    Surroundings& surroundings_;
    std::vector<bool> is_told_;       // by Met; beyond it nothing is
    std::vector<bool> is_looked_at_;  // by Met; beyond it nothing is
    std::vector<bool> is_kept_;       // by Met
};

}  // namespace nocturne::topology
