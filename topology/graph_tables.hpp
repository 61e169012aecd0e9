// GraphTables: nodes, edges and who vouches for them, as Graph and LiveGraph keep them.
#pragma once

#include "topology/graph.hpp"
#include "topology/linear_index.hpp"
#include "topology/paged.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::topology {

inline constexpr Provenance kEvents = 1;        // bit 0: only events spoke of it
inline constexpr std::size_t kSourcesMax = 64;  // the last bit stands for all further ones
inline constexpr std::size_t kTypesMax = UINT16_MAX;

// What one source says of one node or edge.
struct ClaimRecord {
    static constexpr std::uint32_t kOfNode = 1U << 31;

    model::Time last_seen = model::kNoTime;
    std::uint32_t subject = kNoRecord;  // an edge, or a node with kOfNode; kNoRecord: free
    std::uint32_t next = kNoRecord;     // of the same subject
    std::uint32_t ttl_s = 0;            // 0: it stays
    std::uint16_t confidence = 0;       // in 1/10000
    std::uint8_t source = 0;
    bool is_withdrawn = false;  // by a replacing source that has not said it again yet

    model::Time expires() const { return last_seen + std::chrono::seconds(ttl_s); }
};

struct EdgeRecord {
    // What a walk asks comes first.
    NodeIndex from = kNoNode;  // kNoNode: free
    NodeIndex to = kNoNode;
    std::uint32_t next_out = kNoRecord;
    std::uint32_t next_in = kNoRecord;
    double weight = 1.0;
    std::uint32_t prev_out = kNoRecord;
    std::uint32_t prev_in = kNoRecord;
    std::uint32_t claims = kNoRecord;
    std::uint32_t next_same_hash = kNoRecord;
    model::Time first_seen = model::kNoTime;
    model::Time last_seen = model::kNoTime;
    Provenance provenance = 0;
    std::uint16_t type = 0;
    std::uint16_t confidence = 0;  // in 1/10000
};

struct NodeLinks {
    std::uint32_t first_out = kNoRecord;
    std::uint32_t first_in = kNoRecord;
    std::uint32_t out_count = 0;
    std::uint32_t in_count = 0;
    std::uint32_t claims = kNoRecord;
    bool is_alive = false;
    std::uint64_t revision = 0;
};

struct NameRecord {
    std::uint32_t hash = 0;
    NodeIndex node = kNoNode;
    std::uint32_t next = kNoRecord;
};

// What readers see. Copying costs a few pointers; see Paged.
class Graph::Inside {
   public:
    using Texts = std::shared_ptr<const std::vector<std::string>>;  // shared with older snapshots

    Paged<NodeLinks, 64> links;
    Paged<Node, 16> nodes;
    Paged<EdgeRecord, 32> edges;
    Paged<ClaimRecord, 64> claims;
    Paged<NameRecord, 128> names;
    LinearIndex name_index;
    LinearIndex edge_index;
    Texts sources = std::make_shared<std::vector<std::string>>(1, "events");  // by provenance bit
    Texts types = std::make_shared<std::vector<std::string>>(1);
    std::size_t nodes_alive = 0;
    std::size_t edges_alive = 0;
    std::uint64_t revision = 0;

    bool is_alive(NodeIndex node) const { return node < links.size() && links[node].is_alive; }

    NodeIndex find(std::string_view name) const;
    // kNoRecord when there is no such edge.
    std::uint32_t find_edge(NodeIndex from, NodeIndex to, std::uint32_t type) const;
    // kTypesMax when nobody said this type.
    std::uint32_t find_type(std::string_view type) const;
    EdgeView view(std::uint32_t edge) const;

    bool is_bare(NodeIndex node) const {
        return links[node].out_count == 0 && links[node].in_count == 0;
    }
};

// What a source says with one change.
struct Statement {
    std::uint8_t source = 0;
    double confidence = 1.0;
    std::uint32_t ttl_s = 0;
    model::Time at = model::kNoTime;
};

// Changes the tables; keeps what only the one who changes them needs to know.
class GraphEditor {
   public:
    // `tables` must outlive the editor, or be exchanged by move_to.
    explicit GraphEditor(Graph::Inside& tables) : t_(&tables) {}

    void move_to(Graph::Inside& tables) { t_ = &tables; }

    std::uint8_t source_of(const std::string& name);
    std::uint16_t type_of(const std::string& name);

    NodeIndex add_node(std::string_view name, model::Time at);
    void remove_node(NodeIndex node);
    void add_name(std::string_view name, NodeIndex node);
    void remove_name(std::string_view name, NodeIndex node);

    // Who changes what a walk reads of it, its type or labels, says so with note_change.
    Node& node(NodeIndex index) { return t_->nodes.edit(index); }

    void note_change(NodeIndex node) { t_->links.edit(node).revision = ++t_->revision; }

    std::uint32_t add_edge(NodeIndex from, NodeIndex to, std::uint16_t type, double weight,
                           model::Time first_seen);
    void remove_edge(std::uint32_t edge);

    EdgeRecord& edge(std::uint32_t index) { return t_->edges.edit(index); }

    void set_weight(std::uint32_t edge, double weight);

    // Gives all edges and claims of `from` to `to`; what both had is one afterwards.
    void move_edges(NodeIndex from, NodeIndex to);

    void confirm_node(NodeIndex node, const Statement& said);
    void confirm_edge(std::uint32_t edge, const Statement& said);

    // All that the source said is withdrawn until it says it again...
    void withdraw(std::uint8_t source);
    // ... and what it did not say again is taken back.
    void take_back_withdrawn(std::uint8_t source, ChangeReport& report);
    void expire(model::Time now, ChangeReport& report);
    // Time::max() when nothing will.
    model::Time next_expiry() const;

    // Of decode: claims in the order of the chain they came from.
    void add_claim(std::uint32_t subject, const ClaimRecord& claim);

    void free_nodes(std::vector<NodeIndex> free) { free_nodes_ = std::move(free); }

    const std::vector<NodeIndex>& free_nodes() const { return free_nodes_; }

    void push_out_edges_reversed(const std::vector<std::uint32_t>& edges);
    void refresh_summary(std::uint32_t subject);
    // Nodes that nobody vouches for and nothing is tied to.
    void remove_unvouched(std::vector<NodeIndex> nodes, ChangeReport& report);

   private:
    struct NameChain;
    struct EdgeChain;

    std::uint32_t& claims_of(std::uint32_t subject);
    std::uint32_t claim_of(std::uint32_t subject, std::uint8_t source);
    std::uint32_t new_claim(std::uint32_t subject);
    void drop_claim(std::uint32_t claim);
    void drop_claims(std::vector<std::uint32_t> claims, ChangeReport& report);
    static std::int64_t bucket_of(const ClaimRecord& claim);
    // Plans when the claim is taken back, as it stands now.
    void schedule(std::uint32_t claim);
    void unschedule(std::uint32_t claim);
    void link(std::uint32_t edge);
    void unlink(std::uint32_t edge);

    static constexpr std::int64_t kBucketMs = 5000;

    // A claim's place in the list of what expires in the same bucket.
    struct Planned {
        std::int64_t bucket = 0;  // 0: it stays
        std::uint32_t before = kNoRecord;
        std::uint32_t next = kNoRecord;
    };

    Graph::Inside* t_;
    std::vector<NodeIndex> free_nodes_;
    std::vector<std::uint32_t> free_edges_;
    std::vector<std::uint32_t> free_claims_;
    std::vector<std::uint32_t> free_names_;
    std::map<std::int64_t, std::uint32_t> due_;  // the first claim of each bucket
    std::vector<Planned> planned_;               // by claim; those beyond it stay
};

}  // namespace nocturne::topology
