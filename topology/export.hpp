// The graph in the formats of other tools, and as our JSON.
#pragma once

#include "topology/graph.hpp"

#include <string>

namespace nocturne::topology {

// {"nodes":[{"name":...,"claims":[...]}],"edges":[{"from":...,"to":...,"claims":[...]}]}.
std::string render_json(const Graph& graph);
// For Graphviz.
std::string render_dot(const Graph& graph);
// For yEd, Gephi, NetworkX.
std::string render_graphml(const Graph& graph);

// The text with what XML does not allow escaped or left out.
std::string escape_xml(std::string_view text);

}  // namespace nocturne::topology
