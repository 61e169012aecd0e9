// The audit log.
#include "gateway/api/answers.hpp"
#include "gateway/api/handlers.hpp"
#include "gateway/api/parameters.hpp"
#include "model/audit.hpp"
#include "model/json_writer.hpp"
#include "store/store.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::gateway {

namespace {

struct AuditPage {
    store::AuditQuery query;
    std::optional<std::uint64_t> after;
};

// "24h" before now, or a time.
Result<model::Time> parse_since(std::string_view text, model::Time now) {
    if (const Result<model::Duration> before = model::parse_duration(text)) {
        return now - *before;
    }
    const Result<model::Time> time = model::parse_time(text);
    return time ? time
                : fail(ErrorCode::Invalid, "parameter \"since\": \"" +
                                               std::string(text.substr(0, 64)) +
                                               "\" is neither a time nor a duration; expected "
                                               "e.g. 2026-11-21T02:00:00Z or 24h");
}

Result<AuditPage> parse_audit_page(const Target& target, model::Time now) {
    constexpr std::size_t kEntriesMax = 10'000;
    NOCTURNE_TRY_STATUS(
        check_parameters(target, {"actor", "action", "since", "before", "after", "limit"}));
    AuditPage page;
    if (const auto actor = target.find("actor")) {
        page.query.actor = std::string(*actor);
    }
    if (const auto action = target.find("action")) {
        page.query.action = std::string(*action);
    }
    if (const auto since = target.find("since")) {
        NOCTURNE_TRY(page.query.since, parse_since(*since, now));
    }
    NOCTURNE_TRY(page.query.before, parse_count(target, "before", SIZE_MAX));
    NOCTURNE_TRY(page.query.limit, parse_count(target, "limit", page.query.limit));
    page.query.limit = std::clamp<std::size_t>(page.query.limit, 1, kEntriesMax);
    if (target.find("after")) {
        NOCTURNE_TRY(page.after, parse_count(target, "after", 0));
    }
    return page;
}

Result<std::vector<model::AuditEntry>> read_page(store::Store& store, const AuditPage& page) {
    if (!page.after) {
        return store.list_audit(page.query);
    }
    std::vector<model::AuditEntry> entries;
    NOCTURNE_TRY_STATUS(store.read_audit(*page.after + 1, [&](const model::AuditEntry& entry) {
        entries.push_back(entry);
        return entries.size() < page.query.limit;
    }));
    return entries;
}

}  // namespace

// Newest first; with `after` in order from there, for who copies the whole log page by page.
void get_audit(const Context& context, Call call, Respond respond) {
    Result<AuditPage> page = parse_audit_page(call.target, context->parts.clock());
    if (!page) {
        respond(error_response(400, page.error().message));
        return;
    }
    if (context->parts.audit == nullptr) {
        respond(error_response(404, "there is no audit log here"));
        return;
    }
    context->parts.in_background([store = context->parts.audit, page = *std::move(page), respond] {
        Result<std::vector<model::AuditEntry>> entries = read_page(*store, page);
        const Result<model::AuditHead> head = store->audit_head();
        if (!entries || !head) {
            respond(error_response(500, (entries ? head.error() : entries.error()).message));
            return;
        }
        model::JsonWriter out;
        out.begin_object().member("head", to_string(*head)).key("entries").begin_array();
        for (const model::AuditEntry& entry : *entries) {
            out.raw(model::render_audit_entry(entry));
        }
        out.end_array().end_object();
        respond(json_response(out.take()));
    });
}

}  // namespace nocturne::gateway
