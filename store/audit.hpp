// The audit log's table: entries are added at its end, in the transaction of what caused them, and
// never touched again. Where the chain ends stands in a second table.
#pragma once

#include "model/audit.hpp"
#include "model/result.hpp"
#include "store/database.hpp"
#include "store/store.hpp"

#include <functional>
#include <span>
#include <vector>

namespace nocturne::store {

// The writing half, within the caller's transaction.
class AuditWriter {
   public:
    static Result<AuditWriter> prepare(Database& database);

    // Seals the records one after the other, from `head` on. Returns where the chain ends then; it
    // holds once the transaction is committed.
    Result<model::AuditHead> append(const model::AuditHead& head,
                                    std::span<const model::AuditRecord> records);

   private:
    Status insert(const model::AuditEntry& entry);

    Statement insert_;
    Statement set_head_;
};

// Where to go on. Invalid when somebody has added rows, which would be in the way.
Result<model::AuditHead> audit_end(Database& database);

// See Store.
Result<model::AuditHead> audit_head(Database& database);
Status read_audit(Database& database, std::uint64_t from,
                  const std::function<bool(const model::AuditEntry&)>& each);
Result<std::vector<model::AuditEntry>> list_audit(Database& database, const AuditQuery& query);
Result<AuditFindings> check_audit(Database& database, const std::optional<model::AuditHead>& noted);

}  // namespace nocturne::store
