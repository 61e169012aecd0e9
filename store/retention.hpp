// Retention: takes away what is old, a bounded piece of work at a time.
#pragma once

#include "model/position.hpp"
#include "model/result.hpp"
#include "model/time.hpp"
#include "store/database.hpp"
#include "store/store.hpp"
#include "store/turns.hpp"

namespace nocturne::store {

// See Store::retain.
Result<Removed> retain(Database& database, Turns& turns, const RetentionPolicy& policy,
                       model::Time now, model::Position keep_from);

}  // namespace nocturne::store
