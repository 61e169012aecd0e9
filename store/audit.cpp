#include "store/audit.hpp"

#include "model/severity.hpp"

#include <algorithm>
#include <string>

namespace nocturne::store {

using model::AuditEntry;
using model::AuditHead;

namespace {

constexpr const char* kInsert = R"(
INSERT INTO audit (sequence, at, position, item, actor, role, origin, action, subject, outcome,
                   reason, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12))";

constexpr std::string_view kSelect =
    "SELECT sequence, at, position, item, actor, role, origin, action, subject, outcome, reason, "
    "hash FROM audit ";

tl::unexpected<Error> not_ours(std::uint64_t sequence, const char* what) {
    return fail(ErrorCode::Invalid,
                "entry " + std::to_string(sequence) + ": its " + what + " is not one of ours");
}

// Invalid: the row holds what was never written.
Result<AuditEntry> entry_of(const Statement& row) {
    AuditEntry entry;
    entry.sequence = static_cast<std::uint64_t>(row.integer(0));
    entry.record.at = model::from_unix_ms(row.integer(1));
    entry.record.position = static_cast<model::Position>(row.integer(2));
    const std::int64_t item = row.integer(3);
    if (item < 0 || item > UINT32_MAX) {
        return not_ours(entry.sequence, "item");
    }
    entry.record.index = static_cast<std::uint32_t>(item);
    model::AuditNote& note = entry.record.note;
    note.actor = row.bytes(4);
    note.role = row.bytes(5);
    note.from = row.bytes(6);
    note.action = row.bytes(7);
    note.subject = row.bytes(8);
    const auto outcome =
        model::find_name<model::AuditOutcome>(model::kAuditOutcomeNames, row.bytes(9));
    if (!outcome) {
        return not_ours(entry.sequence, "outcome");
    }
    note.outcome = *outcome;
    note.reason = row.bytes(10);
    const std::string_view hash = row.bytes(11);
    if (hash.size() != entry.hash.size()) {
        return not_ours(entry.sequence, "hash");
    }
    std::copy(hash.begin(), hash.end(), entry.hash.begin());
    return entry;
}

// What is wrong with the log itself is a finding; that it cannot be read is an error.
Result<AuditFindings> finding(AuditFindings findings, Error error) {
    if (error.code != ErrorCode::Invalid) {
        return fail(std::move(error));
    }
    findings.problem = std::move(error.message);
    return findings;
}

}  // namespace

Result<AuditWriter> AuditWriter::prepare(Database& database) {
    AuditWriter writer;
    NOCTURNE_TRY(writer.insert_, database.prepare(kInsert));
    NOCTURNE_TRY(writer.set_head_,
                 database.prepare("UPDATE audit_head SET sequence = ?1, hash = ?2 WHERE id = 1"));
    return writer;
}

Result<AuditHead> AuditWriter::append(const AuditHead& head,
                                      std::span<const model::AuditRecord> records) {
    AuditHead next = head;
    for (const model::AuditRecord& record : records) {
        const std::uint64_t sequence = next.sequence + 1;
        AuditEntry entry{sequence, record, model::hash_of(next.hash, sequence, record)};
        NOCTURNE_TRY_STATUS(insert(entry));
        next = {sequence, entry.hash};
    }
    if (next != head) {
        set_head_.bind(1, static_cast<std::int64_t>(next.sequence));
        set_head_.bind_blob(2, model::bytes_of(next.hash));
        NOCTURNE_TRY_STATUS(set_head_.run());
    }
    return next;
}

Status AuditWriter::insert(const AuditEntry& entry) {
    const model::AuditNote& note = entry.record.note;
    insert_.bind(1, static_cast<std::int64_t>(entry.sequence));
    insert_.bind(2, model::to_unix_ms(entry.record.at));
    insert_.bind(3, static_cast<std::int64_t>(entry.record.position));
    insert_.bind(4, static_cast<std::int64_t>(entry.record.index));
    insert_.bind_text(5, note.actor);
    insert_.bind_text(6, note.role);
    insert_.bind_text(7, note.from);
    insert_.bind_text(8, note.action);
    insert_.bind_text(9, note.subject);
    insert_.bind_text(10, model::kAuditOutcomeNames[static_cast<std::size_t>(note.outcome)]);
    insert_.bind_text(11, note.reason);
    insert_.bind_blob(12, model::bytes_of(entry.hash));
    return insert_.run();
}

Result<AuditHead> audit_head(Database& database) {
    NOCTURNE_TRY(Statement rows,
                 database.prepare("SELECT sequence, hash FROM audit_head WHERE id = 1"));
    NOCTURNE_TRY(const bool has_row, rows.step());
    AuditHead head;
    if (!has_row || rows.bytes(1).size() != head.hash.size()) {
        return fail(ErrorCode::Invalid,
                    "the note of where the audit log ends is gone; restore a backup of the data "
                    "folder");
    }
    head.sequence = static_cast<std::uint64_t>(rows.integer(0));
    const std::string_view hash = rows.bytes(1);
    std::copy(hash.begin(), hash.end(), head.hash.begin());
    return head;
}

Result<AuditHead> audit_end(Database& database) {
    NOCTURNE_TRY(const AuditHead head, audit_head(database));
    NOCTURNE_TRY(const std::int64_t last,
                 database.integer("SELECT coalesce(max(sequence), 0) FROM audit"));
    if (static_cast<std::uint64_t>(last) > head.sequence) {
        return fail(ErrorCode::Invalid,
                    "the audit log has entries after its end, entry " +
                        std::to_string(head.sequence) +
                        ", that nocturne did not write; restore a backup of the data folder");
    }
    return head;
}

Status read_audit(Database& database, std::uint64_t from,
                  const std::function<bool(const AuditEntry&)>& each) {
    NOCTURNE_TRY(Statement rows,
                 database.prepare(std::string(kSelect) + "WHERE sequence >= ?1 ORDER BY sequence"));
    rows.bind(1, static_cast<std::int64_t>(std::min<std::uint64_t>(from, INT64_MAX)));
    for (;;) {
        NOCTURNE_TRY(const bool has_row, rows.step());
        if (!has_row) {
            return {};
        }
        NOCTURNE_TRY(const AuditEntry entry, entry_of(rows));
        if (!each(entry)) {
            return {};
        }
    }
}

Result<std::vector<AuditEntry>> list_audit(Database& database, const AuditQuery& query) {
    std::string sql = std::string(kSelect) + "WHERE at >= ?1 AND sequence < ?2 ";
    if (query.actor) {
        sql += "AND actor = ?3 ";
    }
    if (query.action) {
        sql += "AND (action = ?4 OR substr(action, 1, length(?4) + 1) = ?4 || '.') ";
    }
    NOCTURNE_TRY(Statement rows, database.prepare(sql + "ORDER BY sequence DESC LIMIT ?5"));
    rows.bind(1, query.since == model::kNoTime ? INT64_MIN : model::to_unix_ms(query.since));
    rows.bind(2, static_cast<std::int64_t>(std::min<std::uint64_t>(query.before, INT64_MAX)));
    if (query.actor) {
        rows.bind_text(3, *query.actor);
    }
    if (query.action) {
        rows.bind_text(4, *query.action);
    }
    rows.bind(5, static_cast<std::int64_t>(std::min<std::size_t>(query.limit, INT64_MAX)));
    std::vector<AuditEntry> entries;
    for (;;) {
        NOCTURNE_TRY(const bool has_row, rows.step());
        if (!has_row) {
            return entries;
        }
        NOCTURNE_TRY(AuditEntry entry, entry_of(rows));
        entries.push_back(std::move(entry));
    }
}

Result<AuditFindings> check_audit(Database& database, const std::optional<AuditHead>& noted) {
    AuditFindings findings;
    model::AuditChain chain;
    // One state of the file, whatever is written meanwhile.
    NOCTURNE_TRY_STATUS(database.execute("BEGIN"));
    Status status;
    bool is_noted_seen = !noted || noted->sequence == 0;
    const Status read = read_audit(database, 0, [&](const AuditEntry& entry) {
        status = chain.add(entry);
        if (status && noted && entry.sequence == noted->sequence) {
            is_noted_seen = true;
            status = chain.end_at(*noted);
        }
        findings.head = chain.head();
        return status.has_value();
    });
    const Result<AuditHead> end = audit_head(database);
    NOCTURNE_TRY_STATUS(database.execute("COMMIT"));
    if (!read) {
        return finding(findings, read.error());
    }
    if (status) {
        status = end ? chain.end_at(*end) : Status(fail(end.error()));
    }
    if (status && !is_noted_seen) {
        status = chain.end_at(*noted);
    }
    return status ? Result<AuditFindings>(findings) : finding(findings, status.error());
}

}  // namespace nocturne::store
