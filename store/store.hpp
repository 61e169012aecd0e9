// Store: what must survive. Journal, snapshots and incident history in one SQLite file.
//
// One process owns a data folder; others may open it read-only meanwhile. All calls are safe from
// several threads: writes take turns, in short transactions, and never wait for reads.
// See docs/decisions/0004-sqlite-journal.md.
#pragma once

#include "model/position.hpp"
#include "model/result.hpp"
#include "model/time.hpp"
#include "store/row.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::store {

// One input, as the journal keeps it. The store does not look into `bytes`.
struct Entry {
    model::Position position = 0;
    model::Time at = model::kNoTime;
    std::uint8_t kind = 0;
    std::string bytes;
};

using PendingEntry = Entry;

// An incident in the columns that operators can query (docs/reference/store.md).
struct IncidentRecord {
    std::string id;
    model::Time opened_at = model::kNoTime;
    model::Time updated_at = model::kNoTime;
    model::Time resolved_at = model::kNoTime;  // kNoTime while it is not over
    std::string state;
    std::string severity;
    std::string title;
    std::string json;
};

// What goes into the same transaction as journal entries.
struct Extras {
    std::optional<model::Position>
        delivered;  // effects of inputs up to here have left the outbox; only grows
    std::vector<IncidentRecord> history;  // put in, or put in the place of the same id
};

struct Snapshot {
    model::Position position = 0;  // the last input that is in it
    std::string bytes;
    std::vector<std::string> problems;  // newer snapshots that were passed over, and why
};

struct HistoryQuery {
    std::optional<std::string> state;
    model::Time since = model::kNoTime;  // opened at or after
    model::Time until = model::kNoTime;  // opened before
    std::size_t limit = 100;
    std::string
        before;  // id of the last incident of the page before this one; empty: the first page
};

// Zero means no limit of that kind.
struct RetentionPolicy {
    model::Duration journal_max_age = std::chrono::days(7);
    std::uint64_t file_bytes_max = 0;  // beyond it the oldest journal entries go early
    model::Duration history_max_age = std::chrono::days(90);  // since the end of the incident
    std::uint64_t history_rows_max = 1'000'000;
};

struct Removed {
    std::uint64_t journal_rows = 0;
    std::uint64_t history_rows = 0;
    std::uint64_t file_bytes = 0;  // given back to the file system
    bool has_more = false;         // one call's work was done before all was removed: call again
};

struct StoreOptions {
    // The write-ahead log is folded into the database at this size: bigger means fewer, longer
    // pauses.
    std::uint64_t wal_bytes_max = 16U << 20;
};

struct StoreCounters {
    std::atomic<std::uint64_t> commits{0};
    std::atomic<std::uint64_t> commit_failures{0};
    std::atomic<std::uint64_t> rows{0};
    std::atomic<std::uint64_t> bytes_raw{0};     // of entries, before compression
    std::atomic<std::uint64_t> bytes_stored{0};  // of entries, after it
    std::atomic<std::uint64_t> commit_us{0};     // time spent in commits, all together
    std::atomic<std::uint64_t> commit_us_last{0};
    std::atomic<std::uint64_t> checkpoints{0};  // the log was folded into the database, wholly
    std::atomic<std::uint64_t> checkpoint_failures{0};  // it grows until one succeeds
    std::atomic<std::uint64_t> checkpoint_us{0};
    std::atomic<std::uint64_t> wal_bytes{0};  // of the log that count now
    std::atomic<std::uint64_t> snapshots{0};
    std::atomic<std::uint64_t> snapshots_damaged{0};  // passed over by load_latest_snapshot
};

class Store {
   public:
    // Opens or makes `<folder>/nocturne.db` and locks the folder: a second owner gets Unavailable.
    // A file from an older nocturne is brought up to date; one from a newer is refused.
    static Result<std::unique_ptr<Store>> open(const std::filesystem::path& folder,
                                               StoreOptions options = {});
    // For reading, beside a running owner or without one; what writes answers Invalid. NotFound
    // when there is no journal.
    static Result<std::unique_ptr<Store>> open_read_only(const std::filesystem::path& folder);
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // All entries and extras in one transaction: durable when it returns, or none of it is there.
    // Positions must grow, from call to call too (Invalid). Unavailable (disk full, I/O): the same
    // store works again once the disk does. What failed at the very last step, the sync, may after
    // a crash be there all the same: whole, and never acknowledged.
    Status append(std::span<const PendingEntry> entries, const Extras& extras = {});

    // Calls `each` for the entries from `from` on, in order, until it returns false. Sees what was
    // there when it began. Damaged names the position; entries before it were given.
    Status read(model::Position from, const std::function<bool(const Entry&)>& each);
    // The same, those of one kind only.
    Status read_kind(std::uint8_t kind, model::Position from,
                     const std::function<bool(const Entry&)>& each);
    Result<model::Position> first_position();  // 0: the journal is empty
    Result<model::Position> last_position();   // 0: the journal is empty
    Result<model::Position> delivered();       // 0: nothing was

    // Visible whole or not at all; the newest two are kept. Written in pieces, between which
    // appends get their turn.
    Status save_snapshot(model::Position position, std::string_view bytes);
    // The newest that checks out and that the journal goes on from; nothing when there is none and
    // the journal begins at its beginning. Damaged when neither gives the whole state.
    Result<std::optional<Snapshot>> load_latest_snapshot();

    Result<std::optional<IncidentRecord>> find_incident(std::string_view id);
    // Newest first.
    Result<std::vector<IncidentRecord>> list_incidents(const HistoryQuery& query);

    // Takes away what is older or more than the policy says: bounded work, in short transactions.
    // Never an entry after `keep_from`, nor one that the older of the two kept snapshots needs
    // (with fewer than two: none at all), nor the newest, nor an incident that is not over.
    Result<Removed> retain(const RetentionPolicy& policy, model::Time now,
                           model::Position keep_from);

    [[nodiscard]] const StoreCounters& counters() const;

   private:
    class Inside;
    explicit Store(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::store
