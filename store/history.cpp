#include "store/history.hpp"

#include <algorithm>
#include <string>

namespace nocturne::store {

namespace {

constexpr const char* kUpsert = R"(
INSERT INTO incident (id, opened_at, updated_at, resolved_at, state, severity, title, json)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (id) DO UPDATE SET opened_at = ?2, updated_at = ?3, resolved_at = ?4, state = ?5, severity = ?6,
                               title = ?7, json = ?8)";

constexpr std::string_view kSelect =
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

// Only the conditions that are asked for, so that SQLite picks the index that fits them.
std::string list_sql(const HistoryQuery& query) {
    std::string sql(kSelect);
    sql += "WHERE opened_at >= ?1 AND opened_at < ?2 ";
    if (query.state) {
        sql += "AND state = ?3 ";
    }
    if (!query.before.empty()) {
        sql += "AND (opened_at, id) < (SELECT opened_at, id FROM incident WHERE id = ?4) ";
    }
    return sql + "ORDER BY opened_at DESC, id DESC LIMIT ?5";
}

}  // namespace

Result<HistoryWriter> HistoryWriter::prepare(Database& database) {
    HistoryWriter writer;
    NOCTURNE_TRY(writer.upsert_, database.prepare(kUpsert));
    return writer;
}

Status HistoryWriter::upsert(const IncidentRecord& record) {
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

Result<std::optional<IncidentRecord>> find_incident(Database& database, std::string_view id) {
    NOCTURNE_TRY(Statement rows, database.prepare(std::string(kSelect) + "WHERE id = ?1"));
    rows.bind_text(1, id);
    NOCTURNE_TRY(const bool has_row, rows.step());
    return has_row ? std::optional(record_of(rows)) : std::nullopt;
}

Result<std::vector<IncidentRecord>> list_incidents(Database& database, const HistoryQuery& query) {
    NOCTURNE_TRY(Statement rows, database.prepare(list_sql(query)));
    rows.bind(1, query.since == model::kNoTime ? INT64_MIN : model::to_unix_ms(query.since));
    rows.bind(2, query.until == model::kNoTime ? INT64_MAX : model::to_unix_ms(query.until));
    if (query.state) {
        rows.bind_text(3, *query.state);
    }
    if (!query.before.empty()) {
        rows.bind_text(4, query.before);
    }
    rows.bind(5, static_cast<std::int64_t>(std::min<std::size_t>(query.limit, INT64_MAX)));
    std::vector<IncidentRecord> records;
    for (;;) {
        NOCTURNE_TRY(const bool has_row, rows.step());
        if (!has_row) {
            return records;
        }
        records.push_back(record_of(rows));
    }
}

}  // namespace nocturne::store
