// Graph and LiveGraph: which service depends on which, as it stands.
#pragma once

#include "model/codec.hpp"
#include "model/result.hpp"
#include "model/time.hpp"
#include "model/topology_change.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::topology {

// Names a node as long as it lives; the number of a removed node may serve another.
using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kNoNode = UINT32_MAX;

// Which sources vouch for a node or an edge: one bit each, see Graph::provenance_names.
using Provenance = std::uint64_t;

struct Node {
    std::string name;
    std::string type;
    std::string owner;
    std::vector<std::string> aliases;
    std::vector<std::pair<std::string, std::string>> labels;
    model::Time first_seen = model::kNoTime;
    model::Time last_seen = model::kNoTime;  // when a source last confirmed it
    Provenance provenance = 0;
    Provenance described = 0;  // of these, who said more of it than name and type
    double confidence = 1.0;   // that it is there: of all sources together, see EdgeView
    std::uint8_t criticality = model::kCriticalityDefault;
};

// An arrow from a dependent to what it depends on, as a visit shows it: lent for the call.
struct EdgeView {
    const std::string& type;
    double weight;      // how surely a fault of the dependency hurts the dependent
    double confidence;  // that it is there: 1 - the product of each source's doubt
    model::Time first_seen;
    model::Time last_seen;  // when a source last confirmed it
    Provenance provenance;
    std::uint32_t number;  // for Graph::claims_of_edge; while this graph is as it is
};

using Edge = EdgeView;

// What one source says of a node or an edge.
struct Claim {
    std::string source;
    double confidence = 1.0;
    model::Time last_seen = model::kNoTime;
    model::Duration ttl{0};  // taken back when not confirmed within it; 0: it stays
};

// What a change did, and what of it was refused.
struct ChangeReport {
    std::size_t nodes_added = 0;
    std::size_t nodes_removed = 0;
    std::size_t nodes_joined = 0;  // into one that has their name as an alias
    std::size_t edges_added = 0;
    std::size_t edges_removed = 0;
    std::vector<std::string> problems;

    bool is_of_confirmations_only() const {
        return nodes_added + nodes_removed + nodes_joined + edges_added + edges_removed == 0;
    }
};

// A graph as it stood at one time. Safe to read from many threads.
class Graph {
   public:
    Graph();
    ~Graph();
    Graph(const Graph&);
    Graph& operator=(const Graph&) = delete;

    // The node of that name or alias; kNoNode when there is none.
    NodeIndex find(std::string_view name) const;
    bool is_alive(NodeIndex node) const;
    const Node& node(NodeIndex node) const;
    // Indices are below this; some may not be alive.
    NodeIndex index_end() const;
    std::size_t node_count() const;
    std::size_t edge_count() const;

    // Grows with each change that a walk could notice: of a node, its type, its labels, an edge or
    // its weight; not when a source only says again what it said.
    std::uint64_t revision() const;
    // What revision() was after the last change of this node or of an edge to or from it. Says
    // nothing across two LiveGraphs.
    std::uint64_t revision_of(NodeIndex node) const;

    std::size_t dependency_count(NodeIndex node) const;
    std::size_t dependent_count(NodeIndex node) const;

    // Calls visit(NodeIndex, const Edge&) for what the node depends on, in no promised order.
    template <typename Visit>
    void for_each_dependency(NodeIndex node, Visit&& visit) const {
        visit_dependencies(node, &visit, [](void* context, NodeIndex other, const Edge& edge) {
            (*static_cast<std::remove_reference_t<Visit>*>(context))(other, edge);
        });
    }

    // The same for what depends on the node.
    template <typename Visit>
    void for_each_dependent(NodeIndex node, Visit&& visit) const {
        visit_dependents(node, &visit, [](void* context, NodeIndex other, const Edge& edge) {
            (*static_cast<std::remove_reference_t<Visit>*>(context))(other, edge);
        });
    }

    // Calls visit(std::size_t place, NodeIndex other, double weight) for what each of the nodes
    // depends on, `place` being the node's in `nodes`: all that a walk asks of an edge. In no
    // promised order: several nodes are read at a time, since each edge is a wait for memory.
    template <typename Visit>
    void for_each_dependency_weight(std::span<const NodeIndex> nodes, Visit&& visit) const {
        visit_weights(
            nodes, &visit, [](void* context, std::size_t place, NodeIndex other, double weight) {
                (*static_cast<std::remove_reference_t<Visit>*>(context))(place, other, weight);
            });
    }

    std::vector<std::string> provenance_names(Provenance provenance) const;
    std::vector<Claim> claims_of_node(NodeIndex node) const;
    std::vector<Claim> claims_of_edge(std::uint32_t number) const;
    // About what it weighs in memory, without texts of nodes that have their own place.
    std::size_t bytes() const;

    class Inside;

   private:
    friend class LiveGraph;
    using VisitEdge = void (*)(void* context, NodeIndex other, const Edge& edge);

    using VisitWeight = void (*)(void* context, std::size_t place, NodeIndex other, double weight);

    void visit_weights(std::span<const NodeIndex> nodes, void* context, VisitWeight visit) const;
    void visit_dependencies(NodeIndex node, void* context, VisitEdge visit) const;
    void visit_dependents(NodeIndex node, void* context, VisitEdge visit) const;

    std::unique_ptr<Inside> inside_;
};

class GraphEditor;

// The graph that changes. Not for several threads at once; the snapshots that it hands out are.
class LiveGraph {
   public:
    LiveGraph();
    ~LiveGraph();
    LiveGraph(const LiveGraph&);  // costs a few pointers, and what either changes afterwards
    LiveGraph& operator=(const LiveGraph&);
    LiveGraph(LiveGraph&&) noexcept;
    LiveGraph& operator=(LiveGraph&&) noexcept;

    const Graph& now() const { return *graph_; }

    // The graph as it stands, for readers on any thread: later changes do not show in it, and take
    // a few microseconds more, whatever its size. See docs/decisions/0011-paged-graph.md.
    std::shared_ptr<const Graph> snapshot() const;

    ChangeReport apply(const model::TopologyChange& change, model::Time at);
    // The node that an event names; made when nobody knows it, vouched for by "events".
    NodeIndex observe(std::string_view name, model::Time at);
    // Takes away a node that only events vouch for and nothing is tied to; leaves any other.
    void forget(NodeIndex node);

    // When something may be taken back that no source has confirmed in time; Time::max(): nothing.
    model::Time next_expiry() const;
    // Takes back what is due.
    ChangeReport expire(model::Time now);

    void encode(model::Writer& out) const;
    static Result<LiveGraph> decode(model::Reader& in);

   private:
    std::unique_ptr<Graph> graph_;
    std::unique_ptr<GraphEditor> editor_;
};

}  // namespace nocturne::topology
