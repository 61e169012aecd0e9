#include "topology/graph.hpp"

#include "topology/graph_tables.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace nocturne::topology {

using model::Reader;
using model::Time;
using model::TopologyChange;
using model::Writer;

// ---- reading ----

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
    return inside_->nodes[node];
}

NodeIndex Graph::index_end() const {
    return static_cast<NodeIndex>(inside_->links.size());
}

std::size_t Graph::node_count() const {
    return inside_->nodes_alive;
}

std::size_t Graph::edge_count() const {
    return inside_->edges_alive;
}

std::uint64_t Graph::revision() const {
    return inside_->revision;
}

std::uint64_t Graph::revision_of(NodeIndex node) const {
    return inside_->links[node].revision;
}

std::size_t Graph::dependency_count(NodeIndex node) const {
    return inside_->links[node].out_count;
}

std::size_t Graph::dependent_count(NodeIndex node) const {
    return inside_->links[node].in_count;
}

void Graph::visit_dependencies(NodeIndex node, void* context, VisitEdge visit) const {
    for (std::uint32_t id = inside_->links[node].first_out; id != kNoRecord;) {
        const EdgeRecord& edge = inside_->edges[id];
        visit(context, edge.to, inside_->view(id));
        id = edge.next_out;
    }
}

// The chains of so many nodes are followed by turns: while one edge is fetched, others are read.
void Graph::visit_weights(std::span<const NodeIndex> nodes, void* context,
                          VisitWeight visit) const {
    constexpr std::size_t kChains = 16;

    struct Chain {
        std::size_t place;
        const EdgeRecord* edge;
    };

    std::array<Chain, kChains> chains;
    std::size_t count = 0;
    std::size_t next = 0;
    const auto follow = [&](Chain& chain, std::size_t place, std::uint32_t edge) {
        chain = {place, &inside_->edges[edge]};
        __builtin_prefetch(chain.edge);
    };
    while (true) {
        while (count < kChains && next < nodes.size()) {
            if (next + kChains < nodes.size()) {
                __builtin_prefetch(&inside_->links[nodes[next + kChains]]);
            }
            if (const std::uint32_t first = inside_->links[nodes[next]].first_out;
                first != kNoRecord) {
                follow(chains[count++], next, first);
            }
            ++next;
        }
        if (count == 0) {
            return;
        }
        for (std::size_t i = 0; i < count;) {
            const EdgeRecord& edge = *chains[i].edge;
            visit(context, chains[i].place, edge.to, edge.weight);
            if (edge.next_out != kNoRecord) {
                follow(chains[i], chains[i].place, edge.next_out);
                ++i;
            } else {
                chains[i] = chains[--count];
            }
        }
    }
}

void Graph::visit_dependents(NodeIndex node, void* context, VisitEdge visit) const {
    for (std::uint32_t id = inside_->links[node].first_in; id != kNoRecord;) {
        const EdgeRecord& edge = inside_->edges[id];
        visit(context, edge.from, inside_->view(id));
        id = edge.next_in;
    }
}

std::vector<std::string> Graph::provenance_names(Provenance provenance) const {
    std::vector<std::string> names;
    for (std::size_t bit = 0; bit < inside_->sources->size(); ++bit) {
        if ((provenance >> bit & 1) != 0) {
            names.push_back((*inside_->sources)[bit]);
        }
    }
    return names;
}

namespace {

std::vector<Claim> claims_from(const Graph::Inside& tables, std::uint32_t id) {
    std::vector<Claim> claims;
    for (; id != kNoRecord; id = tables.claims[id].next) {
        const ClaimRecord& claim = tables.claims[id];
        claims.push_back({(*tables.sources)[claim.source],
                          static_cast<double>(claim.confidence) / 10'000, claim.last_seen,
                          std::chrono::seconds(claim.ttl_s)});
    }
    std::sort(claims.begin(), claims.end(),
              [](const Claim& a, const Claim& b) { return a.source < b.source; });
    return claims;
}

}  // namespace

std::vector<Claim> Graph::claims_of_node(NodeIndex node) const {
    return claims_from(*inside_, inside_->links[node].claims);
}

std::vector<Claim> Graph::claims_of_edge(std::uint32_t number) const {
    return claims_from(*inside_, inside_->edges[number].claims);
}

std::size_t Graph::bytes() const {
    return inside_->links.bytes() + inside_->nodes.bytes() + inside_->edges.bytes() +
           inside_->claims.bytes() + inside_->names.bytes() + inside_->name_index.bytes() +
           inside_->edge_index.bytes();
}

// ---- changing ----

namespace {

// One change, as it is taken.
class Taking {
   public:
    Taking(Graph::Inside& tables, GraphEditor& editor, const TopologyChange& change, Time at)
        : tables_(tables), editor_(editor), change_(change), at_(at) {
        said_.source = editor.source_of(change.provenance);
        said_.confidence = change.confidence;
        said_.ttl_s = seconds_of(change.ttl);
        said_.at = at;
    }

    ChangeReport take() {
        const bool replaces = change_.mode == TopologyChange::Mode::Replace;
        if (replaces) {
            editor_.withdraw(said_.source);
        }
        for (const model::NodeSpec& node : change_.nodes) {
            take_node(node, replaces);
        }
        for (const model::EdgeSpec& edge : change_.edges) {
            take_edge(edge);
        }
        if (replaces) {
            editor_.take_back_withdrawn(said_.source, report_);
        }
        for (const model::EdgeSpec& edge : change_.removed_edges) {
            remove_edge(edge);
        }
        for (const std::string& name : change_.removed_nodes) {
            remove_node(name);
        }
        return std::move(report_);
    }

   private:
    static std::uint32_t seconds_of(model::Duration ttl) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(ttl).count();
        return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, UINT32_MAX));
    }

    Provenance bit() const { return Provenance{1} << said_.source; }

    // The node of that name, made when it is missing; the source vouches for it.
    NodeIndex confirm(std::string_view name, const Statement& said) {
        NodeIndex index = tables_.find(name);
        if (index == kNoNode) {
            ++report_.nodes_added;
            index = editor_.add_node(name, at_);
        }
        editor_.confirm_node(index, said);
        return index;
    }

    void take_node(const model::NodeSpec& spec, bool replaces) {
        const NodeIndex known = tables_.find(spec.name);
        if (replaces && known != kNoNode && tables_.nodes[known].described == bit() &&
            !is_said_again(known)) {
            forget_description(known, spec.name);
        }
        const NodeIndex index = confirm(spec.name, said_);
        Node& node = editor_.node(index);
        if (says_more_than_its_kind(spec)) {
            node.described |= bit();
        }
        if (!spec.type.empty() && node.type != spec.type) {
            node.type = spec.type;
            editor_.note_change(index);
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
            if (found != node.labels.end() && found->second == label.second) {
                continue;
            }
            found == node.labels.end() ? void(node.labels.push_back(label))
                                       : void(found->second = label.second);
            editor_.note_change(index);
        }
        for (const std::string& alias : spec.aliases) {
            take_alias(index, alias);
        }
    }

    // A name and a type alone are a mention: who has that name as an alias may take the node over.
    static bool says_more_than_its_kind(const model::NodeSpec& spec) {
        return !spec.owner.empty() || spec.criticality || !spec.aliases.empty() ||
               !spec.labels.empty();
    }

    // Whether this change has confirmed the node already.
    bool is_said_again(NodeIndex index) const {
        for (std::uint32_t id = tables_.links[index].claims; id != kNoRecord;
             id = tables_.claims[id].next) {
            if (tables_.claims[id].source == said_.source) {
                return !tables_.claims[id].is_withdrawn;
            }
        }
        return false;
    }

    // Only this source described it: its names and labels are what it says now.
    void forget_description(NodeIndex index, const std::string& name) {
        Node& node = editor_.node(index);
        if (!std::exchange(node.labels, {}).empty()) {
            editor_.note_change(index);
        }
        const std::vector<std::string> aliases = std::exchange(node.aliases, {});
        for (const std::string& alias : aliases) {
            if (alias == name) {
                node.aliases.push_back(alias);
            } else {
                editor_.remove_name(alias, index);
            }
        }
    }

    void take_alias(NodeIndex index, const std::string& alias) {
        const NodeIndex other = tables_.find(alias);
        if (other == index || alias.empty()) {
            return;
        }
        if (other == kNoNode) {
            editor_.node(index).aliases.push_back(alias);
            editor_.add_name(alias, index);
            return;
        }
        const Node& holder = tables_.nodes[other];
        if (holder.name == alias && holder.described == 0) {
            join(other, index);
            return;
        }
        // An address goes from one pod to the next; the source that gave it away knows best.
        if (holder.name != alias && (holder.provenance & ~kEvents) == bit() &&
            holder.last_seen < at_) {
            std::erase(editor_.node(other).aliases, alias);
            editor_.remove_name(alias, other);
            editor_.node(index).aliases.push_back(alias);
            editor_.add_name(alias, index);
            ++report_.nodes_joined;
            return;
        }
        report_.problems.push_back("alias \"" + alias + "\" of \"" + tables_.nodes[index].name +
                                   "\" already names \"" + holder.name + "\"; it stays there");
    }

    // What was only mentioned by this name, in edges or events, is the node that owns the name.
    void join(NodeIndex from, NodeIndex to) {
        const Node old = tables_.nodes[from];
        editor_.move_edges(from, to);
        editor_.remove_node(from);
        Node& node = editor_.node(to);
        node.first_seen = std::min(node.first_seen, old.first_seen);
        node.aliases.push_back(old.name);
        node.aliases.insert(node.aliases.end(), old.aliases.begin(), old.aliases.end());
        for (const std::string& name : old.aliases) {
            editor_.add_name(name, to);
        }
        editor_.add_name(old.name, to);
        ++report_.nodes_joined;
    }

    void take_edge(const model::EdgeSpec& spec) {
        Statement said = said_;
        said.confidence = spec.confidence.value_or(said.confidence);
        said.ttl_s = spec.ttl ? seconds_of(*spec.ttl) : said.ttl_s;
        const NodeIndex from = confirm(spec.from, said);
        const NodeIndex to = confirm(spec.to, said);
        if (from == to) {
            report_.problems.push_back("\"" + spec.from +
                                       "\" cannot depend on itself; the edge is left out");
            return;
        }
        const std::uint16_t type = editor_.type_of(spec.type);
        const Time first_seen =
            spec.first_seen == model::kNoTime ? at_ : std::min(spec.first_seen, at_);
        std::uint32_t id = tables_.find_edge(from, to, type);
        if (id == kNoRecord) {
            id = editor_.add_edge(from, to, type, spec.weight, first_seen);
            ++report_.edges_added;
        } else {
            editor_.set_weight(id, spec.weight);
            EdgeRecord& edge = editor_.edge(id);
            edge.first_seen = std::min(edge.first_seen, first_seen);
        }
        editor_.confirm_edge(id, said);
    }

    void remove_edge(const model::EdgeSpec& spec) {
        const NodeIndex from = tables_.find(spec.from);
        const NodeIndex to = tables_.find(spec.to);
        const std::uint32_t id = from == kNoNode || to == kNoNode
                                     ? kNoRecord
                                     : tables_.find_edge(from, to, tables_.find_type(spec.type));
        if (id == kNoRecord) {
            report_.problems.push_back("no edge from \"" + spec.from + "\" to \"" + spec.to +
                                       "\" to remove");
            return;
        }
        editor_.remove_edge(id);
        ++report_.edges_removed;
    }

    void remove_node(const std::string& name) {
        const NodeIndex index = tables_.find(name);
        if (index == kNoNode) {
            report_.problems.push_back("no node \"" + name + "\" to remove");
            return;
        }
        report_.edges_removed += tables_.links[index].out_count + tables_.links[index].in_count;
        editor_.remove_node(index);
        ++report_.nodes_removed;
    }

    Graph::Inside& tables_;
    GraphEditor& editor_;
    const TopologyChange& change_;
    Time at_;
    Statement said_;
    ChangeReport report_;
};

}  // namespace

LiveGraph::LiveGraph()
    : graph_(std::make_unique<Graph>()), editor_(std::make_unique<GraphEditor>(*graph_->inside_)) {}

LiveGraph::~LiveGraph() = default;

LiveGraph::LiveGraph(const LiveGraph& other)
    : graph_(std::make_unique<Graph>(*other.graph_)),
      editor_(std::make_unique<GraphEditor>(*other.editor_)) {
    editor_->move_to(*graph_->inside_);
}

LiveGraph& LiveGraph::operator=(const LiveGraph& other) {
    return *this = LiveGraph(other);
}

LiveGraph::LiveGraph(LiveGraph&&) noexcept = default;
LiveGraph& LiveGraph::operator=(LiveGraph&&) noexcept = default;

std::shared_ptr<const Graph> LiveGraph::snapshot() const {
    return std::make_shared<const Graph>(*graph_);
}

ChangeReport LiveGraph::apply(const TopologyChange& change, Time at) {
    return Taking(*graph_->inside_, *editor_, change, at).take();
}

NodeIndex LiveGraph::observe(std::string_view name, Time at) {
    const NodeIndex known = graph_->find(name);
    if (known != kNoNode) {
        return known;
    }
    const NodeIndex added = editor_->add_node(name, at);
    editor_->node(added).provenance = kEvents;
    return added;
}

void LiveGraph::forget(NodeIndex node) {
    if (graph_->is_alive(node) && graph_->node(node).provenance == kEvents &&
        graph_->inside_->is_bare(node)) {
        editor_->remove_node(node);
    }
}

Time LiveGraph::next_expiry() const {
    return editor_->next_expiry();
}

ChangeReport LiveGraph::expire(Time now) {
    ChangeReport report;
    editor_->expire(now, report);
    return report;
}

// ---- snapshots ----

namespace {

// The first number of a snapshot's graph was that of its sources, which is never 0.
constexpr std::uint64_t kNewForm = 0;
constexpr std::uint64_t kFormVersion = 1;

void put(Writer& out, Time time) {
    out.zigzag(model::to_unix_ms(time));
}

Time get_time(Reader& in) {
    return model::from_unix_ms(in.zigzag());
}

void encode_texts(Writer& out, const std::vector<std::string>& texts) {
    out.varint(texts.size());
    for (const std::string& text : texts) {
        out.text(text);
    }
}

std::vector<std::string> decode_texts(Reader& in) {
    std::vector<std::string> texts(in.count());
    for (std::string& text : texts) {
        text = in.text();
    }
    return texts;
}

void encode_node(Writer& out, const Node& node) {
    out.text(node.name);
    out.text(node.type);
    out.text(node.owner);
    encode_texts(out, node.aliases);
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
    node.aliases = decode_texts(in);
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

void encode_claims(Writer& out, const Graph::Inside& tables, std::uint32_t id) {
    for (; id != kNoRecord; id = tables.claims[id].next) {
        const ClaimRecord& claim = tables.claims[id];
        out.u8(1);
        out.u8(claim.source);
        out.varint(claim.confidence);
        put(out, claim.last_seen);
        out.varint(claim.ttl_s);
    }
    out.u8(0);
}

std::vector<ClaimRecord> decode_claims(Reader& in) {
    std::vector<ClaimRecord> claims;
    while (in.u8() == 1) {
        ClaimRecord& claim = claims.emplace_back();
        claim.source = static_cast<std::uint8_t>(in.u8() % kSourcesMax);
        claim.confidence = static_cast<std::uint16_t>(std::min<std::uint64_t>(in.varint(), 10'000));
        claim.last_seen = get_time(in);
        claim.ttl_s = static_cast<std::uint32_t>(in.varint());
    }
    return claims;
}

// Of the form without claims: who vouched did so for good.
std::vector<ClaimRecord> claims_of_old_form(Provenance provenance, Time last_seen) {
    std::vector<ClaimRecord> claims;
    for (std::uint8_t bit = 1; bit < kSourcesMax; ++bit) {
        if ((provenance >> bit & 1) != 0) {
            ClaimRecord& claim = claims.emplace_back();
            claim.source = bit;
            claim.confidence = 10'000;
            claim.last_seen = last_seen;
        }
    }
    return claims;
}

// Puts a graph together from what a snapshot holds.
class Decoding {
   public:
    Decoding(Graph::Inside& tables, GraphEditor& editor, Reader& in)
        : tables_(tables), editor_(editor), in_(in) {}

    Status decode() {
        if (const std::uint64_t first = in_.varint(); first != kNewForm) {
            is_old_ = true;
            decode_old_sources(first);
        } else if (const std::uint64_t version = in_.varint(); version != kFormVersion) {
            return fail(ErrorCode::Damaged, "the service graph in the snapshot has form " +
                                                std::to_string(version) + ", this program reads " +
                                                std::to_string(kFormVersion));
        } else {
            tables_.sources = texts(decode_texts(in_), "events");
            tables_.types = texts(decode_texts(in_), "");
        }
        decode_nodes();
        NOCTURNE_TRY_STATUS(decode_edges());
        std::vector<NodeIndex> free(in_.count());
        std::vector<bool> is_free(tables_.links.size());
        for (NodeIndex& index : free) {
            index = static_cast<NodeIndex>(in_.varint());
            if (index >= is_free.size() || tables_.links[index].is_alive || is_free[index]) {
                return damaged();
            }
            is_free[index] = true;
        }
        editor_.free_nodes(std::move(free));
        return in_.ok() && are_sources_known_ ? Status() : damaged();
    }

   private:
    static tl::unexpected<Error> damaged() {
        return fail(ErrorCode::Damaged, "the service graph in the snapshot does not decode");
    }

    static Graph::Inside::Texts texts(std::vector<std::string> read, const char* first) {
        if (read.empty()) {
            read.emplace_back(first);
        }
        return std::make_shared<const std::vector<std::string>>(std::move(read));
    }

    void decode_old_sources(std::uint64_t count) {
        std::vector<std::string> sources;
        for (std::uint64_t i = 0; i < count && in_.ok(); ++i) {
            sources.emplace_back(in_.text());
        }
        tables_.sources = texts(std::move(sources), "events");
    }

    void decode_nodes() {
        const std::size_t count = in_.count();
        for (NodeIndex index = 0; index < count && in_.ok(); ++index) {
            tables_.links.add();
            tables_.nodes.add();
            if (!in_.boolean()) {
                continue;
            }
            Node read = decode_node(in_);
            const std::vector<ClaimRecord> claims =
                is_old_ ? claims_of_old_form(read.provenance, read.last_seen) : decode_claims(in_);
            // The old form does not tell who described a node: all who vouch may have.
            read.described = is_old_ ? read.provenance & ~kEvents : in_.varint();
            tables_.links.edit(index).is_alive = true;
            editor_.note_change(index);
            Node& node = tables_.nodes.edit(index);
            node = std::move(read);
            editor_.add_name(node.name, index);
            for (const std::string& alias : node.aliases) {
                editor_.add_name(alias, index);
            }
            add_claims(index | ClaimRecord::kOfNode, claims);
            ++tables_.nodes_alive;
        }
    }

    Status decode_edges() {
        const std::size_t count = in_.count();
        std::vector<std::uint32_t> run;  // of one dependent
        for (std::size_t i = 0; i < count && in_.ok(); ++i) {
            const std::uint64_t from = in_.varint();
            const std::uint64_t to = in_.varint();
            if (from >= tables_.links.size() || to >= tables_.links.size() ||
                !tables_.links[from].is_alive || !tables_.links[to].is_alive) {
                return fail(ErrorCode::Damaged,
                            "the service graph in the snapshot has an edge to nowhere");
            }
            const std::uint32_t id = decode_edge(from, to);
            if (!run.empty() && tables_.edges[run.front()].from != from) {
                editor_.push_out_edges_reversed(run);
                run.clear();
            }
            run.push_back(id);
        }
        editor_.push_out_edges_reversed(run);
        return {};
    }

    std::uint32_t decode_edge(std::uint64_t from, std::uint64_t to) {
        const std::uint32_t id = static_cast<std::uint32_t>(tables_.edges.add());
        EdgeRecord edge;
        edge.from = static_cast<NodeIndex>(from);
        edge.to = static_cast<NodeIndex>(to);
        edge.type = is_old_ ? editor_.type_of(std::string(in_.text())) : decode_type();
        edge.weight = in_.f64();
        edge.first_seen = get_time(in_);
        edge.last_seen = get_time(in_);
        tables_.edges.edit(id) = edge;
        const std::vector<ClaimRecord> claims =
            is_old_ ? claims_of_old_form(in_.varint(), edge.last_seen) : decode_claims(in_);
        add_claims(id, claims);
        return id;
    }

    void add_claims(std::uint32_t subject, const std::vector<ClaimRecord>& claims) {
        are_sources_known_ = are_sources_known_ && claims.size() <= kSourcesMax;
        for (std::size_t i = 0; i < claims.size() && are_sources_known_; ++i) {
            are_sources_known_ = claims[i].source < tables_.sources->size();
            editor_.add_claim(subject, claims[i]);
        }
        editor_.refresh_summary(subject);
    }

    std::uint16_t decode_type() {
        const std::uint64_t type = in_.varint();
        return static_cast<std::uint16_t>(type < tables_.types->size() ? type : 0);
    }

    Graph::Inside& tables_;
    GraphEditor& editor_;
    Reader& in_;
    bool is_old_ = false;
    bool are_sources_known_ = true;
};

}  // namespace

void LiveGraph::encode(Writer& out) const {
    const Graph::Inside& graph = *graph_->inside_;
    out.varint(kNewForm);
    out.varint(kFormVersion);
    encode_texts(out, *graph.sources);
    encode_texts(out, *graph.types);
    out.varint(graph.links.size());
    for (NodeIndex index = 0; index < graph.links.size(); ++index) {
        out.boolean(graph.links[index].is_alive);
        if (graph.links[index].is_alive) {
            encode_node(out, graph.nodes[index]);
            encode_claims(out, graph, graph.links[index].claims);
            out.varint(graph.nodes[index].described);
        }
    }
    out.varint(graph.edges_alive);
    for (NodeIndex index = 0; index < graph.links.size(); ++index) {
        for (std::uint32_t id = graph.links[index].first_out; id != kNoRecord;
             id = graph.edges[id].next_out) {
            const EdgeRecord& edge = graph.edges[id];
            out.varint(index);
            out.varint(edge.to);
            out.varint(edge.type);
            out.f64(edge.weight);
            put(out, edge.first_seen);
            put(out, edge.last_seen);
            encode_claims(out, graph, edge.claims);
        }
    }
    out.varint(editor_->free_nodes().size());
    for (const NodeIndex index : editor_->free_nodes()) {
        out.varint(index);
    }
}

Result<LiveGraph> LiveGraph::decode(Reader& in) {
    LiveGraph live;
    NOCTURNE_TRY_STATUS(Decoding(*live.graph_->inside_, *live.editor_, in).decode());
    return live;
}

}  // namespace nocturne::topology
