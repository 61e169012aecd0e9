#include "topology/graph_tables.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace nocturne::topology {

using model::Time;

namespace {

std::uint32_t hash_of_text(std::string_view text) {
    return static_cast<std::uint32_t>(std::hash<std::string_view>()(text));
}

std::uint64_t hash_of_edge(NodeIndex from, NodeIndex to, std::uint32_t type) {
    // The finalizer of MurmurHash3.
    std::uint64_t hash = ((std::uint64_t{from} << 32) | to) ^ (std::uint64_t{type} << 48);
    hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDULL;
    hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53ULL;
    return hash ^ (hash >> 33);
}

std::uint16_t parts_of(double confidence) {
    return static_cast<std::uint16_t>(std::lround(std::clamp(confidence, 0.0, 1.0) * 10'000));
}

bool is_named(const Node& node, std::string_view name) {
    return node.name == name ||
           std::find(node.aliases.begin(), node.aliases.end(), name) != node.aliases.end();
}

// Takes the number of a freed record, or makes a new one.
template <typename Table>
std::uint32_t take_place(Table& table, std::vector<std::uint32_t>& free) {
    if (free.empty()) {
        return static_cast<std::uint32_t>(table.add());
    }
    const std::uint32_t place = free.back();
    free.pop_back();
    return place;
}

}  // namespace

// ---- reading ----

struct GraphEditor::NameChain {
    Graph::Inside& tables;

    std::uint64_t hash_of(std::uint32_t id) const { return tables.names[id].hash; }

    std::uint32_t next_of(std::uint32_t id) const { return tables.names[id].next; }

    void set_next(std::uint32_t id, std::uint32_t next) { tables.names.edit(id).next = next; }
};

struct GraphEditor::EdgeChain {
    Graph::Inside& tables;

    std::uint64_t hash_of(std::uint32_t id) const {
        const EdgeRecord& edge = tables.edges[id];
        return hash_of_edge(edge.from, edge.to, edge.type);
    }

    std::uint32_t next_of(std::uint32_t id) const { return tables.edges[id].next_same_hash; }

    void set_next(std::uint32_t id, std::uint32_t next) {
        tables.edges.edit(id).next_same_hash = next;
    }
};

namespace {

struct NamesRead {
    const Graph::Inside& tables;

    std::uint32_t next_of(std::uint32_t id) const { return tables.names[id].next; }
};

struct EdgesRead {
    const Graph::Inside& tables;

    std::uint32_t next_of(std::uint32_t id) const { return tables.edges[id].next_same_hash; }
};

}  // namespace

NodeIndex Graph::Inside::find(std::string_view name) const {
    const std::uint32_t hash = hash_of_text(name);
    const std::uint32_t found = name_index.find(NamesRead{*this}, hash, [&](std::uint32_t id) {
        return names[id].hash == hash && is_named(nodes[names[id].node], name);
    });
    return found == kNoRecord ? kNoNode : names[found].node;
}

std::uint32_t Graph::Inside::find_edge(NodeIndex from, NodeIndex to, std::uint32_t type) const {
    return edge_index.find(EdgesRead{*this}, hash_of_edge(from, to, type), [&](std::uint32_t id) {
        const EdgeRecord& edge = edges[id];
        return edge.from == from && edge.to == to && edge.type == type;
    });
}

std::uint32_t Graph::Inside::find_type(std::string_view type) const {
    const auto found = std::find(types->begin(), types->end(), type);
    return found == types->end() ? static_cast<std::uint32_t>(kTypesMax)
                                 : static_cast<std::uint32_t>(found - types->begin());
}

EdgeView Graph::Inside::view(std::uint32_t number) const {
    const EdgeRecord& edge = edges[number];
    return {(*types)[edge.type],
            edge.weight,
            static_cast<double>(edge.confidence) / 10'000,
            edge.first_seen,
            edge.last_seen,
            edge.provenance,
            number};
}

// ---- names of sources and types ----

std::uint8_t GraphEditor::source_of(const std::string& name) {
    const std::vector<std::string>& known = *t_->sources;
    const auto found = std::find(known.begin(), known.end(), name);
    const auto place = static_cast<std::size_t>(found - known.begin());
    if (found == known.end() && known.size() < kSourcesMax) {
        auto more = std::make_shared<std::vector<std::string>>(known);
        more->push_back(name);
        t_->sources = std::move(more);
    }
    return static_cast<std::uint8_t>(std::min(place, kSourcesMax - 1));
}

std::uint16_t GraphEditor::type_of(const std::string& name) {
    const std::uint32_t found = t_->find_type(name);
    if (found != kTypesMax) {
        return static_cast<std::uint16_t>(found);
    }
    if (t_->types->size() == kTypesMax) {
        return 0;
    }
    auto more = std::make_shared<std::vector<std::string>>(*t_->types);
    more->push_back(name);
    t_->types = std::move(more);
    return static_cast<std::uint16_t>(t_->types->size() - 1);
}

// ---- nodes ----

NodeIndex GraphEditor::add_node(std::string_view name, Time at) {
    NodeIndex index = 0;
    if (free_nodes_.empty()) {
        index = static_cast<NodeIndex>(t_->links.add());
        t_->nodes.add();
    } else {
        index = free_nodes_.back();
        free_nodes_.pop_back();
    }
    t_->links.edit(index).is_alive = true;
    note_change(index);
    Node& node = t_->nodes.edit(index);
    node.name = name;
    node.first_seen = node.last_seen = at;
    add_name(name, index);
    ++t_->nodes_alive;
    return index;
}

void GraphEditor::remove_node(NodeIndex index) {
    while (t_->links[index].first_out != kNoRecord) {
        remove_edge(t_->links[index].first_out);
    }
    while (t_->links[index].first_in != kNoRecord) {
        remove_edge(t_->links[index].first_in);
    }
    while (t_->links[index].claims != kNoRecord) {
        drop_claim(t_->links[index].claims);
    }
    const Node& node = t_->nodes[index];
    remove_name(node.name, index);
    for (const std::string& alias : node.aliases) {
        remove_name(alias, index);
    }
    t_->nodes.edit(index) = {};
    t_->links.edit(index) = {};
    note_change(index);
    free_nodes_.push_back(index);
    --t_->nodes_alive;
}

void GraphEditor::add_name(std::string_view name, NodeIndex node) {
    const std::uint32_t id = take_place(t_->names, free_names_);
    t_->names.edit(id) = {hash_of_text(name), node, kNoRecord};
    NameChain chain{*t_};
    t_->name_index.insert(chain, id);
}

void GraphEditor::remove_name(std::string_view name, NodeIndex node) {
    const std::uint32_t hash = hash_of_text(name);
    const std::uint32_t id = t_->name_index.find(NamesRead{*t_}, hash, [&](std::uint32_t other) {
        return t_->names[other].hash == hash && t_->names[other].node == node;
    });
    if (id != kNoRecord) {
        NameChain chain{*t_};
        t_->name_index.erase(chain, id);
        free_names_.push_back(id);
    }
}

// ---- edges ----

std::uint32_t GraphEditor::add_edge(NodeIndex from, NodeIndex to, std::uint16_t type, double weight,
                                    Time first_seen) {
    const std::uint32_t id = take_place(t_->edges, free_edges_);
    EdgeRecord& edge = t_->edges.edit(id);
    edge = {};
    edge.from = from;
    edge.to = to;
    edge.type = type;
    edge.weight = weight;
    edge.first_seen = edge.last_seen = first_seen;
    link(id);
    EdgeChain chain{*t_};
    t_->edge_index.insert(chain, id);
    ++t_->edges_alive;
    return id;
}

void GraphEditor::remove_edge(std::uint32_t id) {
    while (t_->edges[id].claims != kNoRecord) {
        drop_claim(t_->edges[id].claims);
    }
    EdgeChain chain{*t_};
    t_->edge_index.erase(chain, id);
    unlink(id);
    t_->edges.edit(id) = {};
    free_edges_.push_back(id);
    --t_->edges_alive;
}

void GraphEditor::set_weight(std::uint32_t id, double weight) {
    EdgeRecord& edge = t_->edges.edit(id);
    if (edge.weight != weight) {
        edge.weight = weight;
        note_change(edge.from);
        note_change(edge.to);
    }
}

void GraphEditor::link(std::uint32_t id) {
    EdgeRecord& edge = t_->edges.edit(id);
    note_change(edge.from);
    note_change(edge.to);
    NodeLinks& from = t_->links.edit(edge.from);
    edge.prev_out = kNoRecord;
    edge.next_out = std::exchange(from.first_out, id);
    ++from.out_count;
    NodeLinks& to = t_->links.edit(edge.to);
    edge.prev_in = kNoRecord;
    edge.next_in = std::exchange(to.first_in, id);
    ++to.in_count;
    if (edge.next_out != kNoRecord) {
        t_->edges.edit(edge.next_out).prev_out = id;
    }
    if (edge.next_in != kNoRecord) {
        t_->edges.edit(edge.next_in).prev_in = id;
    }
}

void GraphEditor::unlink(std::uint32_t id) {
    const EdgeRecord edge = t_->edges[id];
    note_change(edge.from);
    note_change(edge.to);
    NodeLinks& from = t_->links.edit(edge.from);
    --from.out_count;
    (edge.prev_out == kNoRecord ? from.first_out : t_->edges.edit(edge.prev_out).next_out) =
        edge.next_out;
    if (edge.next_out != kNoRecord) {
        t_->edges.edit(edge.next_out).prev_out = edge.prev_out;
    }
    NodeLinks& to = t_->links.edit(edge.to);
    --to.in_count;
    (edge.prev_in == kNoRecord ? to.first_in : t_->edges.edit(edge.prev_in).next_in) = edge.next_in;
    if (edge.next_in != kNoRecord) {
        t_->edges.edit(edge.next_in).prev_in = edge.prev_in;
    }
}

void GraphEditor::move_edges(NodeIndex from, NodeIndex to) {
    const auto move = [&](std::uint32_t id, NodeIndex new_from, NodeIndex new_to) {
        const EdgeRecord old = t_->edges[id];
        std::vector<ClaimRecord> claims;
        for (std::uint32_t c = old.claims; c != kNoRecord; c = t_->claims[c].next) {
            claims.push_back(t_->claims[c]);
        }
        remove_edge(id);
        if (new_from == new_to) {
            return;
        }
        std::uint32_t moved = t_->find_edge(new_from, new_to, old.type);
        if (moved == kNoRecord) {
            moved = add_edge(new_from, new_to, old.type, old.weight, old.first_seen);
        }
        for (const ClaimRecord& claim : claims) {
            confirm_edge(moved, {claim.source, static_cast<double>(claim.confidence) / 10'000,
                                 claim.ttl_s, claim.last_seen});
        }
    };
    while (t_->links[from].first_out != kNoRecord) {
        const std::uint32_t id = t_->links[from].first_out;
        move(id, to, t_->edges[id].to);
    }
    while (t_->links[from].first_in != kNoRecord) {
        const std::uint32_t id = t_->links[from].first_in;
        move(id, t_->edges[id].from, to);
    }
    for (std::uint32_t c = t_->links[from].claims; c != kNoRecord; c = t_->claims[c].next) {
        const ClaimRecord claim = t_->claims[c];
        confirm_node(to, {claim.source, static_cast<double>(claim.confidence) / 10'000, claim.ttl_s,
                          claim.last_seen});
    }
}

void GraphEditor::push_out_edges_reversed(const std::vector<std::uint32_t>& edges) {
    for (auto id = edges.rbegin(); id != edges.rend(); ++id) {
        link(*id);
        EdgeChain chain{*t_};
        t_->edge_index.insert(chain, *id);
        ++t_->edges_alive;
    }
}

// ---- claims ----

std::uint32_t& GraphEditor::claims_of(std::uint32_t subject) {
    return (subject & ClaimRecord::kOfNode) != 0
               ? t_->links.edit(subject & ~ClaimRecord::kOfNode).claims
               : t_->edges.edit(subject).claims;
}

std::uint32_t GraphEditor::claim_of(std::uint32_t subject, std::uint8_t source) {
    std::uint32_t id = (subject & ClaimRecord::kOfNode) != 0
                           ? t_->links[subject & ~ClaimRecord::kOfNode].claims
                           : t_->edges[subject].claims;
    while (id != kNoRecord && t_->claims[id].source != source) {
        id = t_->claims[id].next;
    }
    return id;
}

std::uint32_t GraphEditor::new_claim(std::uint32_t subject) {
    const std::uint32_t id = take_place(t_->claims, free_claims_);
    ClaimRecord& claim = t_->claims.edit(id);
    claim = {};
    claim.subject = subject;
    claim.next = std::exchange(claims_of(subject), id);
    return id;
}

void GraphEditor::drop_claim(std::uint32_t id) {
    const ClaimRecord claim = t_->claims[id];
    std::uint32_t& first = claims_of(claim.subject);
    if (first == id) {
        first = claim.next;
    } else {
        std::uint32_t before = first;
        while (t_->claims[before].next != id) {
            before = t_->claims[before].next;
        }
        t_->claims.edit(before).next = claim.next;
    }
    t_->claims.edit(id) = {};
    free_claims_.push_back(id);
    unschedule(id);
}

// Provenance and confidence from the claims: independent sources, so their doubts multiply.
void GraphEditor::refresh_summary(std::uint32_t subject) {
    const bool is_node = (subject & ClaimRecord::kOfNode) != 0;
    Provenance provenance = 0;
    double doubt = 1.0;
    Time last_seen = model::kNoTime;
    for (std::uint32_t id = claims_of(subject); id != kNoRecord; id = t_->claims[id].next) {
        const ClaimRecord& claim = t_->claims[id];
        provenance |= Provenance{1} << claim.source;
        doubt *= 1.0 - static_cast<double>(claim.confidence) / 10'000;
        last_seen = std::max(last_seen, claim.last_seen);
    }
    const double confidence = 1.0 - doubt;
    if (!is_node) {
        EdgeRecord& edge = t_->edges.edit(subject);
        edge.provenance = provenance;
        edge.confidence = parts_of(confidence);
        edge.last_seen = provenance == 0 ? edge.last_seen : last_seen;
        return;
    }
    Node& node = t_->nodes.edit(subject & ~ClaimRecord::kOfNode);
    node.provenance = provenance | (node.provenance & kEvents);
    node.described &= node.provenance;
    node.confidence = provenance == 0 ? 1.0 : confidence;
    node.last_seen = std::max(node.last_seen, last_seen);
}

void GraphEditor::confirm_edge(std::uint32_t edge, const Statement& said) {
    std::uint32_t id = claim_of(edge, said.source);
    const bool is_new = id == kNoRecord;
    if (is_new) {
        id = new_claim(edge);
    }
    ClaimRecord& claim = t_->claims.edit(id);
    const std::uint16_t confidence = parts_of(said.confidence);
    const bool is_as_before = !is_new && claim.confidence == confidence;
    claim.source = said.source;
    claim.confidence = confidence;
    claim.ttl_s = said.ttl_s;
    claim.last_seen = std::max(claim.last_seen, said.at);
    claim.is_withdrawn = false;
    schedule(id);
    if (is_as_before) {
        EdgeRecord& record = t_->edges.edit(edge);
        record.last_seen = std::max(record.last_seen, said.at);
    } else {
        refresh_summary(edge);
    }
}

void GraphEditor::confirm_node(NodeIndex index, const Statement& said) {
    const std::uint32_t subject = index | ClaimRecord::kOfNode;
    std::uint32_t id = claim_of(subject, said.source);
    const bool is_new = id == kNoRecord;
    if (is_new) {
        id = new_claim(subject);
    }
    ClaimRecord& claim = t_->claims.edit(id);
    const bool begins = is_new || claim.is_withdrawn;
    const std::uint16_t confidence =
        begins ? parts_of(said.confidence) : std::max(claim.confidence, parts_of(said.confidence));
    const bool is_as_before = !is_new && claim.confidence == confidence;
    // Of several statements about one node (each of its edges is one) the longest life counts.
    claim.ttl_s = begins                                ? said.ttl_s
                  : claim.ttl_s == 0 || said.ttl_s == 0 ? 0
                                                        : std::max(claim.ttl_s, said.ttl_s);
    claim.source = said.source;
    claim.confidence = confidence;
    claim.last_seen = std::max(claim.last_seen, said.at);
    claim.is_withdrawn = false;
    schedule(id);
    if (!is_as_before) {
        refresh_summary(subject);
    } else if (t_->nodes[index].last_seen < said.at) {
        t_->nodes.edit(index).last_seen = said.at;
    }
}

void GraphEditor::add_claim(std::uint32_t subject, const ClaimRecord& claim) {
    const std::uint32_t id = static_cast<std::uint32_t>(t_->claims.add());
    ClaimRecord& added = t_->claims.edit(id);
    added = claim;
    added.subject = subject;
    added.next = kNoRecord;
    std::uint32_t* place = &claims_of(subject);
    while (*place != kNoRecord) {
        place = &t_->claims.edit(*place).next;
    }
    *place = id;
    schedule(id);
}

// ---- taking back ----

std::int64_t GraphEditor::bucket_of(const ClaimRecord& claim) {
    return std::max<std::int64_t>(1, model::to_unix_ms(claim.expires()) / kBucketMs + 1);
}

// What was planned follows from the claims as they stand, never from when each was confirmed: so it
// is the same after a restart.
void GraphEditor::schedule(std::uint32_t id) {
    const ClaimRecord& claim = t_->claims[id];
    const std::int64_t bucket = claim.ttl_s == 0 ? 0 : bucket_of(claim);
    if (bucket == (id < planned_.size() ? planned_[id].bucket : 0)) {
        return;
    }
    unschedule(id);
    if (bucket == 0) {
        return;
    }
    if (planned_.size() <= id) {
        planned_.resize(std::max<std::size_t>(id + 1, planned_.size() * 2));
    }
    std::uint32_t& first = due_.try_emplace(bucket, kNoRecord).first->second;
    planned_[id] = {bucket, kNoRecord, first};
    if (first != kNoRecord) {
        planned_[first].before = id;
    }
    first = id;
}

void GraphEditor::unschedule(std::uint32_t id) {
    if (id >= planned_.size() || planned_[id].bucket == 0) {
        return;
    }
    const Planned gone = std::exchange(planned_[id], {});
    if (gone.next != kNoRecord) {
        planned_[gone.next].before = gone.before;
    }
    if (gone.before != kNoRecord) {
        planned_[gone.before].next = gone.next;
    } else if (gone.next != kNoRecord) {
        due_[gone.bucket] = gone.next;
    } else {
        due_.erase(gone.bucket);
    }
}

Time GraphEditor::next_expiry() const {
    return due_.empty() ? Time::max() : model::from_unix_ms(due_.begin()->first * kBucketMs);
}

void GraphEditor::expire(Time now, ChangeReport& report) {
    std::vector<std::uint32_t> expired;
    for (auto bucket = due_.begin();
         bucket != due_.end() && model::from_unix_ms(bucket->first * kBucketMs) <= now; ++bucket) {
        for (std::uint32_t id = bucket->second; id != kNoRecord; id = planned_[id].next) {
            expired.push_back(id);
        }
    }
    drop_claims(std::move(expired), report);
}

void GraphEditor::withdraw(std::uint8_t source) {
    for (std::uint32_t id = 0; id < t_->claims.size(); ++id) {
        if (t_->claims[id].subject != kNoRecord && t_->claims[id].source == source) {
            t_->claims.edit(id).is_withdrawn = true;
        }
    }
}

void GraphEditor::take_back_withdrawn(std::uint8_t source, ChangeReport& report) {
    std::vector<std::uint32_t> withdrawn;
    for (std::uint32_t id = 0; id < t_->claims.size(); ++id) {
        const ClaimRecord& claim = t_->claims[id];
        if (claim.subject != kNoRecord && claim.source == source && claim.is_withdrawn) {
            withdrawn.push_back(id);
        }
    }
    drop_claims(std::move(withdrawn), report);
}

// In an order that does not hang on the numbers of claims and edges, which a restart gives anew.
void GraphEditor::drop_claims(std::vector<std::uint32_t> claims, ChangeReport& report) {
    std::vector<NodeIndex> touched;
    std::vector<std::uint32_t> edges;
    for (const std::uint32_t id : claims) {
        const std::uint32_t subject = t_->claims[id].subject;
        drop_claim(id);
        if ((subject & ClaimRecord::kOfNode) != 0) {
            touched.push_back(subject & ~ClaimRecord::kOfNode);
        } else {
            edges.push_back(subject);
        }
        refresh_summary(subject);
    }
    for (const std::uint32_t id : edges) {
        const EdgeRecord& edge = t_->edges[id];
        if (edge.from != kNoNode && edge.claims == kNoRecord) {
            touched.push_back(edge.from);
            touched.push_back(edge.to);
            remove_edge(id);
            ++report.edges_removed;
        }
    }
    remove_unvouched(std::move(touched), report);
}

void GraphEditor::remove_unvouched(std::vector<NodeIndex> nodes, ChangeReport& report) {
    std::sort(nodes.begin(), nodes.end());
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
    for (const NodeIndex node : nodes) {
        if (t_->is_alive(node) && t_->nodes[node].provenance == 0 && t_->is_bare(node)) {
            remove_node(node);
            ++report.nodes_removed;
        }
    }
}

}  // namespace nocturne::topology
