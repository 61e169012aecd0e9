// Surroundings: what was read of the service graph around one incident.
#pragma once

#include "topology/graph.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace nocturne::topology {

// Each node's dependencies side by side, under small numbers: the big graph is a wait for memory at
// each edge. Kept from one ranking to the next, it is read again only where the graph has changed.
// One object serves one LiveGraph.
class Surroundings {
   public:
    // A node that was met, by the order in which it was. Stays its number.
    using Met = std::uint32_t;
    static constexpr Met kNotMet = UINT32_MAX;

    struct Dependency {
        Met node;
        float weight;
    };

    // What a walk asks of a node itself.
    struct Facts {
        std::uint32_t dependent_count = 0;  // in the whole graph, copied or not
        bool is_remote = false;             // the far end of a call, as the caller sees it
        bool is_host = false;               // others share it: a machine, a disk, a switch
        bool is_pooled = false;             // see pool_of
    };

    Met meet(NodeIndex node);
    // kNotMet when it was not.
    Met find(NodeIndex node) const;

    NodeIndex index_of(Met node) const { return nodes_[node].index; }

    Met count() const { return static_cast<Met>(nodes_.size()); }

    // Reads what these, each once, depend on and is not known as it stands.
    void read_dependencies(const Graph& graph, std::span<const Met> nodes);

    // Of a node of which they were read, by the other's number; of parallel edges the heaviest.
    // Until the next read.
    std::span<const Dependency> dependencies(Met node) const {
        return {dependencies_.data() + nodes_[node].first, nodes_[node].count};
    }

    // The same for what is asked of these nodes themselves.
    void read_facts(const Graph& graph, std::span<const Met> nodes);

    const Facts& facts(Met node) const { return nodes_[node].facts; }

    // Whether it is more than is worth keeping.
    bool is_too_large() const;

   private:
    struct MetNode {
        NodeIndex index = kNoNode;
        std::uint32_t first = 0;  // its place in `dependencies_`
        std::uint32_t count = 0;
        Facts facts{};
        // The graph's revisions at which they were found to be so; 0: never.
        std::uint64_t dependencies_as_of = 0;
        std::uint64_t facts_as_of = 0;
    };

    // An edge as the graph shows it, of one of the nodes that are read.
    struct Found {
        std::size_t place;
        NodeIndex to;
        float weight;
    };

    void put(std::span<const Met> nodes, const std::vector<Found>& found);
    void put(Met from, std::span<Found> edges);

    std::vector<MetNode> nodes_;
    std::vector<Dependency> dependencies_;  // of nodes that were read again the old ones, too
    boost::unordered_flat_map<NodeIndex, Met> numbers_;
};

// Label `pool`: nodes of one pool stand in for one another. Empty: nobody does.
std::string_view pool_of(const Graph& graph, NodeIndex node);

}  // namespace nocturne::topology
