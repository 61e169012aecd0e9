// The service graph as people write it: YAML in, a TopologyChange out.
#pragma once

#include "model/result.hpp"
#include "model/topology_change.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::topology {

struct TopologyFile {
    model::TopologyChange change;  // Replace, with the file's name as provenance
    std::vector<Error>
        problems;  // all of them, in the order of their places; with any, do not use the change
};

// Never fails as a whole: what is wrong is told, what is right is there.
TopologyFile parse_topology(std::string_view yaml, const std::string& file_name);

// Only a file that cannot be read is an error here.
Result<TopologyFile> read_topology(const std::filesystem::path& path);

// A JSON Schema (2020-12) of topology files, for editors.
std::string topology_schema();

}  // namespace nocturne::topology
