#include "store/database.hpp"

#include <sqlite3.h>

#include <utility>

namespace nocturne::store {

namespace {

constexpr int kBusyMs = 10'000;  // how long a writer waits for the other connection's short transaction

ErrorCode code_of(int result) {
    switch (result & 0xFF) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return ErrorCode::Damaged;
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_NOMEM: return ErrorCode::Unavailable;
        default: return ErrorCode::Internal;
    }
}

std::string_view remedy_of(int result) {
    switch (result & 0xFF) {
        case SQLITE_FULL: return "; free some space, nothing that was acknowledged is lost";
        case SQLITE_IOERR: return "; is the disk full or failing?";
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return "; move the file away and restore a backup, or start with an empty folder";
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
    return fail(code_of(result), message + std::string(remedy_of(result)));
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
    NOCTURNE_ASSERT(sqlite3_bind_text64(statement_, place, value.data(), value.size(), nullptr, SQLITE_UTF8) == SQLITE_OK);
}

void Statement::bind_blob(int place, std::string_view value) {
    NOCTURNE_ASSERT(sqlite3_bind_blob64(statement_, place, value.data(), value.size(), nullptr) == SQLITE_OK);
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
    return begin == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(begin), size);
}

Result<Database> Database::open(const std::string& path, Mode mode) {
    sqlite3* handle = nullptr;
    const int flags = mode == Mode::ReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    const int result = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    Database database(handle);  // closes it in any case
    if (result != SQLITE_OK) {
        return fail(code_of(result), path + ": " + sqlite3_errstr(result) + std::string(remedy_of(result)));
    }
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, kBusyMs);
    return database;
}

Database::~Database() {
    sqlite3_close_v2(handle_);
}

Database::Database(Database&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

Database& Database::operator=(Database&& other) noexcept {
    std::swap(handle_, other.handle_);
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
    const int result = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                          &statement, nullptr);
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

std::int64_t Database::changed_rows() const {
    return sqlite3_changes64(handle_);
}

}  // namespace nocturne::store
