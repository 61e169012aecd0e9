// What the causal walk is told about an incident.
#pragma once

#include "engine/state.hpp"
#include "topology/walk.hpp"

#include <vector>

namespace nocturne::engine {

// The incident's alerts by node, the worst few of each; those of other incidents below it; the
// changes of the time, causes of incidents like it, and where nobody would tell. Borrows texts of
// the state: use it before the state changes.
std::vector<topology::AlertingNode> alerting_of(const State& state,
                                                const model::Incident& incident);

}  // namespace nocturne::engine
