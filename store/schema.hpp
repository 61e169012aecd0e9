// The tables of nocturne.db, and how a file of an older version becomes one of this.
#pragma once

#include "model/result.hpp"
#include "store/database.hpp"

namespace nocturne::store {

// Makes the tables in a new file, and brings an older one up to date, each step in a transaction.
// Invalid: the file is from a newer nocturne, or of another program.
Status update_schema(Database& database);

// Invalid unless the file is of exactly this version.
Status check_schema(Database& database);

}  // namespace nocturne::store
