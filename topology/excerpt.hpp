// Excerpt: the part of the graph around an incident, kept with it as it stood.
#pragma once

#include "model/codec.hpp"
#include "model/time.hpp"
#include "topology/graph.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace nocturne::topology {

struct Excerpt {
    struct Node {
        std::string name;
        std::string type;
        std::string owner;
        std::uint8_t criticality = model::kCriticalityDefault;
        bool is_centre = false;  // asked for, not only near
    };

    struct Edge {
        std::uint32_t from = 0;  // places in nodes
        std::uint32_t to = 0;
        std::string type;
        double weight = 1.0;
        double confidence = 1.0;
        model::Time first_seen = model::kNoTime;
        model::Time last_seen = model::kNoTime;
        std::vector<std::string> provenance;
    };

    model::Time taken_at = model::kNoTime;
    std::vector<Node> nodes;
    std::vector<Edge> edges;
    std::uint64_t nodes_left_out = 0;  // of the centre, and of what is one hop from it
};

struct ExcerptLimits {
    std::size_t nodes_max = 96;
    std::size_t edges_max = 400;
    // A node with more edges on one side is shown without what else is there: whom a hub of a
    // million serves is not its neighbourhood.
    std::size_t neighbours_max = 32;
};

// The nodes of `centre` (the first ones if they are too many), what is one hop from them, and the
// edges between all of these. The same for the same graph, whatever the order of its edges.
Excerpt take_excerpt(const Graph& graph, std::span<const NodeIndex> centre, model::Time at,
                     const ExcerptLimits& limits = {});

// A graph of it, to walk on.
LiveGraph graph_of(const Excerpt& excerpt);

void encode(model::Writer& out, const Excerpt& excerpt);
// Check in.ok() afterwards.
Excerpt decode_excerpt(model::Reader& in);

}  // namespace nocturne::topology
