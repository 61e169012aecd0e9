#include "gateway/api.hpp"

#include "engine/loop.hpp"
#include "gateway/access.hpp"
#include "gateway/api/handlers.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace nocturne::gateway {

namespace {

using Method = HttpRequest::Method;
using Role = model::Role;

constexpr std::optional<Role> kAnybody{};

enum class Patience { Usual, Long };

struct Route {
    Method method;
    std::optional<Role> role;  // who may, where tokens are asked for
    std::string_view path;     // "*" stands for one part
    Handler* handler;
    Patience patience = Patience::Usual;  // how long the answer may take
};

// The first that fits is taken.
constexpr auto kRoutes = std::to_array<Route>({
    // server_routes.cpp
    {Method::Get, Role::Viewer, "", get_front_page},
    {Method::Get, Role::Viewer, "version", get_version},
    {Method::Get, Role::Viewer, "metrics", get_metrics},
    {Method::Get, kAnybody, "-/healthy", get_healthy},
    {Method::Get, kAnybody, "-/ready", get_ready},
    {Method::Post, Role::Admin, "-/reload", post_reload},
    {Method::Get, Role::Viewer, "api/v1/stream", get_stream},
    {Method::Post, kAnybody, "chat/*", post_chat},  // signed by the chat itself

    // event_routes.cpp
    {Method::Post, Role::Ingest, "api/v1/events", post_events},
    {Method::Post, Role::Ingest, "api/v1/events/*", post_payload},

    // alert_routes.cpp
    {Method::Get, Role::Viewer, "api/v1/alerts", get_alerts},
    {Method::Get, Role::Viewer, "api/v1/why/*", get_why},

    // incident_routes.cpp
    {Method::Get, Role::Viewer, "api/v1/incidents", get_incidents},
    {Method::Get, Role::Viewer, "api/v1/incidents/*", get_incident},
    {Method::Get, Role::Viewer, "api/v1/incidents/*/graph.svg", get_incident_svg},
    {Method::Get, Role::Viewer, "api/v1/incidents/*/impact", get_incident_impact},
    {Method::Post, Role::Responder, "api/v1/incidents/*/ack", post_acknowledge},
    {Method::Post, Role::Responder, "api/v1/incidents/*/resolve", post_resolve},
    {Method::Post, Role::Responder, "api/v1/incidents/*/label", post_label},
    {Method::Post, Role::Responder, "api/v1/incidents/*/merge", post_merge},
    {Method::Post, Role::Responder, "api/v1/incidents/*/split", post_split},
    {Method::Post, Role::Responder, "api/v1/unmerge/*", post_unmerge},

    // plan_routes.cpp
    {Method::Get, Role::Viewer, "api/v1/incidents/*/plans", get_incident_plans},
    {Method::Post, Role::Responder, "api/v1/runs", post_run},
    {Method::Post, Role::Responder, "api/v1/runs/dry-run", post_dry_run, Patience::Long},

    // run_routes.cpp
    {Method::Get, Role::Viewer, "api/v1/runs", get_runs},
    {Method::Get, Role::Viewer, "api/v1/runs/stats", get_run_stats},
    {Method::Get, Role::Viewer, "api/v1/runs/*", get_run},
    {Method::Post, Role::Responder, "api/v1/runs/*/approve", post_approve},
    {Method::Post, Role::Responder, "api/v1/runs/*/reject", post_reject},
    {Method::Post, Role::Responder, "api/v1/runs/*/label", post_run_label},
    {Method::Post, Role::Responder, "api/v1/runs/*/settle", post_settle},
    {Method::Get, Role::Viewer, "api/v1/actions", get_actions},
    {Method::Post, Role::Responder, "api/v1/actions/stop", post_stop},
    {Method::Post, Role::Responder, "api/v1/nodes/*/freeze", post_freeze},
    {Method::Delete, Role::Responder, "api/v1/nodes/*/freeze", delete_freeze},

    // topology_routes.cpp
    {Method::Get, Role::Viewer, "api/v1/topology", get_topology},
    {Method::Post, Role::Admin, "api/v1/topology", post_topology},
    {Method::Get, Role::Viewer, "api/v1/topology/lint", get_lint},
    {Method::Get, Role::Viewer, "api/v1/topology/sources", get_sources},
    {Method::Get, Role::Viewer, "api/v1/impact/*", get_impact},
    {Method::Post, Role::Ingest, "v1/traces", post_traces},

    // plugin_routes.cpp
    {Method::Get, Role::Viewer, "api/v1/rules", get_rules},
    {Method::Get, Role::Viewer, "api/v1/plugins", get_plugins},
    {Method::Get, Role::Viewer, "api/v1/plugins/*", get_plugin},
    {Method::Get, Role::Viewer, "api/v1/plugins/*/comparison", get_comparison},
    {Method::Post, Role::Admin, "api/v1/plugins/*/promote", post_promote},
    {Method::Post, Role::Admin, "api/v1/plugins/*/rollback", post_rollback},
    {Method::Post, Role::Responder, "api/v1/plugins/*/release", post_release},
    {Method::Post, Role::Admin, "api/v1/plugins/*/mode", post_mode},

    // silence_routes.cpp
    {Method::Get, Role::Viewer, "api/v1/silences", get_silences},
    {Method::Post, Role::Responder, "api/v1/silences", post_silence},
    {Method::Delete, Role::Responder, "api/v1/silences/*", delete_silence},

    // audit_routes.cpp
    {Method::Get, Role::Approver, "api/v1/audit", get_audit},
});

std::string_view name_of(Method method) {
    switch (method) {
        case Method::Get: return "GET, HEAD";
        case Method::Post: return "POST";
        case Method::Delete: return "DELETE";
        default: return "";
    }
}

bool matches(std::string_view pattern, const std::vector<std::string>& path, std::string& name) {
    for (const std::string& part : path) {
        const std::string_view expected = pattern.substr(0, pattern.find('/'));
        if (expected.empty() || (expected != "*" && expected != part)) {
            return false;
        }
        if (expected == "*") {
            name = part;
        }
        pattern.remove_prefix(std::min(expected.size() + 1, pattern.size()));
    }
    return pattern.empty();
}

// An order that is no order: wrong, or to nothing that is there.
Respond tell_of_refusal(std::shared_ptr<Access> access, const Call& call, Respond respond) {
    HttpRequest request;
    request.method = call.request.method;
    request.target = call.request.target;
    return [access = std::move(access), caller = call.caller, request = std::move(request),
            respond = std::move(respond)](HttpResponse response) {
        if (response.status >= 400 && response.status < 500) {
            access->tell_refusal(caller, request, response.error);
        }
        respond(std::move(response));
    };
}

void admit(const Context& context, const Route& route, Call call, Respond respond) {
    Access::Admission admission = context->parts.access->admit(call.request, route.role);
    if (admission.refusal) {
        respond(*std::move(admission.refusal));
        return;
    }
    call.caller = std::move(admission.caller);
    if (route.method != Method::Get && route.role != Role::Ingest) {
        respond = tell_of_refusal(context->parts.access, call, std::move(respond));
    }
    route.handler(context, std::move(call), std::move(respond));
}

void dispatch(const Context& context, Call call, Respond respond) {
    const Method method = call.request.method == Method::Head ? Method::Get : call.request.method;
    std::string allowed;
    for (const Route& route : kRoutes) {
        if (!matches(route.path, call.target.path, call.name)) {
            continue;
        }
        if (route.method == method) {
            admit(context, route, std::move(call), std::move(respond));
            return;
        }
        allowed += (allowed.empty() ? "" : ", ") + std::string(name_of(route.method));
    }
    if (allowed.empty()) {
        respond(error_response(404, "no such page; / lists them"));
        return;
    }
    HttpResponse response = error_response(405, "this page takes " + allowed);
    response.headers.emplace_back("Allow", allowed);
    respond(std::move(response));
}

// "host:port" of an origin; empty when it is not one of the web ("null", "chrome-extension://...").
std::string_view authority_of(std::string_view origin) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (origin.starts_with(scheme)) {
            return origin.substr(scheme.size());
        }
    }
    return {};
}

ApiParts complete(ApiParts parts, engine::Loop& loop) {
    if (!parts.clock) {
        parts.clock = [] {
            return std::chrono::floor<model::Duration>(std::chrono::system_clock::now());
        };
    }
    if (!parts.access) {
        parts.access = std::make_shared<Access>();
    }
    if (!parts.access->clock) {
        parts.access->clock = parts.clock;
    }
    if (!parts.access->note) {
        parts.access->note = [&loop](model::AuditNote note) { loop.note(std::move(note)); };
    }
    return parts;
}

}  // namespace

bool is_cross_site(const HttpRequest& request) {
    if (request.fetch_site == "cross-site" || request.fetch_site == "same-site") {
        return true;
    }
    if (request.origin.empty()) {
        return false;  // not a browser, or one that follows a link
    }
    const std::string_view authority = authority_of(request.origin);
    return authority.empty() || authority != request.host;
}

bool takes_long(const HttpRequest& request) {
    const std::string_view path =
        std::string_view(request.target).substr(0, request.target.find('?'));
    return std::any_of(kRoutes.begin(), kRoutes.end(), [&](const Route& route) {
        return route.patience == Patience::Long && route.method == request.method &&
               path.starts_with('/') && path.substr(1) == route.path;
    });
}

Api::Api(engine::Loop& loop, Ingest& ingest, ApiParts parts)
    : context_(std::make_shared<const ApiContext>(
          ApiContext{loop, ingest, complete(std::move(parts), loop)})) {}

Api::~Api() = default;

void Api::handle(HttpRequest request, Respond respond) {
    Result<Target> target = parse_target(request.target);
    if (!target) {
        respond(error_response(400, target.error().message));
        return;
    }
    if ((request.method == Method::Post || request.method == Method::Delete) &&
        is_cross_site(request)) {
        context_->parts.access->tell_refusal({"", {}, request.peer}, request,
                                             "a browser sends this on behalf of another site");
        respond(error_response(403, "refused: a browser sends this on behalf of another site"));
        return;
    }
    dispatch(context_, {std::move(request), *std::move(target), {}, {}}, std::move(respond));
}

}  // namespace nocturne::gateway
