// An exported audit log: an entry a line, and a last line with the end of the chain.
#pragma once

#include "model/audit.hpp"
#include "model/result.hpp"
#include "store/store.hpp"

#include <istream>
#include <optional>
#include <string>

namespace nocturne::cli {

// Checks it without anything else at hand. What is wrong is a finding that names line and entry.
store::AuditFindings check_audit_file(std::istream& in,
                                      const std::optional<model::AuditHead>& noted);

// The last line of an export, with its end.
std::string render_audit_end(const model::AuditHead& head);

}  // namespace nocturne::cli
