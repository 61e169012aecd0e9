#include "topology/excerpt.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <tuple>

namespace nocturne::topology {

using model::Reader;
using model::Time;
using model::Writer;

namespace {

constexpr std::size_t kEdgesLookedAtMax = 4096;  // of one node

class Taking {
   public:
    Taking(const Graph& graph, const ExcerptLimits& limits) : graph_(graph), limits_(limits) {}

    Excerpt take(std::span<const NodeIndex> centre, Time at) {
        excerpt_.taken_at = at;
        for (const NodeIndex node : centre) {
            if (graph_.is_alive(node)) {
                add(node, true);
            }
        }
        for (const NodeIndex node : neighbours()) {
            add(node, false);
        }
        take_edges();
        return std::move(excerpt_);
    }

   private:
    void add(NodeIndex index, bool is_centre) {
        if (places_.contains(index)) {
            return;
        }
        if (excerpt_.nodes.size() >= limits_.nodes_max) {
            ++excerpt_.nodes_left_out;
            return;
        }
        places_.emplace(index, static_cast<std::uint32_t>(nodes_.size()));
        nodes_.push_back(index);
        const Node& node = graph_.node(index);
        excerpt_.nodes.push_back({node.name, node.type, node.owner, node.criticality, is_centre});
    }

    // What the centre depends on comes first: there the causes are.
    std::vector<NodeIndex> neighbours() const {
        std::vector<NodeIndex> below;
        std::vector<NodeIndex> above;
        for (const NodeIndex node : nodes_) {
            if (graph_.dependency_count(node) <= limits_.neighbours_max) {
                graph_.for_each_dependency(
                    node, [&](NodeIndex other, const Edge&) { below.push_back(other); });
            }
            if (graph_.dependent_count(node) <= limits_.neighbours_max) {
                graph_.for_each_dependent(
                    node, [&](NodeIndex other, const Edge&) { above.push_back(other); });
            }
        }
        for (std::vector<NodeIndex>* side : {&below, &above}) {
            std::sort(side->begin(), side->end());
            side->erase(std::unique(side->begin(), side->end()), side->end());
        }
        below.insert(below.end(), above.begin(), above.end());
        return below;
    }

    // An edge is found at the end that has few; between two hubs it is not looked for.
    void take_edges() {
        for (const NodeIndex node : nodes_) {
            if (graph_.dependency_count(node) <= kEdgesLookedAtMax) {
                graph_.for_each_dependency(
                    node, [&](NodeIndex other, const Edge& edge) { take_edge(node, other, edge); });
                continue;
            }
            for (const NodeIndex below : nodes_) {
                if (graph_.dependent_count(below) <= kEdgesLookedAtMax) {
                    graph_.for_each_dependent(below, [&](NodeIndex other, const Edge& edge) {
                        if (other == node) {
                            take_edge(node, below, edge);
                        }
                    });
                }
            }
        }
        std::sort(excerpt_.edges.begin(), excerpt_.edges.end(),
                  [](const Excerpt::Edge& a, const Excerpt::Edge& b) {
                      return std::tie(a.from, a.to, a.type) < std::tie(b.from, b.to, b.type);
                  });
        if (excerpt_.edges.size() > limits_.edges_max) {
            excerpt_.edges.resize(limits_.edges_max);
        }
    }

    void take_edge(NodeIndex from, NodeIndex to, const Edge& edge) {
        const auto place = places_.find(to);
        if (place != places_.end()) {
            excerpt_.edges.push_back({places_.at(from), place->second, edge.type, edge.weight,
                                      edge.confidence, edge.first_seen, edge.last_seen,
                                      graph_.provenance_names(edge.provenance)});
        }
    }

    const Graph& graph_;
    const ExcerptLimits& limits_;
    Excerpt excerpt_;
    std::vector<NodeIndex> nodes_;
    boost::unordered_flat_map<NodeIndex, std::uint32_t> places_;
};

void put(Writer& out, Time time) {
    out.zigzag(model::to_unix_ms(time));
}

}  // namespace

Excerpt take_excerpt(const Graph& graph, std::span<const NodeIndex> centre, Time at,
                     const ExcerptLimits& limits) {
    return Taking(graph, limits).take(centre, at);
}

LiveGraph graph_of(const Excerpt& excerpt) {
    model::TopologyChange change;
    change.provenance = "incident";
    for (const Excerpt::Node& node : excerpt.nodes) {
        change.nodes.push_back({node.name, node.type, node.owner, node.criticality, {}, {}});
    }
    for (const Excerpt::Edge& edge : excerpt.edges) {
        change.edges.push_back({excerpt.nodes[edge.from].name, excerpt.nodes[edge.to].name,
                                edge.type, edge.weight, edge.confidence, std::nullopt,
                                edge.first_seen});
    }
    LiveGraph graph;
    graph.apply(change, excerpt.taken_at);
    return graph;
}

void encode(Writer& out, const Excerpt& excerpt) {
    put(out, excerpt.taken_at);
    out.varint(excerpt.nodes_left_out);
    out.varint(excerpt.nodes.size());
    for (const Excerpt::Node& node : excerpt.nodes) {
        out.text(node.name);
        out.text(node.type);
        out.text(node.owner);
        out.u8(node.criticality);
        out.boolean(node.is_centre);
    }
    out.varint(excerpt.edges.size());
    for (const Excerpt::Edge& edge : excerpt.edges) {
        out.varint(edge.from);
        out.varint(edge.to);
        out.text(edge.type);
        out.f64(edge.weight);
        out.f64(edge.confidence);
        put(out, edge.first_seen);
        put(out, edge.last_seen);
        out.varint(edge.provenance.size());
        for (const std::string& source : edge.provenance) {
            out.text(source);
        }
    }
}

Excerpt decode_excerpt(Reader& in) {
    Excerpt excerpt;
    excerpt.taken_at = model::from_unix_ms(in.zigzag());
    excerpt.nodes_left_out = in.varint();
    excerpt.nodes.resize(in.count());
    for (Excerpt::Node& node : excerpt.nodes) {
        node.name = in.text();
        node.type = in.text();
        node.owner = in.text();
        node.criticality = in.u8();
        node.is_centre = in.boolean();
    }
    const std::size_t edges = in.count();
    for (std::size_t i = 0; i < edges && in.ok(); ++i) {
        Excerpt::Edge edge;
        edge.from = static_cast<std::uint32_t>(in.varint());
        edge.to = static_cast<std::uint32_t>(in.varint());
        edge.type = in.text();
        edge.weight = in.f64();
        edge.confidence = in.f64();
        edge.first_seen = model::from_unix_ms(in.zigzag());
        edge.last_seen = model::from_unix_ms(in.zigzag());
        edge.provenance.resize(in.count());
        for (std::string& source : edge.provenance) {
            source = in.text();
        }
        if (edge.from < excerpt.nodes.size() && edge.to < excerpt.nodes.size()) {
            excerpt.edges.push_back(std::move(edge));
        }
    }
    return excerpt;
}

}  // namespace nocturne::topology
