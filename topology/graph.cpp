#include "topology/graph.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>

namespace nocturne::topology {

using model::Reader;
using model::Time;
using model::TopologyChange;
using model::Writer;

namespace {

constexpr Provenance kEvents = 1;        // bit 0: only events spoke of it
constexpr std::size_t kSourcesMax = 64;  // the last bit stands for all further ones

struct Vertex {
    Node node;
    bool is_alive = false;
};

using Storage =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, Vertex, Edge>;

struct NameHash {
    using is_transparent = void;

    std::size_t operator()(std::string_view name) const {
        return std::hash<std::string_view>()(name);
    }
};

using Names = boost::unordered_flat_map<std::string, NodeIndex, NameHash, std::equal_to<>>;

void put(Writer& out, Time time) {
    out.zigzag(model::to_unix_ms(time));
}

Time get_time(Reader& in) {
    return model::from_unix_ms(in.zigzag());
}

void encode(Writer& out, const Node& node) {
    out.text(node.name);
    out.text(node.type);
    out.text(node.owner);
    out.varint(node.aliases.size());
    for (const std::string& alias : node.aliases) {
        out.text(alias);
    }
    out.varint(node.labels.size());
    for (const auto& [name, value] : node.labels) {
        out.text(name);
        out.text(value);
    }
    put(out, node.first_seen);
    put(out, node.last_seen);
    out.varint(node.provenance);
    out.u8(node.criticality);
}

Node decode_node(Reader& in) {
    Node node;
    node.name = in.text();
    node.type = in.text();
    node.owner = in.text();
    node.aliases.resize(in.count());
    for (std::string& alias : node.aliases) {
        alias = in.text();
    }
    node.labels.resize(in.count());
    for (auto& [name, value] : node.labels) {
        name = in.text();
        value = in.text();
    }
    node.first_seen = get_time(in);
    node.last_seen = get_time(in);
    node.provenance = in.varint();
    node.criticality = in.u8();
    return node;
}

void encode(Writer& out, const Edge& edge) {
    out.text(edge.type);
    out.f64(edge.weight);
    put(out, edge.first_seen);
    put(out, edge.last_seen);
    out.varint(edge.provenance);
}

Edge decode_edge(Reader& in) {
    Edge edge;
    edge.type = in.text();
    edge.weight = in.f64();
    edge.first_seen = get_time(in);
    edge.last_seen = get_time(in);
    edge.provenance = in.varint();
    return edge;
}

}  // namespace

// Vertices are never erased, for that would give the others new numbers: a removed one stays as a
// tombstone until a new node takes its place. See docs/decisions/0006-boost-graph-tombstones.md.
class Graph::Inside {
   public:
    Storage storage;
    Names names;  // of nodes and of their aliases
    std::vector<NodeIndex> free;
    std::vector<std::string> sources{"events"};  // by provenance bit
    std::size_t nodes = 0;

    bool is_alive(NodeIndex node) const {
        return node < boost::num_vertices(storage) && storage[node].is_alive;
    }

    NodeIndex find(std::string_view name) const {
        const auto found = names.find(name);
        return found == names.end() ? kNoNode : found->second;
    }

    Provenance bit_of(const std::string& source) {
        const auto found = std::find(sources.begin(), sources.end(), source);
        if (found == sources.end() && sources.size() < kSourcesMax) {
            sources.push_back(source);
            return Provenance{1} << (sources.size() - 1);
        }
        const auto place = static_cast<std::size_t>(found - sources.begin());
        return Provenance{1} << std::min(place, kSourcesMax - 1);
    }

    NodeIndex add(std::string_view name, Provenance source, Time at) {
        NodeIndex index = 0;
        if (free.empty()) {
            index = static_cast<NodeIndex>(boost::add_vertex(storage));
        } else {
            index = free.back();
            free.pop_back();
        }
        Vertex& vertex = storage[index];
        vertex.is_alive = true;
        vertex.node.name = name;
        vertex.node.first_seen = vertex.node.last_seen = at;
        vertex.node.provenance = source;
        names.emplace(name, index);
        ++nodes;
        return index;
    }

    // The node of that name, made when it is missing; `source` vouches for it.
    NodeIndex confirm(std::string_view name, Provenance source, Time at, ChangeReport& report) {
        NodeIndex index = find(name);
        if (index == kNoNode) {
            ++report.nodes_added;
            return add(name, source, at);
        }
        storage[index].node.provenance |= source;
        storage[index].node.last_seen = at;
        return index;
    }

    void remove(NodeIndex index) {
        Vertex& vertex = storage[index];
        boost::clear_vertex(index, storage);
        names.erase(vertex.node.name);
        for (const std::string& alias : vertex.node.aliases) {
            if (find(alias) == index) {
                names.erase(alias);
            }
        }
        vertex = {};
        free.push_back(index);
        --nodes;
    }

    bool is_bare(NodeIndex index) const {
        return boost::out_degree(index, storage) == 0 && boost::in_degree(index, storage) == 0;
    }

    void take_spec(const model::NodeSpec& spec, Provenance source, Time at, ChangeReport& report) {
        const NodeIndex index = confirm(spec.name, source, at, report);
        Node& node = storage[index].node;
        if (!spec.type.empty()) {
            node.type = spec.type;
        }
        if (!spec.owner.empty()) {
            node.owner = spec.owner;
        }
        if (spec.criticality) {
            node.criticality = *spec.criticality;
        }
        for (const auto& label : spec.labels) {
            const auto same = [&](const auto& other) { return other.first == label.first; };
            const auto found = std::find_if(node.labels.begin(), node.labels.end(), same);
            found == node.labels.end() ? void(node.labels.push_back(label))
                                       : void(found->second = label.second);
        }
        for (const std::string& alias : spec.aliases) {
            take_alias(index, alias, report);
        }
    }

    void take_alias(NodeIndex index, const std::string& alias, ChangeReport& report) {
        const NodeIndex other = find(alias);
        if (other == index) {
            return;
        }
        if (other != kNoNode) {
            // Events may have used the alias before anybody said whose it is.
            if (storage[other].node.provenance != kEvents || !is_bare(other) ||
                storage[other].node.name != alias) {
                report.problems.push_back("alias \"" + alias + "\" of \"" +
                                          storage[index].node.name + "\" already names \"" +
                                          storage[other].node.name + "\"; it stays there");
                return;
            }
            remove(other);
        }
        storage[index].node.aliases.push_back(alias);
        names.emplace(alias, index);
    }

    void take_edge(const model::EdgeSpec& spec, Provenance source, Time at, ChangeReport& report) {
        const NodeIndex from = confirm(spec.from, source, at, report);
        const NodeIndex to = confirm(spec.to, source, at, report);
        if (from == to) {
            report.problems.push_back("\"" + spec.from +
                                      "\" cannot depend on itself; the edge is left out");
            return;
        }
        Edge* edge = find_edge(from, to, spec.type);
        if (edge == nullptr) {
            const auto added =
                boost::add_edge(from, to, Edge{spec.type, spec.weight, at, at, source}, storage);
            (void)added;
            ++report.edges_added;
            return;
        }
        edge->weight = spec.weight;
        edge->last_seen = at;
        edge->provenance |= source;
    }

    Edge* find_edge(NodeIndex from, NodeIndex to, std::string_view type) {
        // From the end with fewer edges: a hub has many on one side.
        if (boost::out_degree(from, storage) <= boost::in_degree(to, storage)) {
            const auto [begin, end] = boost::out_edges(from, storage);
            const auto found = std::find_if(begin, end, [&](const auto& edge) {
                return boost::target(edge, storage) == to && storage[edge].type == type;
            });
            return found == end ? nullptr : &storage[*found];
        }
        const auto [begin, end] = boost::in_edges(to, storage);
        const auto found = std::find_if(begin, end, [&](const auto& edge) {
            return boost::source(edge, storage) == from && storage[edge].type == type;
        });
        return found == end ? nullptr : &storage[*found];
    }

    // Edges that nobody vouches for any more.
    void remove_unvouched_edges(ChangeReport& report) {
        for (NodeIndex index = 0; index < boost::num_vertices(storage); ++index) {
            const std::size_t before = boost::out_degree(index, storage);
            boost::remove_out_edge_if(
                index, [&](const auto& edge) { return storage[edge].provenance == 0; }, storage);
            report.edges_removed += before - boost::out_degree(index, storage);
        }
    }

    void remove_unvouched_node(NodeIndex index, ChangeReport& report) {
        if (storage[index].node.provenance == 0 && is_bare(index)) {
            remove(index);
            ++report.nodes_removed;
        }
    }

    // The source takes back all that it said before; returns the nodes of that. Nothing is removed
    // yet, so that what it says again keeps its first_seen.
    std::vector<NodeIndex> withdraw(Provenance source) {
        std::vector<NodeIndex> withdrawn;
        for (NodeIndex index = 0; index < boost::num_vertices(storage); ++index) {
            Vertex& vertex = storage[index];
            if (vertex.is_alive && (vertex.node.provenance & source) != 0) {
                vertex.node.provenance &= ~source;
                withdrawn.push_back(index);
            }
        }
        const auto [begin, end] = boost::edges(storage);
        std::for_each(begin, end, [&](const auto& edge) { storage[edge].provenance &= ~source; });
        return withdrawn;
    }

    void remove_edge(const model::EdgeSpec& spec, ChangeReport& report) {
        const NodeIndex from = find(spec.from);
        const NodeIndex to = find(spec.to);
        if (Edge* edge =
                from == kNoNode || to == kNoNode ? nullptr : find_edge(from, to, spec.type);
            edge != nullptr) {
            boost::remove_out_edge_if(
                from, [&](const auto& other) { return &storage[other] == edge; }, storage);
            ++report.edges_removed;
        } else {
            report.problems.push_back("no edge from \"" + spec.from + "\" to \"" + spec.to +
                                      "\" to remove");
        }
    }

    void remove_node(const std::string& name, ChangeReport& report) {
        if (const NodeIndex index = find(name); index != kNoNode) {
            report.edges_removed +=
                boost::out_degree(index, storage) + boost::in_degree(index, storage);
            remove(index);
            ++report.nodes_removed;
        } else {
            report.problems.push_back("no node \"" + name + "\" to remove");
        }
    }
};

Graph::Graph() : inside_(std::make_unique<Inside>()) {}

Graph::~Graph() = default;

Graph::Graph(const Graph& other) : inside_(std::make_unique<Inside>(*other.inside_)) {}

NodeIndex Graph::find(std::string_view name) const {
    return inside_->find(name);
}

bool Graph::is_alive(NodeIndex node) const {
    return inside_->is_alive(node);
}

const Node& Graph::node(NodeIndex node) const {
    return inside_->storage[node].node;
}

NodeIndex Graph::index_end() const {
    return static_cast<NodeIndex>(boost::num_vertices(inside_->storage));
}

std::size_t Graph::node_count() const {
    return inside_->nodes;
}

std::size_t Graph::edge_count() const {
    return boost::num_edges(inside_->storage);
}

std::size_t Graph::dependency_count(NodeIndex node) const {
    return boost::out_degree(node, inside_->storage);
}

std::size_t Graph::dependent_count(NodeIndex node) const {
    return boost::in_degree(node, inside_->storage);
}

void Graph::visit_dependencies(NodeIndex node, void* context, VisitEdge visit) const {
    const auto [begin, end] = boost::out_edges(node, inside_->storage);
    for (auto edge = begin; edge != end; ++edge) {
        visit(context, static_cast<NodeIndex>(boost::target(*edge, inside_->storage)),
              inside_->storage[*edge]);
    }
}

void Graph::visit_dependents(NodeIndex node, void* context, VisitEdge visit) const {
    const auto [begin, end] = boost::in_edges(node, inside_->storage);
    for (auto edge = begin; edge != end; ++edge) {
        visit(context, static_cast<NodeIndex>(boost::source(*edge, inside_->storage)),
              inside_->storage[*edge]);
    }
}

std::vector<std::string> Graph::provenance_names(Provenance provenance) const {
    std::vector<std::string> names;
    for (std::size_t bit = 0; bit < inside_->sources.size(); ++bit) {
        if ((provenance >> bit & 1) != 0) {
            names.push_back(inside_->sources[bit]);
        }
    }
    return names;
}

LiveGraph::LiveGraph() : graph_(std::make_shared<Graph>()) {}

Graph::Inside& LiveGraph::change() {
    if (graph_.use_count() > 1) {
        graph_ = std::make_shared<Graph>(*graph_);
    }
    return *graph_->inside_;
}

ChangeReport LiveGraph::apply(const TopologyChange& change, Time at) {
    Graph::Inside& graph = this->change();
    ChangeReport report;
    const Provenance source = graph.bit_of(change.provenance);
    const bool replace = change.mode == TopologyChange::Mode::Replace;
    const std::vector<NodeIndex> withdrawn =
        replace ? graph.withdraw(source) : std::vector<NodeIndex>();
    for (const model::NodeSpec& node : change.nodes) {
        graph.take_spec(node, source, at, report);
    }
    for (const model::EdgeSpec& edge : change.edges) {
        graph.take_edge(edge, source, at, report);
    }
    if (replace) {
        graph.remove_unvouched_edges(report);
        for (const NodeIndex index : withdrawn) {
            graph.remove_unvouched_node(index, report);
        }
    }
    for (const model::EdgeSpec& edge : change.removed_edges) {
        graph.remove_edge(edge, report);
    }
    for (const std::string& name : change.removed_nodes) {
        graph.remove_node(name, report);
    }
    return report;
}

NodeIndex LiveGraph::observe(std::string_view name, Time at) {
    const NodeIndex known = graph_->find(name);
    return known != kNoNode ? known : change().add(name, kEvents, at);
}

void LiveGraph::forget(NodeIndex node) {
    if (graph_->is_alive(node) && graph_->node(node).provenance == kEvents &&
        graph_->inside_->is_bare(node)) {
        change().remove(node);
    }
}

void LiveGraph::encode(Writer& out) const {
    const Graph::Inside& graph = *graph_->inside_;
    out.varint(graph.sources.size());
    for (const std::string& source : graph.sources) {
        out.text(source);
    }
    out.varint(boost::num_vertices(graph.storage));
    for (NodeIndex index = 0; index < boost::num_vertices(graph.storage); ++index) {
        out.boolean(graph.storage[index].is_alive);
        if (graph.storage[index].is_alive) {
            topology::encode(out, graph.storage[index].node);
        }
    }
    out.varint(boost::num_edges(graph.storage));
    for (NodeIndex index = 0; index < boost::num_vertices(graph.storage); ++index) {
        const auto [begin, end] = boost::out_edges(index, graph.storage);
        for (auto edge = begin; edge != end; ++edge) {
            out.varint(index);
            out.varint(boost::target(*edge, graph.storage));
            topology::encode(out, graph.storage[*edge]);
        }
    }
    out.varint(graph.free.size());
    for (const NodeIndex index : graph.free) {
        out.varint(index);
    }
}

Result<LiveGraph> LiveGraph::decode(Reader& in) {
    LiveGraph live;
    Graph::Inside& graph = live.change();
    graph.sources.resize(in.count());
    for (std::string& source : graph.sources) {
        source = in.text();
    }
    const std::size_t vertices = in.count();
    for (NodeIndex index = 0; index < vertices && in.ok(); ++index) {
        boost::add_vertex(graph.storage);
        if (!in.boolean()) {
            continue;
        }
        Vertex& vertex = graph.storage[index];
        vertex.is_alive = true;
        vertex.node = decode_node(in);
        graph.names.emplace(vertex.node.name, index);
        for (const std::string& alias : vertex.node.aliases) {
            graph.names.emplace(alias, index);
        }
        ++graph.nodes;
    }
    const std::size_t edges = in.count();
    for (std::size_t i = 0; i < edges && in.ok(); ++i) {
        const std::uint64_t from = in.varint();
        const std::uint64_t to = in.varint();
        Edge edge = decode_edge(in);
        if (from >= vertices || to >= vertices) {
            return fail(ErrorCode::Damaged,
                        "the service graph in the snapshot has an edge to nowhere");
        }
        boost::add_edge(from, to, std::move(edge), graph.storage);
    }
    graph.free.resize(in.count());
    for (NodeIndex& index : graph.free) {
        index = static_cast<NodeIndex>(in.varint());
    }
    if (!in.ok()) {
        return fail(ErrorCode::Damaged, "the service graph in the snapshot does not decode");
    }
    return live;
}

}  // namespace nocturne::topology
