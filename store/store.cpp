#include "store/store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <system_error>
#include <utility>

#include "model/codec.hpp"
#include "store/database.hpp"

namespace nocturne::store {

using model::Position;

namespace {

constexpr std::int64_t kSchemaVersion = 1;
constexpr std::size_t kSnapshotPieceBytes = 1U << 20;  // one short transaction each, so that appends get between
constexpr std::uint64_t kRetainRowsMax = 20'000;       // one call's work

constexpr const char* kSchema = R"(
CREATE TABLE journal (
    position INTEGER PRIMARY KEY,  -- order of the inputs
    at INTEGER NOT NULL,           -- arrival, milliseconds since 1970
    kind INTEGER NOT NULL,         -- 0 events, 1 topology, 2 command, 3 tick, 4 settings
    row BLOB NOT NULL              -- a whole batch, compressed
);
CREATE TABLE snapshot (
    position INTEGER PRIMARY KEY,  -- the last input that is in it
    pieces INTEGER NOT NULL        -- how many there must be
);
CREATE TABLE snapshot_piece (
    position INTEGER NOT NULL,
    piece INTEGER NOT NULL,
    row BLOB NOT NULL,
    PRIMARY KEY (position, piece)
);
CREATE TABLE incident (
    id TEXT PRIMARY KEY,
    opened_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    resolved_at INTEGER,
    state TEXT NOT NULL,
    severity TEXT NOT NULL,
    title TEXT NOT NULL,
    json TEXT NOT NULL
);
CREATE INDEX incident_by_time ON incident (opened_at);
CREATE TABLE cursor (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL
);
)";

constexpr const char* kIncidentColumns =
    "SELECT id, opened_at, updated_at, resolved_at, state, severity, title, json FROM incident ";

IncidentRecord record_of(const Statement& row) {
    IncidentRecord record;
    record.id = row.bytes(0);
    record.opened_at = model::from_unix_ms(row.integer(1));
    record.updated_at = model::from_unix_ms(row.integer(2));
    record.resolved_at = row.is_null(3) ? model::kNoTime : model::from_unix_ms(row.integer(3));
    record.state = row.bytes(4);
    record.severity = row.bytes(5);
    record.title = row.bytes(6);
    record.json = row.bytes(7);
    return record;
}

// Holds the folder for one owner; the kernel lets go of it however the process ends.
class FolderLock {
   public:
    static Result<FolderLock> take(const std::filesystem::path& folder) {
        const std::filesystem::path path = folder / "lock";
        const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (file < 0) {
            return fail(ErrorCode::Unavailable, path.string() + ": " + std::strerror(errno) +
                                                    "; may this user write there? another folder: --data DIR");
        }
        FolderLock lock(file);
        if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
            return fail(ErrorCode::Unavailable, folder.string() +
                                                    ": another nocturne is running on this folder; stop it, or give this "
                                                    "one a folder of its own with --data DIR");
        }
        return lock;
    }
    FolderLock() = default;
    ~FolderLock() {
        if (file_ >= 0) {
            ::close(file_);
        }
    }
    FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
    FolderLock& operator=(FolderLock&& other) noexcept {
        std::swap(file_, other.file_);
        return *this;
    }

   private:
    explicit FolderLock(int file) : file_(file) {}
    int file_ = -1;
};

Status create_schema(Database& database) {
    NOCTURNE_TRY(const std::int64_t version, database.integer("PRAGMA user_version"));
    if (version > kSchemaVersion) {
        return fail(ErrorCode::Invalid, "nocturne.db has schema version " + std::to_string(version) +
                                            ", this program knows up to " + std::to_string(kSchemaVersion) +
                                            "; run the newer nocturne that wrote it");
    }
    if (version == kSchemaVersion) {
        return {};
    }
    return database.transact([&]() -> Status {
        NOCTURNE_TRY_STATUS(database.execute(kSchema));
        return database.execute("PRAGMA user_version = 1");
    });
}

}  // namespace

class Store::Inside {
   public:
    static Result<std::unique_ptr<Inside>> open(const std::filesystem::path& folder, Access access) {
        auto inside = std::make_unique<Inside>();
        const std::string path = (folder / "nocturne.db").string();
        if (access == Access::Owner) {
            std::error_code error;
            std::filesystem::create_directories(folder, error);
            if (error) {
                return fail(ErrorCode::Unavailable, folder.string() + ": " + error.message());
            }
            NOCTURNE_TRY(inside->lock_, FolderLock::take(folder));
            NOCTURNE_TRY(inside->writer_, Database::open(path, Database::Mode::ReadWrite));
            // The page size counts only while the file is new. FULL: a commit is one fdatasync of the log.
            NOCTURNE_TRY_STATUS(inside->writer_.execute(
                "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA wal_autocheckpoint = 2000;"));
            NOCTURNE_TRY_STATUS(create_schema(inside->writer_));
            NOCTURNE_TRY_STATUS(inside->prepare());
            NOCTURNE_TRY(inside->snapshots_, Database::open(path, Database::Mode::ReadWrite));
            // The pieces need no sync of their own: a snapshot counts once its row is there, and that commit syncs.
            NOCTURNE_TRY_STATUS(inside->snapshots_.execute("PRAGMA synchronous = FULL"));
        }
        NOCTURNE_TRY(inside->reader_, Database::open(path, Database::Mode::ReadOnly));
        NOCTURNE_TRY(const std::int64_t version, inside->reader_.integer("PRAGMA user_version"));
        if (version != kSchemaVersion) {
            return fail(ErrorCode::Invalid, path + ": schema version " + std::to_string(version) + " is not " +
                                                std::to_string(kSchemaVersion));
        }
        NOCTURNE_TRY(const std::int64_t last, inside->reader_.integer("SELECT max(position) FROM journal"));
        inside->last_ = static_cast<Position>(last);
        return inside;
    }

    Status append(std::span<const PendingEntry> entries, const Extras& extras) {
        std::vector<std::string> rows;  // packed before the transaction begins
        rows.reserve(entries.size());
        std::uint64_t raw = 0;
        std::uint64_t stored = 0;
        for (const PendingEntry& entry : entries) {
            raw += entry.bytes.size();
            stored += rows.emplace_back(pack_row(entry.bytes)).size();
        }
        std::lock_guard lock(writer_mutex_);
        const auto begin = std::chrono::steady_clock::now();
        Position last = last_;
        const Status status = writer_.transact([&]() -> Status {
            for (std::size_t i = 0; i < entries.size(); ++i) {
                NOCTURNE_ASSERT(entries[i].position > last);
                last = entries[i].position;
                NOCTURNE_TRY_STATUS(insert(entries[i], rows[i]));
            }
            for (const IncidentRecord& record : extras.history) {
                NOCTURNE_TRY_STATUS(upsert(record));
            }
            if (extras.delivered) {
                set_cursor_.bind(1, static_cast<std::int64_t>(*extras.delivered));
                NOCTURNE_TRY_STATUS(set_cursor_.run());
            }
            return {};
        });
        const auto spent = std::chrono::steady_clock::now() - begin;
        counters_.commit_us += static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(spent).count());
        if (!status) {
            ++counters_.commit_failures;
            return status;
        }
        last_ = last;
        ++counters_.commits;
        counters_.rows += entries.size();
        counters_.bytes_raw += raw;
        counters_.bytes_stored += stored;
        return {};
    }

    Status read(Position from, const std::function<bool(const Entry&)>& each) {
        std::lock_guard lock(reader_mutex_);
        NOCTURNE_TRY(Statement rows, reader_.prepare("SELECT position, at, kind, row FROM journal WHERE position >= ?1 "
                                                     "ORDER BY position"));
        rows.bind(1, static_cast<std::int64_t>(from));
        for (;;) {
            NOCTURNE_TRY(const bool has_row, rows.step());
            if (!has_row) {
                return {};
            }
            Entry entry;
            entry.position = static_cast<Position>(rows.integer(0));
            entry.at = model::from_unix_ms(rows.integer(1));
            entry.kind = static_cast<std::uint8_t>(rows.integer(2));
            Result<std::string> bytes = unpack_row(rows.bytes(3));
            if (!bytes) {
                Error error = bytes.error();
                error.message = "journal position " + std::to_string(entry.position) + ": " + error.message +
                                "; restore a backup of the data folder, or start with an empty one";
                return fail(std::move(error));
            }
            entry.bytes = *std::move(bytes);
            if (!each(entry)) {
                return {};
            }
        }
    }

    Result<Position> position_of(std::string_view sql) {
        std::lock_guard lock(reader_mutex_);
        NOCTURNE_TRY(const std::int64_t position, reader_.integer(sql));
        return static_cast<Position>(position);
    }

    Status save_snapshot(Position position, std::string_view bytes) {
        std::lock_guard lock(snapshot_mutex_);
        const auto at = static_cast<std::int64_t>(position);
        NOCTURNE_TRY(Statement clear, snapshots_.prepare("DELETE FROM snapshot_piece WHERE position = ?1"));
        clear.bind(1, at);
        NOCTURNE_TRY_STATUS(clear.run());
        NOCTURNE_TRY(Statement insert, snapshots_.prepare("INSERT INTO snapshot_piece VALUES (?1, ?2, ?3)"));
        std::int64_t pieces = 0;
        for (std::size_t begin = 0; begin < bytes.size() || pieces == 0; begin += kSnapshotPieceBytes) {
            const std::string row = pack_row(bytes.substr(std::min(begin, bytes.size()), kSnapshotPieceBytes));
            insert.bind(1, at);
            insert.bind(2, pieces++);
            insert.bind_blob(3, row);
            NOCTURNE_TRY_STATUS(insert.run());
        }
        return snapshots_.transact([&]() -> Status {
            NOCTURNE_TRY(Statement done, snapshots_.prepare("INSERT OR REPLACE INTO snapshot VALUES (?1, ?2)"));
            done.bind(1, at);
            done.bind(2, pieces);
            NOCTURNE_TRY_STATUS(done.run());
            return snapshots_.execute(
                "DELETE FROM snapshot WHERE position NOT IN (SELECT position FROM snapshot ORDER BY position DESC LIMIT 2);"
                "DELETE FROM snapshot_piece WHERE position NOT IN (SELECT position FROM snapshot);");
        });
    }

    Result<std::optional<Snapshot>> load_latest_snapshot() {
        std::lock_guard lock(reader_mutex_);
        NOCTURNE_TRY(Statement list, reader_.prepare("SELECT position, pieces FROM snapshot ORDER BY position DESC"));
        Snapshot snapshot;
        for (;;) {
            NOCTURNE_TRY(const bool has_row, list.step());
            if (!has_row) {
                break;
            }
            snapshot.position = static_cast<Position>(list.integer(0));
            if (Result<std::string> bytes = read_pieces(list.integer(0), list.integer(1)); bytes) {
                snapshot.bytes = *std::move(bytes);
                return std::optional(std::move(snapshot));
            } else {
                snapshot.problems.push_back("snapshot at position " + std::to_string(snapshot.position) + ": " +
                                            bytes.error().message);
            }
        }
        if (snapshot.problems.empty()) {
            return std::optional<Snapshot>();
        }
        NOCTURNE_TRY(const std::int64_t first, reader_.integer("SELECT min(position) FROM journal"));
        if (first == 1) {  // the journal has all of it
            snapshot.position = 0;
            return std::optional<Snapshot>();
        }
        return fail(ErrorCode::Damaged, snapshot.problems.front() + "; and the journal before it is gone: restore a backup");
    }

    Result<std::optional<IncidentRecord>> find_incident(std::string_view id) {
        std::lock_guard lock(reader_mutex_);
        NOCTURNE_TRY(Statement rows, reader_.prepare(std::string(kIncidentColumns) + "WHERE id = ?1"));
        rows.bind_text(1, id);
        NOCTURNE_TRY(const bool has_row, rows.step());
        return has_row ? std::optional(record_of(rows)) : std::nullopt;
    }

    Result<std::vector<IncidentRecord>> list_incidents(const HistoryQuery& query) {
        std::lock_guard lock(reader_mutex_);
        NOCTURNE_TRY(Statement rows, reader_.prepare(std::string(kIncidentColumns) +
                                                     "WHERE (?1 = '' OR state = ?1) AND opened_at >= ?2 AND opened_at < ?3 "
                                                     "ORDER BY opened_at DESC, id DESC LIMIT ?4"));
        const std::string state = query.state.value_or("");
        rows.bind_text(1, state);
        rows.bind(2, query.since == model::kNoTime ? 0 : model::to_unix_ms(query.since));
        rows.bind(3, query.until == model::kNoTime ? INT64_MAX : model::to_unix_ms(query.until));
        rows.bind(4, static_cast<std::int64_t>(query.limit));
        std::vector<IncidentRecord> records;
        for (;;) {
            NOCTURNE_TRY(const bool has_row, rows.step());
            if (!has_row) {
                return records;
            }
            records.push_back(record_of(rows));
        }
    }

    Result<Removed> retain(const RetentionPolicy& policy, model::Time now, Position keep_from) {
        std::lock_guard lock(writer_mutex_);
        Removed removed;
        const Status status = writer_.transact([&]() -> Status {
            NOCTURNE_TRY(Statement journal, writer_.prepare("DELETE FROM journal WHERE position IN (SELECT position FROM "
                                                            "journal WHERE position <= ?1 AND at < ?2 LIMIT ?3)"));
            journal.bind(1, static_cast<std::int64_t>(keep_from));
            journal.bind(2, model::to_unix_ms(now - policy.journal_max_age));
            journal.bind(3, static_cast<std::int64_t>(kRetainRowsMax));
            NOCTURNE_TRY_STATUS(journal.run());
            removed.journal_rows = static_cast<std::uint64_t>(writer_.changed_rows());
            NOCTURNE_TRY(Statement history,
                         writer_.prepare("DELETE FROM incident WHERE resolved_at IS NOT NULL AND resolved_at < ?1"));
            history.bind(1, model::to_unix_ms(now - policy.history_max_age));
            NOCTURNE_TRY_STATUS(history.run());
            removed.history_rows = static_cast<std::uint64_t>(writer_.changed_rows());
            return {};
        });
        if (!status) {
            return fail(status.error());
        }
        if (removed.journal_rows > 0) {
            NOCTURNE_TRY_STATUS(writer_.execute("PRAGMA incremental_vacuum(1000)"));
        }
        return removed;
    }

    const StoreCounters& counters() const { return counters_; }

   private:
    Status prepare() {
        NOCTURNE_TRY(insert_, writer_.prepare("INSERT INTO journal VALUES (?1, ?2, ?3, ?4)"));
        NOCTURNE_TRY(upsert_, writer_.prepare("INSERT OR REPLACE INTO incident VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
        NOCTURNE_TRY(set_cursor_, writer_.prepare("INSERT OR REPLACE INTO cursor VALUES ('delivered', ?1)"));
        return {};
    }

    Status insert(const PendingEntry& entry, std::string_view row) {
        insert_.bind(1, static_cast<std::int64_t>(entry.position));
        insert_.bind(2, model::to_unix_ms(entry.at));
        insert_.bind(3, entry.kind);
        insert_.bind_blob(4, row);
        return insert_.run();
    }

    Status upsert(const IncidentRecord& record) {
        upsert_.bind_text(1, record.id);
        upsert_.bind(2, model::to_unix_ms(record.opened_at));
        upsert_.bind(3, model::to_unix_ms(record.updated_at));
        if (record.resolved_at != model::kNoTime) {
            upsert_.bind(4, model::to_unix_ms(record.resolved_at));
        }
        upsert_.bind_text(5, record.state);
        upsert_.bind_text(6, record.severity);
        upsert_.bind_text(7, record.title);
        upsert_.bind_text(8, record.json);
        return upsert_.run();
    }

    Result<std::string> read_pieces(std::int64_t position, std::int64_t pieces) {
        NOCTURNE_TRY(Statement rows,
                     reader_.prepare("SELECT row FROM snapshot_piece WHERE position = ?1 ORDER BY piece"));
        rows.bind(1, position);
        std::string bytes;
        for (std::int64_t i = 0; i < pieces; ++i) {
            NOCTURNE_TRY(const bool has_row, rows.step());
            if (!has_row) {
                return fail(ErrorCode::Damaged, "a piece is missing");
            }
            NOCTURNE_TRY(const std::string piece, unpack_row(rows.bytes(0)));
            bytes += piece;
        }
        return bytes;
    }

    FolderLock lock_;  // first in, last out
    std::mutex writer_mutex_;
    Database writer_;          // guarded by writer_mutex_
    Statement insert_;         // guarded by writer_mutex_
    Statement upsert_;         // guarded by writer_mutex_
    Statement set_cursor_;     // guarded by writer_mutex_
    Position last_ = 0;        // guarded by writer_mutex_
    std::mutex snapshot_mutex_;
    Database snapshots_;       // guarded by snapshot_mutex_
    std::mutex reader_mutex_;
    Database reader_;          // guarded by reader_mutex_
    StoreCounters counters_;
};

Store::Store(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}

Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& folder, Access access) {
    NOCTURNE_TRY(std::unique_ptr<Inside> inside, Inside::open(folder, access));
    return std::unique_ptr<Store>(new Store(std::move(inside)));
}

Status Store::append(std::span<const PendingEntry> entries, const Extras& extras) {
    return inside_->append(entries, extras);
}

Status Store::read(Position from, const std::function<bool(const Entry&)>& each) {
    return inside_->read(from, each);
}

Result<Position> Store::first_position() {
    return inside_->position_of("SELECT min(position) FROM journal");
}

Result<Position> Store::last_position() {
    return inside_->position_of("SELECT max(position) FROM journal");
}

Result<Position> Store::delivered() {
    return inside_->position_of("SELECT position FROM cursor WHERE name = 'delivered'");
}

Status Store::save_snapshot(Position position, std::string_view bytes) {
    return inside_->save_snapshot(position, bytes);
}

Result<std::optional<Snapshot>> Store::load_latest_snapshot() {
    return inside_->load_latest_snapshot();
}

Result<std::optional<IncidentRecord>> Store::find_incident(std::string_view id) {
    return inside_->find_incident(id);
}

Result<std::vector<IncidentRecord>> Store::list_incidents(const HistoryQuery& query) {
    return inside_->list_incidents(query);
}

Result<Removed> Store::retain(const RetentionPolicy& policy, model::Time now, Position keep_from) {
    return inside_->retain(policy, now, keep_from);
}

const StoreCounters& Store::counters() const {
    return inside_->counters();
}

}  // namespace nocturne::store
