// Alerts, and why things are as they are.
#include "engine/view.hpp"
#include "engine/why.hpp"
#include "gateway/api/answers.hpp"
#include "gateway/api/handlers.hpp"
#include "gateway/api/parameters.hpp"
#include "model/matcher.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace nocturne::gateway {

namespace {

Result<engine::AlertQuery> parse_alert_query(const Target& target) {
    NOCTURNE_TRY_STATUS(
        check_parameters(target, {"filter", "ended", "incident", "limit", "offset"}));
    engine::AlertQuery query;
    for (const auto& [name, value] : target.query) {
        if (name == "filter") {
            Result<model::Matchers> matchers = model::parse_matchers(value);
            if (!matchers) {
                return fail(ErrorCode::Invalid,
                            "parameter \"filter\": " + matchers.error().message);
            }
            query.matchers.insert(query.matchers.end(), matchers->begin(), matchers->end());
        }
    }
    NOCTURNE_TRY(query.incident, parse_incident(target));
    NOCTURNE_TRY(query.ended, parse_flag(target, "ended"));
    NOCTURNE_TRY(query.limit, parse_limit(target, query.limit));
    NOCTURNE_TRY(query.offset, parse_count(target, "offset", query.offset));
    return query;
}

}  // namespace

void get_alerts(const Context& context, Call call, Respond respond) {
    Result<engine::AlertQuery> query = parse_alert_query(call.target);
    if (!query) {
        respond(error_response(400, query.error().message));
        return;
    }
    ask(context, std::move(respond), [query = *std::move(query)](const engine::Core& core) {
        return json_response(engine::render_alerts(core, query));
    });
}

void get_why(const Context& context, Call call, Respond respond) {
    ask(context, std::move(respond), [name = std::move(call.name)](const engine::Core& core) {
        std::optional<std::string> json = engine::render_why(core, name);
        return json ? json_response(*std::move(json))
                    : error_response(404, "nothing is known of \"" + name.substr(0, 64) +
                                              "\"; expected an alert, an incident, a "
                                              "resource or the id of an event");
    });
}

}  // namespace nocturne::gateway
