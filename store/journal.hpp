// Journal: the inputs in their order, and how far their effects were delivered.
#pragma once

#include "model/position.hpp"
#include "model/result.hpp"
#include "store/database.hpp"
#include "store/store.hpp"

#include <functional>
#include <string_view>

namespace nocturne::store {

// Appends the journal row of the entry to `out`.
void append_row_of(std::string& out, const Entry& entry);

// The writing half, within the caller's transaction; statements of the connection that writes.
class JournalWriter {
   public:
    static Result<JournalWriter> prepare(Database& database);

    // `delivered` goes with each row, because a row of its own would cost each commit a page more.
    Status insert(const Entry& entry, std::string_view row, model::Position delivered);
    // For a commit without entries.
    Status set_delivered(model::Position position);

   private:
    Statement insert_;
    Statement set_delivered_;
};

// See Store::read and read_kind.
Status read_journal(Database& database, model::Position from,
                    const std::function<bool(const Entry&)>& each);
Status read_journal_kind(Database& database, std::uint8_t kind, model::Position from,
                         const std::function<bool(const Entry&)>& each);

Result<model::Position> first_position(Database& database);
Result<model::Position> last_position(Database& database);
Result<model::Position> delivered_position(Database& database);

}  // namespace nocturne::store
