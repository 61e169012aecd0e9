// Database: the little of SQLite that the store needs, with errors as values.
#pragma once

#include "model/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace nocturne::store {

// A prepared statement. Bind, step until it gives no row, reset. Places count from 1, columns from
// 0.
class Statement {
   public:
    Statement() = default;

    Statement(sqlite3* database, sqlite3_stmt* statement)
        : database_(database), statement_(statement) {}

    ~Statement();
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&& other) noexcept;

    void bind(int place, std::int64_t value);
    // Texts and blobs are borrowed until the statement is reset.
    void bind_text(int place, std::string_view value);
    void bind_blob(int place, std::string_view value);

    // True: a row is there. After false or an error the statement is reset.
    Result<bool> step();
    // For statements without rows.
    Status run();
    void reset();

    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] bool is_null(int column) const;
    // Valid until the next step.
    [[nodiscard]] std::string_view bytes(int column) const;

   private:
    sqlite3* database_ = nullptr;
    sqlite3_stmt* statement_ = nullptr;
};

// A connection. For one thread at a time.
class Database {
   public:
    // Frozen: nobody writes the file, and SQLite makes no files beside it.
    enum class Mode { ReadWrite, ReadOnly, Frozen };

    static Result<Database> open(const std::string& path, Mode mode);
    Database() = default;
    ~Database();
    Database(Database&& other) noexcept;
    Database& operator=(Database&& other) noexcept;

    Status execute(const char* sql);
    Result<Statement> prepare(std::string_view sql);
    Result<std::int64_t> integer(std::string_view sql);  // of a query that gives one
    [[nodiscard]] std::uint64_t changed_rows() const;

    // Pages in the write-ahead log after this connection's last commit.
    [[nodiscard]] std::uint64_t wal_pages() const {
        return wal_pages_ == nullptr ? 0 : *wal_pages_;
    }

    struct Checkpoint {
        std::uint64_t log_pages = 0;
        std::uint64_t folded_pages = 0;  // fewer than log_pages while a reader still needs the rest
    };

    // Folds the write-ahead log into the database as far as no reader is in the way; never waits.
    Result<Checkpoint> checkpoint();

    // Runs `body` in a transaction: committed when it succeeds, rolled back when not.
    template <typename Body>
    Status transact(Body body) {
        NOCTURNE_TRY_STATUS(execute("BEGIN IMMEDIATE"));
        Status status = body();
        if (status) {
            status = execute("COMMIT");
        }
        if (!status) {
            // SQLite has rolled back by itself after some errors; then this has nothing to do.
            (void)execute("ROLLBACK");
        }
        return status;
    }

   private:
    explicit Database(sqlite3* handle) : handle_(handle) {}

    sqlite3* handle_ = nullptr;
    std::unique_ptr<std::uint64_t> wal_pages_;  // where it is, SQLite's hook knows
};

}  // namespace nocturne::store
