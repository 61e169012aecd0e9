#include "store/store.hpp"

#include "store/database.hpp"
#include "store/folder_lock.hpp"
#include "store/history.hpp"
#include "store/journal.hpp"
#include "store/retention.hpp"
#include "store/schema.hpp"
#include "store/snapshots.hpp"
#include "store/turns.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <system_error>
#include <utility>

namespace nocturne::store {

using model::Position;

namespace {

// Big pages: a row of a batch takes one or a few, and groups of rows cost a third less CPU than
// with 4 KiB.
constexpr std::uint64_t kPageBytes = 16'384;
// A larger buffer is not kept for the next group.
constexpr std::size_t kPackedKeptBytes = 16U << 20;

// page_size and auto_vacuum count only while the file is new. synchronous FULL: a commit is one
// fdatasync of the log. secure_delete, Debian's default, would write zeros over all that retention
// removes. The log is folded in by fold_log(), which counts, so not by SQLite.
constexpr const char* kWriterSettings = R"(
PRAGMA page_size = 16384;
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA secure_delete = OFF;
PRAGMA journal_size_limit = 67108864;
PRAGMA cache_size = -8192;
)";

using Clock = std::chrono::steady_clock;

std::uint64_t us_since(Clock::time_point begin) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count());
}

// So that a new folder's name is as durable as what is acknowledged in it.
void sync_folder(const std::filesystem::path& folder) {
    if (const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); file >= 0) {
        ::fsync(file);
        ::close(file);
    }
}

Status make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    const bool is_new = std::filesystem::create_directories(folder, error);
    if (error) {
        return fail(ErrorCode::Unavailable, folder.string() + ": " + error.message() +
                                                "; choose another folder with --data DIR");
    }
    if (is_new) {
        sync_folder(std::filesystem::absolute(folder).parent_path());
    }
    return {};
}

}  // namespace

class Store::Inside {
   public:
    static Result<std::unique_ptr<Inside>> open(const std::filesystem::path& folder,
                                                const StoreOptions& options) {
        auto inside = std::make_unique<Inside>();
        inside->path_ = (folder / "nocturne.db").string();
        inside->wal_pages_max_ = std::max<std::uint64_t>(options.wal_bytes_max / kPageBytes, 1);
        inside->fold_at_pages_ = inside->wal_pages_max_;
        NOCTURNE_TRY_STATUS(make_folder(folder));
        NOCTURNE_TRY(inside->lock_, FolderLock::take(folder));
        NOCTURNE_TRY(inside->writer_, Database::open(inside->path_, Database::Mode::ReadWrite));
        NOCTURNE_TRY_STATUS(inside->writer_.execute(kWriterSettings));
        NOCTURNE_TRY_STATUS(update_schema(inside->writer_));
        NOCTURNE_TRY(inside->journal_, JournalWriter::prepare(inside->writer_));
        NOCTURNE_TRY(inside->history_, HistoryWriter::prepare(inside->writer_));
        NOCTURNE_TRY(inside->last_, store::last_position(inside->writer_));
        NOCTURNE_TRY(inside->delivered_, delivered_position(inside->writer_));
        inside->can_write_ = true;
        NOCTURNE_TRY(inside->reader_, inside->open_reader());
        return inside;
    }

    static Result<std::unique_ptr<Inside>> open_read_only(const std::filesystem::path& folder) {
        auto inside = std::make_unique<Inside>();
        inside->path_ = (folder / "nocturne.db").string();
        std::error_code error;
        if (!std::filesystem::exists(inside->path_, error)) {
            return fail(ErrorCode::NotFound,
                        inside->path_ + ": no such file; name a folder that `nocturne run` wrote");
        }
        Result<Database> reader = inside->open_reader();
        if (!reader && reader.error().code == ErrorCode::Unavailable &&
            !std::filesystem::exists(inside->path_ + "-wal", error)) {
            // A read-only medium, and no owner: nothing can change, so no files beside it are
            // needed.
            inside->read_mode_ = Database::Mode::Frozen;
            reader = inside->open_reader();
        }
        if (!reader) {
            return fail(std::move(reader).error());
        }
        inside->reader_ = *std::move(reader);
        return inside;
    }

    Status append(std::span<const PendingEntry> entries, const Extras& extras) {
        NOCTURNE_TRY_STATUS(check_can_write());
        std::lock_guard lock(append_mutex_);
        NOCTURNE_TRY_STATUS(check(entries));
        pack(entries);

        std::lock_guard turn(turns_);
        const Clock::time_point begin = Clock::now();
        Status status = writer_.transact([&] { return insert(entries, extras); });
        count(entries, status, us_since(begin));
        if (!status) {
            return status;
        }
        if (!entries.empty()) {
            last_ = entries.back().position;
        }
        delivered_ = std::max(delivered_, extras.delivered.value_or(0));
        fold_log();
        return {};
    }

    Status read(Position from, const std::function<bool(const Entry&)>& each) {
        // A connection of its own: `each` may take long, and may ask the store other things.
        NOCTURNE_TRY(Database reader, open_reader());
        return read_journal(reader, from, each);
    }

    Status read_kind(std::uint8_t kind, Position from,
                     const std::function<bool(const Entry&)>& each) {
        NOCTURNE_TRY(Database reader, open_reader());
        return read_journal_kind(reader, kind, from, each);
    }

    // Lends the connection for short reads.
    template <typename Ask>
    auto with_reader(Ask ask) {
        std::lock_guard lock(reader_mutex_);
        return ask(reader_);
    }

    Result<std::optional<Snapshot>> load_latest_snapshot() {
        std::uint64_t damaged = 0;
        auto snapshot = with_reader(
            [&](Database& reader) { return store::load_latest_snapshot(reader, damaged); });
        counters_.snapshots_damaged += damaged;
        return snapshot;
    }

    Status save_snapshot(Position position, std::string_view bytes) {
        NOCTURNE_TRY_STATUS(check_can_write());
        std::lock_guard lock(upkeep_mutex_);
        NOCTURNE_TRY_STATUS(store::save_snapshot(writer_, turns_, position, bytes));
        ++counters_.snapshots;
        std::lock_guard turn(turns_);
        fold_log();
        return {};
    }

    Result<Removed> retain(const RetentionPolicy& policy, model::Time now, Position keep_from) {
        NOCTURNE_TRY_STATUS(check_can_write());
        std::lock_guard lock(upkeep_mutex_);
        NOCTURNE_TRY(const Removed removed, store::retain(writer_, turns_, policy, now, keep_from));
        std::lock_guard turn(turns_);
        fold_log();
        return removed;
    }

    [[nodiscard]] const StoreCounters& counters() const { return counters_; }

   private:
    Result<Database> open_reader() const {
        NOCTURNE_TRY(Database reader, Database::open(path_, read_mode_));
        NOCTURNE_TRY_STATUS(check_schema(reader));
        return reader;
    }

    [[nodiscard]] Status check_can_write() const {
        return can_write_ ? Status() : fail(ErrorCode::Invalid, path_ + " was opened read-only");
    }

    [[nodiscard]] Status check(std::span<const PendingEntry> entries) const {
        Position last = last_;
        for (const PendingEntry& entry : entries) {
            if (entry.position <= last || entry.position > INT64_MAX) {
                return fail(ErrorCode::Invalid, "journal position " +
                                                    std::to_string(entry.position) +
                                                    " does not follow " + std::to_string(last));
            }
            if (entry.bytes.size() > kRowBytesMax) {
                return fail(ErrorCode::Invalid,
                            "an input of " + std::to_string(entry.bytes.size()) +
                                " bytes is too large for the journal; at most " +
                                std::to_string(kRowBytesMax));
            }
            last = entry.position;
        }
        return {};
    }

    // Before the turn: others may write meanwhile.
    void pack(std::span<const PendingEntry> entries) {
        if (packed_.capacity() > kPackedKeptBytes) {
            packed_ = std::string();
        }
        packed_.clear();
        row_ends_.clear();
        for (const PendingEntry& entry : entries) {
            append_row_of(packed_, entry);
            row_ends_.push_back(packed_.size());
        }
    }

    Status insert(std::span<const PendingEntry> entries, const Extras& extras) {
        const Position delivered = std::max(delivered_, extras.delivered.value_or(0));
        std::size_t begin = 0;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const std::string_view row(packed_.data() + begin, row_ends_[i] - begin);
            NOCTURNE_TRY_STATUS(journal_.insert(entries[i], row, delivered));
            begin = row_ends_[i];
        }
        for (const IncidentRecord& record : extras.history) {
            NOCTURNE_TRY_STATUS(history_.upsert(record));
        }
        return entries.empty() && delivered != delivered_ ? journal_.set_delivered(delivered)
                                                          : Status();
    }

    void count(std::span<const PendingEntry> entries, const Status& status,
               std::uint64_t commit_us) {
        counters_.commit_us += commit_us;
        counters_.commit_us_last = commit_us;
        if (!status) {
            ++counters_.commit_failures;
            return;
        }
        ++counters_.commits;
        counters_.rows += entries.size();
        counters_.bytes_stored += packed_.size();
        for (const PendingEntry& entry : entries) {
            counters_.bytes_raw += entry.bytes.size();
        }
    }

    // In the caller's turn. A failure costs no data: the log goes on growing until it succeeds.
    void fold_log() {
        const std::uint64_t pages = writer_.wal_pages();
        counters_.wal_bytes = pages * kPageBytes;
        if (pages <= wal_pages_max_) {
            fold_at_pages_ = wal_pages_max_;
        }
        if (pages < fold_at_pages_) {
            return;
        }
        const Clock::time_point begin = Clock::now();
        const Result<Database::Checkpoint> checkpoint = writer_.checkpoint();
        counters_.checkpoint_us += us_since(begin);
        if (checkpoint && checkpoint->folded_pages == checkpoint->log_pages) {
            ++counters_.checkpoints;
            return;
        }
        if (!checkpoint) {
            ++counters_.checkpoint_failures;
        }
        // A slow reader or a full disk: not again at each commit.
        fold_at_pages_ = pages + wal_pages_max_ / 4 + 1;
    }

    std::string path_;
    Database::Mode read_mode_ = Database::Mode::ReadOnly;
    bool can_write_ = false;
    std::uint64_t wal_pages_max_ = 0;
    StoreCounters counters_;

    FolderLock lock_;  // taken first, let go last
    Turns turns_;
    Database writer_;  // guarded by turns_, as all until fold_at_pages_
    JournalWriter journal_;
    HistoryWriter history_;
    std::uint64_t fold_at_pages_ = 0;  // the next try

    std::mutex append_mutex_;
    Position last_ = 0;                  // guarded by append_mutex_
    Position delivered_ = 0;             // guarded by append_mutex_
    std::string packed_;                 // guarded by append_mutex_: rows one after the other
    std::vector<std::size_t> row_ends_;  // guarded by append_mutex_: in packed_

    std::mutex upkeep_mutex_;  // one snapshot or retention at a time

    std::mutex reader_mutex_;
    Database reader_;  // guarded by reader_mutex_
};

Store::Store(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}

Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& folder,
                                           StoreOptions options) {
    NOCTURNE_TRY(std::unique_ptr<Inside> inside, Inside::open(folder, options));
    return std::unique_ptr<Store>(new Store(std::move(inside)));
}

Result<std::unique_ptr<Store>> Store::open_read_only(const std::filesystem::path& folder) {
    NOCTURNE_TRY(std::unique_ptr<Inside> inside, Inside::open_read_only(folder));
    return std::unique_ptr<Store>(new Store(std::move(inside)));
}

Status Store::append(std::span<const PendingEntry> entries, const Extras& extras) {
    return inside_->append(entries, extras);
}

Status Store::read(Position from, const std::function<bool(const Entry&)>& each) {
    return inside_->read(from, each);
}

Status Store::read_kind(std::uint8_t kind, Position from,
                        const std::function<bool(const Entry&)>& each) {
    return inside_->read_kind(kind, from, each);
}

Result<Position> Store::first_position() {
    return inside_->with_reader([](Database& reader) { return store::first_position(reader); });
}

Result<Position> Store::last_position() {
    return inside_->with_reader([](Database& reader) { return store::last_position(reader); });
}

Result<Position> Store::delivered() {
    return inside_->with_reader([](Database& reader) { return delivered_position(reader); });
}

Status Store::save_snapshot(Position position, std::string_view bytes) {
    return inside_->save_snapshot(position, bytes);
}

Result<std::optional<Snapshot>> Store::load_latest_snapshot() {
    return inside_->load_latest_snapshot();
}

Result<std::optional<IncidentRecord>> Store::find_incident(std::string_view id) {
    return inside_->with_reader([&](Database& reader) { return store::find_incident(reader, id); });
}

Result<std::vector<IncidentRecord>> Store::list_incidents(const HistoryQuery& query) {
    return inside_->with_reader(
        [&](Database& reader) { return store::list_incidents(reader, query); });
}

Result<Removed> Store::retain(const RetentionPolicy& policy, model::Time now, Position keep_from) {
    return inside_->retain(policy, now, keep_from);
}

const StoreCounters& Store::counters() const {
    return inside_->counters();
}

}  // namespace nocturne::store
