// Topology files as one change, and whether the graph already says what they say.
#pragma once

#include "model/result.hpp"
#include "model/topology_change.hpp"
#include "topology/graph.hpp"

#include <filesystem>
#include <vector>

namespace nocturne::cli {

// What all files together say vouches under this name: a file that is no longer among them is
// withdrawn.
inline constexpr const char* kFileProvenance = "file";

struct TopologyFiles {
    model::TopologyChange change;
    std::vector<Error> problems;  // of all files; see is_usable
};

// Whether something is left to work with on recorded events, where a wrong key should not cost the
// whole look. A daemon is stricter: it takes all or nothing.
bool is_usable(const TopologyFiles& files);

TopologyFiles read_topology_files(const std::vector<std::filesystem::path>& paths);

// Whether applying the change would change nothing but times: then a restart need not journal it
// again.
bool is_already_told(const topology::Graph& graph, const model::TopologyChange& change);

}  // namespace nocturne::cli
