#include "store/retention.hpp"

#include "store/journal.hpp"
#include "store/snapshots.hpp"

#include <algorithm>
#include <mutex>

namespace nocturne::store {

using model::Position;

namespace {

constexpr std::uint64_t kRowsAtOnce = 256;         // in one transaction
constexpr std::uint64_t kJournalRowsMax = 20'000;  // in one call
constexpr std::uint64_t kHistoryRowsMax = 5'000;   // in one call
// Free pages are used again by what comes next; giving them back only pays when they are many.
constexpr std::uint64_t kFreeSharePercent = 25;
constexpr std::uint64_t kVacuumPagesAtOnce = 64;
constexpr std::uint64_t kVacuumPagesMax = 1'024;  // in one call: 16 MiB

Result<std::uint64_t> count_of(Database& database, std::string_view sql) {
    NOCTURNE_TRY(const std::int64_t count, database.integer(sql));
    return static_cast<std::uint64_t>(count);
}

struct Pages {
    std::uint64_t all = 0;
    std::uint64_t free = 0;
    std::uint64_t bytes = 0;  // of one

    [[nodiscard]] std::uint64_t used_bytes() const { return (all - free) * bytes; }
};

Result<Pages> count_pages(Database& database) {
    Pages pages;
    NOCTURNE_TRY(pages.all, count_of(database, "PRAGMA page_count"));
    NOCTURNE_TRY(pages.free, count_of(database, "PRAGMA freelist_count"));
    NOCTURNE_TRY(pages.bytes, count_of(database, "PRAGMA page_size"));
    return pages;
}

// The position up to which the next few entries may go: the oldest of the journal, as long as they
// are old or the file is too large. 0: none. Looks only at what it will remove: entries' times
// grow.
Result<Position> find_removable(Database& database, const RetentionPolicy& policy, model::Time now,
                                Position last) {
    NOCTURNE_TRY(const Pages pages, count_pages(database));
    const bool is_too_large =
        policy.file_bytes_max != 0 && pages.used_bytes() > policy.file_bytes_max;
    const bool has_age = policy.journal_max_age != model::Duration::zero();
    const std::int64_t oldest =
        has_age ? model::to_unix_ms(now - policy.journal_max_age) : INT64_MIN;
    NOCTURNE_TRY(
        Statement rows,
        database.prepare(
            "SELECT position, at FROM journal WHERE position <= ?1 ORDER BY position LIMIT ?2"));
    rows.bind(1, static_cast<std::int64_t>(last));
    rows.bind(2, static_cast<std::int64_t>(kRowsAtOnce));
    Position removable = 0;
    for (;;) {
        NOCTURNE_TRY(const bool has_row, rows.step());
        if (!has_row || (!is_too_large && rows.integer(1) >= oldest)) {
            return removable;
        }
        removable = static_cast<Position>(rows.integer(0));
    }
}

Status trim_journal(Database& database, Turns& turns, const RetentionPolicy& policy,
                    model::Time now, Position keep_from, Removed& removed) {
    while (removed.journal_rows < kJournalRowsMax) {
        std::lock_guard turn(turns);
        NOCTURNE_TRY(const Position needed_after, oldest_snapshot_position(database));
        NOCTURNE_TRY(const Position newest, last_position(database));
        if (newest == 0) {
            return {};
        }
        // The newest stays in any case: it tells where positions go on, and what was delivered.
        const Position last = std::min({keep_from, needed_after, newest - 1});
        NOCTURNE_TRY(const Position removable, find_removable(database, policy, now, last));
        if (removable == 0) {
            return {};
        }
        NOCTURNE_TRY(Statement remove,
                     database.prepare("DELETE FROM journal WHERE position <= ?1"));
        remove.bind(1, static_cast<std::int64_t>(removable));
        NOCTURNE_TRY_STATUS(remove.run());
        removed.journal_rows += database.changed_rows();
    }
    removed.has_more = true;
    return {};
}

// Up to kRowsAtOnce incidents that are over: those that ended before `oldest`, or else the
// `surplus` that ended first.
Result<std::uint64_t> remove_incidents(Database& database, std::int64_t oldest,
                                       std::uint64_t surplus) {
    NOCTURNE_TRY(
        Statement remove,
        database.prepare(
            "DELETE FROM incident WHERE rowid IN (SELECT rowid FROM incident WHERE resolved_at "
            "IS NOT NULL AND resolved_at < ?1 ORDER BY resolved_at LIMIT ?2)"));
    remove.bind(1, surplus > 0 ? INT64_MAX : oldest);
    remove.bind(
        2, static_cast<std::int64_t>(surplus > 0 ? std::min(surplus, kRowsAtOnce) : kRowsAtOnce));
    NOCTURNE_TRY_STATUS(remove.run());
    return database.changed_rows();
}

Status trim_history(Database& database, Turns& turns, const RetentionPolicy& policy,
                    model::Time now, Removed& removed) {
    const bool has_age = policy.history_max_age != model::Duration::zero();
    const std::int64_t oldest =
        has_age ? model::to_unix_ms(now - policy.history_max_age) : INT64_MIN;
    NOCTURNE_TRY(const std::uint64_t rows, [&]() -> Result<std::uint64_t> {
        std::lock_guard turn(turns);
        return count_of(database, "SELECT count(*) FROM incident");
    }());
    const bool has_limit = policy.history_rows_max != 0 && rows > policy.history_rows_max;
    const std::uint64_t surplus = has_limit ? rows - policy.history_rows_max : 0;
    while (removed.history_rows < kHistoryRowsMax) {
        std::lock_guard turn(turns);
        const std::uint64_t left = surplus - std::min(surplus, removed.history_rows);
        NOCTURNE_TRY(const std::uint64_t gone, remove_incidents(database, oldest, left));
        removed.history_rows += gone;
        if (gone == 0) {
            return {};
        }
    }
    removed.has_more = true;
    return {};
}

Status give_back_pages(Database& database, Turns& turns, Removed& removed) {
    for (std::uint64_t done = 0; done < kVacuumPagesMax; done += kVacuumPagesAtOnce) {
        std::lock_guard turn(turns);
        NOCTURNE_TRY(const Pages before, count_pages(database));
        if (before.free * 100 < before.all * kFreeSharePercent ||
            before.free < kVacuumPagesAtOnce) {
            return {};
        }
        NOCTURNE_TRY_STATUS(database.execute(
            ("PRAGMA incremental_vacuum(" + std::to_string(kVacuumPagesAtOnce) + ")").c_str()));
        NOCTURNE_TRY(const std::uint64_t after, count_of(database, "PRAGMA page_count"));
        removed.file_bytes += (before.all - after) * before.bytes;
    }
    removed.has_more = true;
    return {};
}

}  // namespace

Result<Removed> retain(Database& database, Turns& turns, const RetentionPolicy& policy,
                       model::Time now, Position keep_from) {
    Removed removed;
    NOCTURNE_TRY_STATUS(trim_journal(database, turns, policy, now, keep_from, removed));
    NOCTURNE_TRY_STATUS(trim_history(database, turns, policy, now, removed));
    NOCTURNE_TRY_STATUS(give_back_pages(database, turns, removed));
    return removed;
}

}  // namespace nocturne::store
