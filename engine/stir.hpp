// What grew or worsened in one incident may be the cause of others above it.
#pragma once

#include "engine/state.hpp"
#include "topology/graph.hpp"

#include <vector>

namespace nocturne::engine {

// Other incidents that stand above these nodes of `incident` are ranked again when due. A ranking
// that was only stirred stirs nobody, so two incidents do not stir each other without end.
void stir_above(State& state, model::Id incident, std::vector<topology::NodeIndex> nodes);

}  // namespace nocturne::engine
