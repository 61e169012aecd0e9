#include "store/database.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace nocturne::store {

namespace {

// A writer of this process never waits here (they take turns); only a stranger with the sqlite3
// shell can make it wait.
constexpr int kBusyMs = 5'000;

ErrorCode code_of(int result) {
    if (result == SQLITE_IOERR_SHORT_READ || result == SQLITE_IOERR_CORRUPTFS) {
        return ErrorCode::Damaged;
    }
    switch (result & 0xFF) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return ErrorCode::Damaged;
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL:
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_NOMEM: return ErrorCode::Unavailable;
        case SQLITE_TOOBIG: return ErrorCode::Invalid;
        default: return ErrorCode::Internal;
    }
}

std::string_view remedy_of(int result) {
    if (code_of(result) == ErrorCode::Damaged) {
        return "; move the file away and restore a backup, or start with an empty folder";
    }
    switch (result & 0xFF) {
        case SQLITE_FULL:
            return "; free some space: writing goes on by itself, nothing acknowledged is lost";
        case SQLITE_IOERR: return "; is the disk full or failing?";
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return "; another program holds a write transaction, end it";
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN: return "; does the folder exist, and may this user write there?";
        default: return "";
    }
}

tl::unexpected<Error> sqlite_error(sqlite3* database, int result) {
    std::string message = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(result);
    const char* path = database != nullptr ? sqlite3_db_filename(database, "main") : nullptr;
    if (path != nullptr && *path != '\0') {
        message = std::string(path) + ": " + message;
    }
    const int reason = database != nullptr ? sqlite3_system_errno(database) : 0;
    if (const int kind = result & 0xFF;
        reason != 0 && (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN)) {
        message += std::string(" (") + std::strerror(reason) + ")";
    }
    return fail(code_of(result), message + std::string(remedy_of(result)));
}

// SQLite calls it after each commit.
int note_wal_pages(void* pages, sqlite3* /*database*/, const char* /*schema*/, int count) {
    *static_cast<std::uint64_t*>(pages) = static_cast<std::uint64_t>(count);
    return SQLITE_OK;
}

std::string uri_of(std::string_view path, Database::Mode mode) {
    std::string uri = "file:";
    for (const char c : path) {
        switch (c) {  // what has a meaning in a URI
            case '%': uri += "%25"; break;
            case '?': uri += "%3f"; break;
            case '#': uri += "%23"; break;
            default: uri += c;
        }
    }
    return mode == Database::Mode::Frozen ? uri + "?immutable=1" : uri;
}

}  // namespace

Statement::~Statement() {
    sqlite3_finalize(statement_);
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
    std::swap(database_, other.database_);
    std::swap(statement_, other.statement_);
    return *this;
}

// Binding fails only for a place that does not exist, which is our mistake.
void Statement::bind(int place, std::int64_t value) {
    NOCTURNE_ASSERT(sqlite3_bind_int64(statement_, place, value) == SQLITE_OK);
}

void Statement::bind_text(int place, std::string_view value) {
    const char* begin =
        value.data() == nullptr ? "" : value.data();  // SQLite takes a null for NULL
    NOCTURNE_ASSERT(sqlite3_bind_text64(statement_, place, begin, value.size(), nullptr,
                                        SQLITE_UTF8) == SQLITE_OK);
}

void Statement::bind_blob(int place, std::string_view value) {
    const char* begin = value.data() == nullptr ? "" : value.data();
    NOCTURNE_ASSERT(sqlite3_bind_blob64(statement_, place, begin, value.size(), nullptr) ==
                    SQLITE_OK);
}

Result<bool> Statement::step() {
    const int result = sqlite3_step(statement_);
    if (result == SQLITE_ROW) {
        return true;
    }
    if (result == SQLITE_DONE) {
        reset();
        return false;
    }
    auto error = sqlite_error(database_, result);
    reset();
    return error;
}

Status Statement::run() {
    for (;;) {
        NOCTURNE_TRY(const bool has_row, step());
        if (!has_row) {
            return {};
        }
    }
}

void Statement::reset() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::string_view Statement::bytes(int column) const {
    const void* begin = sqlite3_column_blob(statement_, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return begin == nullptr ? std::string_view()
                            : std::string_view(static_cast<const char*>(begin), size);
}

Result<Database> Database::open(const std::string& path, Mode mode) {
    sqlite3* handle = nullptr;
    const int flags =
        mode == Mode::ReadWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    const int result = sqlite3_open_v2(uri_of(path, mode).c_str(), &handle,
                                       flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, nullptr);
    Database database(handle);  // closes it in any case
    if (result != SQLITE_OK) {
        return handle != nullptr ? sqlite_error(handle, result)
                                 : fail(code_of(result), path + ": out of memory");
    }
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, kBusyMs);
    database.wal_pages_ = std::make_unique<std::uint64_t>(0);
    sqlite3_wal_hook(handle, note_wal_pages, database.wal_pages_.get());
    return database;
}

Database::~Database() {
    sqlite3_close_v2(handle_);
}

Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), wal_pages_(std::move(other.wal_pages_)) {}

Database& Database::operator=(Database&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(wal_pages_, other.wal_pages_);
    return *this;
}

Status Database::execute(const char* sql) {
    const int result = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) {
        return sqlite_error(handle_, result);
    }
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int result = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (result != SQLITE_OK) {
        return sqlite_error(handle_, result);
    }
    return Statement(handle_, statement);
}

Result<std::int64_t> Database::integer(std::string_view sql) {
    NOCTURNE_TRY(Statement statement, prepare(sql));
    NOCTURNE_TRY(const bool has_row, statement.step());
    return has_row ? statement.integer(0) : 0;
}

std::uint64_t Database::changed_rows() const {
    return static_cast<std::uint64_t>(sqlite3_changes64(handle_));
}

Result<Database::Checkpoint> Database::checkpoint() {
    int log_pages = 0;
    int folded_pages = 0;
    const int result = sqlite3_wal_checkpoint_v2(handle_, "main", SQLITE_CHECKPOINT_PASSIVE,
                                                 &log_pages, &folded_pages);
    if (result != SQLITE_OK) {
        return sqlite_error(handle_, result);
    }
    return Checkpoint{static_cast<std::uint64_t>(std::max(log_pages, 0)),
                      static_cast<std::uint64_t>(std::max(folded_pages, 0))};
}

}  // namespace nocturne::store
