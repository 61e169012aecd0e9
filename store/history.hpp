// History: what became of incidents, in columns that an operator can query with the sqlite3 shell.
#pragma once

#include "model/result.hpp"
#include "store/database.hpp"
#include "store/store.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace nocturne::store {

// The writing half, within the caller's transaction.
class HistoryWriter {
   public:
    static Result<HistoryWriter> prepare(Database& database);

    // The same record again changes nothing.
    Status upsert(const IncidentRecord& record);

   private:
    Statement upsert_;
};

// See Store::find_incident and Store::list_incidents.
Result<std::optional<IncidentRecord>> find_incident(Database& database, std::string_view id);
Result<std::vector<IncidentRecord>> list_incidents(Database& database, const HistoryQuery& query);

}  // namespace nocturne::store
