// The service graph for a command: from files, or from a running daemon.
#pragma once

#include "cli/server.hpp"
#include "model/result.hpp"
#include "topology/graph.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nocturne::cli {

// Files of topology in YAML; one whose text begins with { is our JSON, as `export` writes it and
// the API answers. All problems as one Error.
Result<topology::LiveGraph> read_graph(const std::vector<std::string>& files);
// The graph in our JSON, with each source's claims.
Result<topology::LiveGraph> parse_graph(std::string_view json, const std::string& name);
// The JSON of the graph: of the files, or of the daemon when there are none.
Result<std::string> graph_json(const std::vector<std::string>& files, const ServerOptions& server);

// Complains; gives the exit code.
int complain_of(const Error& error);

}  // namespace nocturne::cli
