// Snapshots of the core's state: written in pieces, visible whole or not at all, two kept.
#pragma once

#include "model/position.hpp"
#include "model/result.hpp"
#include "store/database.hpp"
#include "store/store.hpp"
#include "store/turns.hpp"

#include <optional>
#include <string_view>

namespace nocturne::store {

// Takes a turn for each piece. One call at a time.
Status save_snapshot(Database& database, Turns& turns, model::Position position,
                     std::string_view bytes);

// See Store::load_latest_snapshot. `damaged` becomes the number of those that were passed over.
Result<std::optional<Snapshot>> load_latest_snapshot(Database& database, std::uint64_t& damaged);

// Entries up to here are in both kept snapshots; 0 with fewer than two.
Result<model::Position> oldest_snapshot_position(Database& database);

}  // namespace nocturne::store
