#include "cli/audit_file.hpp"

#include "cli/json_text.hpp"
#include "model/json_writer.hpp"
#include "model/severity.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <limits>

namespace nocturne::cli {

namespace json = boost::json;

namespace {

std::optional<std::uint64_t> count_in(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    boost::system::error_code error;
    const auto count = value != nullptr ? value->to_number<std::uint64_t>(error) : std::uint64_t{0};
    return value != nullptr && !error ? std::optional(count) : std::nullopt;
}

std::string word_in(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

// Nothing unless the line is, byte for byte, what an export writes for that entry.
std::optional<model::AuditEntry> parse_entry(const std::string& line, const json::object& object) {
    const auto sequence = count_in(object, "sequence");
    const auto position = count_in(object, "position");
    const auto index = count_in(object, "index");
    const auto hash = model::parse_sha256(word_in(object, "hash"));
    const auto outcome = model::find_name<model::AuditOutcome>(model::kAuditOutcomeNames,
                                                               word_in(object, "outcome"));
    const Result<model::Time> at = model::parse_time(word_in(object, "time"));
    if (!sequence || !position || !index || *index > std::numeric_limits<std::uint32_t>::max() ||
        !hash || !outcome || !at) {
        return std::nullopt;
    }
    model::AuditEntry entry;
    entry.sequence = *sequence;
    entry.record = {*at, *position, static_cast<std::uint32_t>(*index), {}};
    entry.record.note = {word_in(object, "actor"),   word_in(object, "role"),
                         word_in(object, "from"),    word_in(object, "action"),
                         word_in(object, "subject"), *outcome,
                         word_in(object, "reason")};
    entry.hash = *hash;
    return model::render_audit_entry(entry) == line ? std::optional(entry) : std::nullopt;
}

}  // namespace

store::AuditFindings check_audit_file(std::istream& in,
                                      const std::optional<model::AuditHead>& noted) {
    store::AuditFindings findings;
    model::AuditChain chain;
    std::uint64_t number = 0;
    const auto found = [&](const std::string& what) {
        findings.head = chain.head();
        findings.problem = "line " + std::to_string(number) + ": " + what;
        return findings;
    };
    std::optional<model::AuditHead> end;
    bool is_noted_seen = !noted || noted->sequence == 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (end) {
            return found("stands after the end of the export");
        }
        const Result<json::value> value = parse_json(line);
        if (value && value->is_object() && value->as_object().size() == 1) {
            end = model::parse_audit_head(word_in(value->as_object(), "end"));
            if (end && render_audit_end(*end) == line + "\n") {
                continue;
            }
        }
        const std::optional<model::AuditEntry> entry =
            value && value->is_object() ? parse_entry(line, value->as_object()) : std::nullopt;
        if (!entry) {
            return found("entry " + std::to_string(chain.head().sequence + 1) +
                         ": is not as an export writes it");
        }
        Status status = chain.add(*entry);
        if (status && noted && entry->sequence == noted->sequence) {
            is_noted_seen = true;
            status = chain.end_at(*noted);
        }
        if (!status) {
            return found(status.error().message);
        }
    }
    findings.head = chain.head();
    if (!end) {
        return found("the export is cut off: its last line, with the end of the log, is missing "
                     "after entry " +
                     std::to_string(chain.head().sequence));
    }
    if (const Status status = chain.end_at(*end); !status) {
        return found(status.error().message);
    }
    if (!is_noted_seen) {
        if (const Status status = chain.end_at(*noted); !status) {
            return found(status.error().message);
        }
    }
    return findings;
}

std::string render_audit_end(const model::AuditHead& head) {
    model::JsonWriter out;
    out.begin_object().member("end", to_string(head)).end_object();
    return out.take() + "\n";
}

}  // namespace nocturne::cli
