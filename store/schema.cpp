#include "store/schema.hpp"

#include <array>
#include <string>

namespace nocturne::store {

namespace {

constexpr std::int64_t kApplicationId =
    0x4E6F6374;  // "Noct": what file(1) and strangers' tools see

// Step i brings version i to i + 1. What is released is never edited: a change is a new step.
constexpr std::array<const char*, 2> kSteps{
    R"(
CREATE TABLE journal (
    position INTEGER PRIMARY KEY,  -- order of the inputs
    at INTEGER NOT NULL,           -- arrival, milliseconds since 1970
    kind INTEGER NOT NULL,         -- 0 events, 1 topology, 2 command, 3 tick, 4 settings
    delivered INTEGER NOT NULL,    -- effects of inputs up to there had left the outbox
    row BLOB NOT NULL              -- a whole batch, packed
);
CREATE TABLE snapshot (
    id INTEGER PRIMARY KEY,
    position INTEGER NOT NULL,     -- the last input that is in it
    pieces INTEGER NOT NULL,       -- how many there must be
    bytes INTEGER NOT NULL         -- of the whole, unpacked
);
CREATE TABLE snapshot_piece (
    snapshot INTEGER NOT NULL,     -- without a row in table snapshot: not finished, or let go
    piece INTEGER NOT NULL,        -- from 0
    row BLOB NOT NULL,             -- packed
    PRIMARY KEY (snapshot, piece)
);
CREATE TABLE incident (
    id TEXT PRIMARY KEY,
    opened_at INTEGER NOT NULL,    -- milliseconds since 1970
    updated_at INTEGER NOT NULL,
    resolved_at INTEGER,           -- NULL while it is not over
    state TEXT NOT NULL,
    severity TEXT NOT NULL,
    title TEXT NOT NULL,
    json TEXT NOT NULL             -- the whole incident as the API shows it
);
CREATE INDEX incident_by_time ON incident (opened_at, id);
CREATE INDEX incident_by_state ON incident (state, opened_at, id);
CREATE INDEX incident_by_end ON incident (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE TABLE cursor (
    name TEXT PRIMARY KEY,         -- 'delivered': as in the journal, where that ended without an input
    position INTEGER NOT NULL
) WITHOUT ROWID;
)",
    R"(
CREATE TABLE audit (               -- only ever added to; `nocturne audit verify` checks it
    sequence INTEGER PRIMARY KEY,  -- from 1, without gaps
    at INTEGER NOT NULL,           -- milliseconds since 1970
    position INTEGER NOT NULL,     -- in the journal, of the input that it goes with; 0: none
    item INTEGER NOT NULL,         -- among the entries of that input
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    origin TEXT NOT NULL,          -- from where
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    hash BLOB NOT NULL             -- SHA-256 of the hash before it and of all the above
) STRICT;
CREATE INDEX audit_by_actor ON audit (actor, sequence);
CREATE TABLE audit_head (          -- one row: where the log ends
    id INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;
INSERT INTO audit_head (id, sequence, hash) VALUES (1, 0, zeroblob(32));
)"};

constexpr auto kVersion = static_cast<std::int64_t>(kSteps.size());

tl::unexpected<Error> wrong_version(std::int64_t version) {
    return fail(
        ErrorCode::Invalid,
        "nocturne.db has schema version " + std::to_string(version) +
            ", this program knows up to " + std::to_string(kVersion) +
            "; run the newer nocturne that wrote it, or choose another folder with --data DIR");
}

// A file that we did not make must not get our tables.
Status check_owner(Database& database) {
    NOCTURNE_TRY(const std::int64_t application, database.integer("PRAGMA application_id"));
    NOCTURNE_TRY(const std::int64_t tables, database.integer("SELECT count(*) FROM sqlite_master"));
    if (application != kApplicationId && (application != 0 || tables > 0)) {
        return fail(
            ErrorCode::Invalid,
            "nocturne.db was made by another program; choose another folder with --data DIR");
    }
    return {};
}

Status step_from(Database& database, std::int64_t version) {
    NOCTURNE_TRY_STATUS(database.execute(kSteps.at(static_cast<std::size_t>(version))));
    NOCTURNE_TRY_STATUS(
        database.execute(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str()));
    return database.execute(("PRAGMA user_version = " + std::to_string(version + 1)).c_str());
}

}  // namespace

Status update_schema(Database& database) {
    NOCTURNE_TRY_STATUS(check_owner(database));
    NOCTURNE_TRY(std::int64_t version, database.integer("PRAGMA user_version"));
    if (version < 0 || version > kVersion) {
        return wrong_version(version);
    }
    for (; version < kVersion; ++version) {
        NOCTURNE_TRY_STATUS(database.transact([&] { return step_from(database, version); }));
    }
    return {};
}

Status check_schema(Database& database) {
    NOCTURNE_TRY(const std::int64_t version, database.integer("PRAGMA user_version"));
    if (version > kVersion) {
        return wrong_version(version);
    }
    if (version < kVersion) {
        return fail(ErrorCode::Invalid,
                    "nocturne.db has schema version " + std::to_string(version) +
                        ", this program reads " + std::to_string(kVersion) +
                        "; start `nocturne run` on the folder once, which brings it up to date");
    }
    return {};
}

}  // namespace nocturne::store
