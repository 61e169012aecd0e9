#include "store/snapshots.hpp"

#include "store/journal.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

namespace nocturne::store {

using model::Position;

namespace {

// A piece is one transaction: it bounds how long an append waits for its turn.
constexpr std::size_t kPieceBytes = 256U << 10;
constexpr std::uint64_t kPiecesClearedAtOnce = 16;
// A damaged size must not allocate.
constexpr std::uint64_t kSnapshotBytesMax = std::uint64_t{16} << 30;

Seal seal_of_piece(std::int64_t snapshot, std::int64_t piece, std::int64_t position) {
    return seal_of(static_cast<std::uint64_t>(snapshot), static_cast<std::uint64_t>(piece),
                   static_cast<std::uint64_t>(position));
}

std::int64_t count_pieces(std::size_t bytes) {
    return static_cast<std::int64_t>((bytes + kPieceBytes - 1) / kPieceBytes);
}

// Pieces whose snapshot was let go, or never finished because the process died or the disk was
// full.
Status clear_orphans(Database& database, Turns& turns) {
    for (;;) {
        std::lock_guard turn(turns);
        NOCTURNE_TRY(
            Statement clear,
            database.prepare(
                "DELETE FROM snapshot_piece WHERE rowid IN (SELECT rowid FROM snapshot_piece "
                "WHERE snapshot NOT IN (SELECT id FROM snapshot) LIMIT ?1)"));
        clear.bind(1, static_cast<std::int64_t>(kPiecesClearedAtOnce));
        NOCTURNE_TRY_STATUS(clear.run());
        if (database.changed_rows() < kPiecesClearedAtOnce) {
            return {};
        }
    }
}

Status write_pieces(Database& database, Turns& turns, std::int64_t id, Position position,
                    std::string_view bytes) {
    const std::int64_t pieces = count_pieces(bytes.size());
    std::string row;
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
        const std::size_t begin = static_cast<std::size_t>(piece) * kPieceBytes;
        row.clear();
        append_row(row, bytes.substr(begin, kPieceBytes),
                   seal_of_piece(id, piece, static_cast<std::int64_t>(position)));

        std::lock_guard turn(turns);
        NOCTURNE_TRY(Statement insert,
                     database.prepare(
                         "INSERT INTO snapshot_piece (snapshot, piece, row) VALUES (?1, ?2, ?3)"));
        insert.bind(1, id);
        insert.bind(2, piece);
        insert.bind_blob(3, row);
        NOCTURNE_TRY_STATUS(insert.run());
    }
    return {};
}

Status make_visible(Database& database, Turns& turns, std::int64_t id, Position position,
                    std::size_t bytes) {
    std::lock_guard turn(turns);
    return database.transact([&]() -> Status {
        NOCTURNE_TRY(
            Statement insert,
            database.prepare(
                "INSERT INTO snapshot (id, position, pieces, bytes) VALUES (?1, ?2, ?3, ?4)"));
        insert.bind(1, id);
        insert.bind(2, static_cast<std::int64_t>(position));
        insert.bind(3, count_pieces(bytes));
        insert.bind(4, static_cast<std::int64_t>(bytes));
        NOCTURNE_TRY_STATUS(insert.run());
        return database.execute(
            "DELETE FROM snapshot WHERE id NOT IN "
            "(SELECT id FROM snapshot ORDER BY position DESC, id DESC LIMIT 2)");
    });
}

struct Row {
    std::int64_t id = 0;
    std::int64_t position = 0;
    std::int64_t pieces = 0;
    std::uint64_t bytes = 0;
};

Result<std::string> read_pieces(Database& database, const Row& snapshot) {
    if (snapshot.bytes > kSnapshotBytesMax || count_pieces(snapshot.bytes) != snapshot.pieces) {
        return fail(ErrorCode::Damaged, "its size and its number of pieces do not fit");
    }
    NOCTURNE_TRY(Statement rows,
                 database.prepare(
                     "SELECT piece, row FROM snapshot_piece WHERE snapshot = ?1 ORDER BY piece"));
    rows.bind(1, snapshot.id);
    std::string bytes;
    for (std::int64_t piece = 0; piece < snapshot.pieces; ++piece) {
        NOCTURNE_TRY(const bool has_row, rows.step());
        if (!has_row || rows.integer(0) != piece) {
            return fail(ErrorCode::Damaged, "piece " + std::to_string(piece) + " is missing");
        }
        Result<std::string> part =
            unpack_row(rows.bytes(1), seal_of_piece(snapshot.id, piece, snapshot.position));
        if (!part) {
            return fail(ErrorCode::Damaged,
                        "piece " + std::to_string(piece) + ": " + part.error().message);
        }
        if (piece == 0) {  // the first one checked out, so there is something to make room for
            bytes.reserve(snapshot.bytes);
        }
        bytes += *part;
    }
    if (bytes.size() != snapshot.bytes) {
        return fail(ErrorCode::Damaged, "its pieces do not add up");
    }
    return bytes;
}

// Whether the journal has all that came after the snapshot. After one that is newer was passed
// over, an empty journal has not.
Status check_tail(Database& database, Position position, bool is_newest) {
    NOCTURNE_TRY(const Position first, first_position(database));
    if (first == 0 ? is_newest : first <= position + 1) {
        return {};
    }
    return fail(ErrorCode::Damaged,
                "the journal after position " + std::to_string(position) + " is gone");
}

}  // namespace

Status save_snapshot(Database& database, Turns& turns, Position position, std::string_view bytes) {
    NOCTURNE_TRY_STATUS(clear_orphans(database, turns));
    std::int64_t id = 0;
    {
        std::lock_guard turn(turns);
        NOCTURNE_TRY(id, database.integer("SELECT 1 + coalesce(max(id), 0) FROM snapshot"));
    }
    Status status = write_pieces(database, turns, id, position, bytes);
    if (status) {
        status = make_visible(database, turns, id, position, bytes.size());
    }
    // The snapshots that were let go, or what there is of this one. What cannot be cleared now (a
    // full disk) is cleared the next time.
    const Status cleared = clear_orphans(database, turns);
    return status ? cleared : status;
}

Result<std::optional<Snapshot>> load_latest_snapshot(Database& database, std::uint64_t& damaged) {
    // While this statement is open the connection sees one state of the file.
    NOCTURNE_TRY(
        Statement list,
        database.prepare(
            "SELECT id, position, pieces, bytes FROM snapshot ORDER BY position DESC, id DESC"));
    Snapshot snapshot;
    for (;;) {
        NOCTURNE_TRY(const bool has_row, list.step());
        if (!has_row) {
            break;
        }
        const Row row{list.integer(0), list.integer(1), list.integer(2),
                      static_cast<std::uint64_t>(list.integer(3))};
        snapshot.position = static_cast<Position>(row.position);
        Result<std::string> bytes = read_pieces(database, row);
        Status tail =
            bytes ? check_tail(database, snapshot.position, snapshot.problems.empty()) : Status();
        if (bytes && tail) {
            snapshot.bytes = *std::move(bytes);
            return std::optional(std::move(snapshot));
        }
        damaged = snapshot.problems.size() + 1;
        snapshot.problems.push_back("snapshot at position " + std::to_string(row.position) + ": " +
                                    (bytes ? tail.error() : bytes.error()).message);
    }
    if (snapshot.problems.empty()) {
        return std::optional<Snapshot>();
    }
    if (check_tail(database, 0, false)) {
        return std::optional<Snapshot>();  // the journal has everything from the beginning
    }
    return fail(ErrorCode::Damaged,
                snapshot.problems.front() +
                    "; without it the state cannot be rebuilt: restore a backup of the data "
                    "folder, or start with an empty one");
}

Result<Position> oldest_snapshot_position(Database& database) {
    NOCTURNE_TRY(const std::int64_t position,
                 database.integer(
                     "SELECT CASE WHEN count(*) >= 2 THEN min(position) ELSE 0 END FROM snapshot"));
    return static_cast<Position>(position);
}

}  // namespace nocturne::store
