// TopologyChange: what a source says about the service graph; an input of the engine.
#pragma once

#include "model/codec.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nocturne::model {

inline constexpr std::uint8_t kCriticalityDefault = 3;  // 1 (least) .. 5 (most)

// A node as a source describes it. Empty text: the source does not say.
struct NodeSpec {
    std::string name;
    std::string type;
    std::string owner;
    std::optional<std::uint8_t> criticality;
    std::vector<std::string> aliases;
    std::vector<std::pair<std::string, std::string>> labels;
};

// An arrow from the dependent to what it depends on.
struct EdgeSpec {
    std::string from;
    std::string to;
    std::string type;     // "calls", "runs_on", ...; empty: the source does not say
    double weight = 1.0;  // how surely a fault of `to` hurts `from`, above 0 up to 1
    // What differs from the whole change.
    std::optional<double> confidence = {};
    std::optional<Duration> ttl = {};
    Time first_seen = kNoTime;  // kNoTime: now
};

// Nodes and edges that `provenance` (a file, "api", ...) confirms or takes back. Names that only
// appear in edges are created.
struct TopologyChange {
    // Replace: what this provenance said before and does not repeat is withdrawn.
    enum class Mode : std::uint8_t { Merge, Replace };

    std::string provenance;
    Mode mode = Mode::Merge;
    std::vector<NodeSpec> nodes;
    std::vector<EdgeSpec> edges;
    std::vector<std::string> removed_nodes;
    std::vector<EdgeSpec> removed_edges;
    double confidence = 1.0;  // how sure the source is of what it says, above 0 up to 1
    Duration ttl{0};          // what is not confirmed within it is taken back; 0: it stays
};

void encode(Writer& out, const TopologyChange& change);
// Check in.ok() afterwards; what was read is only then whole.
TopologyChange decode_topology_change(Reader& in);

}  // namespace nocturne::model
