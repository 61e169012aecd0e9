// A TopologyChange as JSON: what POST /api/v1/topology takes.
#pragma once

#include "model/topology_change.hpp"

#include <string>

namespace nocturne::gateway {

std::string render_topology_change(const model::TopologyChange& change);

}  // namespace nocturne::gateway
