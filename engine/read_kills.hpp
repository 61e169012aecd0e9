// What a journal tells of plugins that were killed: read before its inputs are applied again.
#pragma once

#include "model/plugins_revision.hpp"
#include "model/position.hpp"
#include "model/result.hpp"

#include <vector>

namespace nocturne::store {
class Store;
}

namespace nocturne::engine {

// Those journaled at or after `from`.
Result<std::vector<model::PluginKilled>> read_kills(store::Store& store, model::Position from);

}  // namespace nocturne::engine
