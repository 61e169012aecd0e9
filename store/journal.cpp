#include "store/journal.hpp"

#include <string>
#include <utility>

namespace nocturne::store {

using model::Position;

namespace {

Seal seal_of_entry(Position position, model::Time at, std::uint8_t kind) {
    return seal_of(position, static_cast<std::uint64_t>(model::to_unix_ms(at)), kind);
}

Result<Entry> entry_of(const Statement& row) {
    Entry entry;
    entry.position = static_cast<Position>(row.integer(0));
    entry.at = model::from_unix_ms(row.integer(1));
    entry.kind = static_cast<std::uint8_t>(row.integer(2));
    Result<std::string> bytes =
        unpack_row(row.bytes(3), seal_of_entry(entry.position, entry.at, entry.kind));
    if (!bytes) {
        Error error = std::move(bytes).error();
        error.message = "journal position " + std::to_string(entry.position) + ": " +
                        error.message +
                        "; restore a backup of the data folder, or start with an empty one";
        return fail(std::move(error));
    }
    entry.bytes = *std::move(bytes);
    return entry;
}

Result<Position> position_of(Database& database, std::string_view sql) {
    NOCTURNE_TRY(const std::int64_t position, database.integer(sql));
    return static_cast<Position>(position);
}

Status read_rows(Statement& rows, const std::function<bool(const Entry&)>& each) {
    Position before = 0;
    for (;;) {
        Result<bool> has_row = rows.step();
        if (!has_row) {
            Error error = std::move(has_row).error();
            error.message =
                "journal after position " + std::to_string(before) + ": " + error.message;
            return fail(std::move(error));
        }
        if (!*has_row) {
            return {};
        }
        NOCTURNE_TRY(const Entry entry, entry_of(rows));
        if (!each(entry)) {
            return {};
        }
        before = entry.position;
    }
}

}  // namespace

void append_row_of(std::string& out, const Entry& entry) {
    append_row(out, entry.bytes, seal_of_entry(entry.position, entry.at, entry.kind));
}

Result<JournalWriter> JournalWriter::prepare(Database& database) {
    JournalWriter writer;
    NOCTURNE_TRY(writer.insert_,
                 database.prepare("INSERT INTO journal (position, at, kind, row, delivered) "
                                  "VALUES (?1, ?2, ?3, ?4, ?5)"));
    NOCTURNE_TRY(writer.set_delivered_,
                 database.prepare(
                     "INSERT OR REPLACE INTO cursor (name, position) VALUES ('delivered', ?1)"));
    return writer;
}

Status JournalWriter::insert(const Entry& entry, std::string_view row, Position delivered) {
    insert_.bind(1, static_cast<std::int64_t>(entry.position));
    insert_.bind(2, model::to_unix_ms(entry.at));
    insert_.bind(3, entry.kind);
    insert_.bind_blob(4, row);
    insert_.bind(5, static_cast<std::int64_t>(delivered));
    return insert_.run();
}

Status JournalWriter::set_delivered(Position position) {
    set_delivered_.bind(1, static_cast<std::int64_t>(position));
    return set_delivered_.run();
}

Status read_journal(Database& database, Position from,
                    const std::function<bool(const Entry&)>& each) {
    NOCTURNE_TRY(
        Statement rows,
        database.prepare(
            "SELECT position, at, kind, row FROM journal WHERE position >= ?1 ORDER BY position"));
    rows.bind(1, static_cast<std::int64_t>(from));
    return read_rows(rows, each);
}

Status read_journal_kind(Database& database, std::uint8_t kind, Position from,
                         const std::function<bool(const Entry&)>& each) {
    NOCTURNE_TRY(Statement rows,
                 database.prepare("SELECT position, at, kind, row FROM journal "
                                  "WHERE position >= ?1 AND kind = ?2 ORDER BY position"));
    rows.bind(1, static_cast<std::int64_t>(from));
    rows.bind(2, kind);
    return read_rows(rows, each);
}

Result<Position> first_position(Database& database) {
    return position_of(database, "SELECT min(position) FROM journal");
}

Result<Position> last_position(Database& database) {
    return position_of(database, "SELECT max(position) FROM journal");
}

Result<Position> delivered_position(Database& database) {
    return position_of(
        database, "SELECT max(coalesce((SELECT position FROM cursor WHERE name = 'delivered'), 0), "
                  "coalesce((SELECT delivered FROM journal ORDER BY position DESC LIMIT 1), 0))");
}

}  // namespace nocturne::store
