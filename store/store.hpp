// Store: what must survive. Journal, snapshots and incident history in one SQLite file.
//
// One process owns a data folder. append() and save_snapshot() may be called from two threads; all
// other calls count as reads and are safe beside them.
#pragma once

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

#include "model/position.hpp"
#include "model/result.hpp"
#include "model/time.hpp"

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
    std::optional<model::Position> delivered;  // effects of inputs up to here have left the outbox
    std::vector<IncidentRecord> history;       // put in, or put in the place of the same id
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
};

struct RetentionPolicy {
    model::Duration journal_max_age = std::chrono::days(7);
    model::Duration history_max_age = std::chrono::days(90);
};

struct Removed {
    std::uint64_t journal_rows = 0;
    std::uint64_t history_rows = 0;
};

struct StoreCounters {
    std::atomic<std::uint64_t> commits{0};
    std::atomic<std::uint64_t> commit_failures{0};
    std::atomic<std::uint64_t> rows{0};
    std::atomic<std::uint64_t> bytes_raw{0};     // of entries, before compression
    std::atomic<std::uint64_t> bytes_stored{0};  // of entries, after it
    std::atomic<std::uint64_t> commit_us{0};     // time spent in commits, all together
};

// A journal row: codec, raw size, checksum, then the bytes, compressed where that pays.
std::string pack_row(std::string_view bytes);
// Damaged for anything that pack_row did not make.
Result<std::string> unpack_row(std::string_view row);

class Store {
   public:
    enum class Access { Owner, ReadOnly };

    // Opens or makes `<folder>/nocturne.db`. As owner it locks the folder: a second owner gets an error.
    // Read-only works beside a running owner.
    static Result<std::unique_ptr<Store>> open(const std::filesystem::path& folder, Access access = Access::Owner);
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // All entries and extras in one transaction: durable when it returns, or nothing of it is there.
    // Positions must follow those in the journal. Unavailable (disk full, I/O): the same store works
    // again once the disk does.
    Status append(std::span<const PendingEntry> entries, const Extras& extras = {});

    // Calls `each` for the entries from `from` on, in order, until it returns false.
    Status read(model::Position from, const std::function<bool(const Entry&)>& each);
    Result<model::Position> first_position();  // 0: the journal is empty
    Result<model::Position> last_position();
    Result<model::Position> delivered();

    // Keeps the newest two. Visible whole or not at all.
    Status save_snapshot(model::Position position, std::string_view bytes);
    // The newest that checks out; nothing when there is none.
    Result<std::optional<Snapshot>> load_latest_snapshot();

    Result<std::optional<IncidentRecord>> find_incident(std::string_view id);
    // Newest first.
    Result<std::vector<IncidentRecord>> list_incidents(const HistoryQuery& query);

    // Takes away what is older than the policy says; never an entry after `keep_from`, which the
    // recovery needs.
    Result<Removed> retain(const RetentionPolicy& policy, model::Time now, model::Position keep_from);

    const StoreCounters& counters() const;

   private:
    class Inside;
    explicit Store(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::store
