// The graph in the formats of other tools, and as our JSON.
#pragma once

#include "topology/graph.hpp"

#include <map>
#include <string>
#include <string_view>

namespace nocturne::topology {

// {"nodes":[{"name":...,"claims":[...]}],"edges":[{"from":...,"to":...,"claims":[...]}]}.
// `blind`: of some nodes a JSON value that becomes their member "blind"; null for the others.
std::string render_json(const Graph& graph, const std::map<NodeIndex, std::string>& blind = {});
// For Graphviz.
std::string render_dot(const Graph& graph);
// For yEd, Gephi, NetworkX.
std::string render_graphml(const Graph& graph);

// The text with what XML does not allow escaped or left out.
std::string escape_xml(std::string_view text);

}  // namespace nocturne::topology
