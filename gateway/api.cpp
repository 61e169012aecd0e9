#include "gateway/api.hpp"

#include "engine/loop.hpp"
#include "engine/plugin_view.hpp"
#include "engine/run_view.hpp"
#include "engine/view.hpp"
#include "engine/why.hpp"
#include "gateway/access.hpp"
#include "gateway/incident_graph.hpp"
#include "gateway/ingest.hpp"
#include "gateway/metric_text.hpp"
#include "gateway/otlp_request.hpp"
#include "gateway/payload.hpp"
#include "gateway/request_body.hpp"
#include "gateway/topology_feed.hpp"
#include "model/audit.hpp"
#include "model/incident.hpp"
#include "model/json_writer.hpp"
#include "model/matcher.hpp"
#include "rules/rule_set.hpp"
#include "store/store.hpp"
#include "topology/export.hpp"
#include "topology/lint.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>
#include <utility>

namespace nocturne::gateway {

namespace {

using Method = HttpRequest::Method;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kPageMax = 100'000;
constexpr std::chrono::milliseconds kFullWait{2000};  // for room in the engine, then 503
constexpr std::string_view kPlainText = "text/plain; charset=utf-8";
constexpr std::string_view kMetricsText = "text/plain; version=0.0.4; charset=utf-8";

HttpResponse json_response(std::string body, unsigned status = 200) {
    HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    response.body += '\n';
    return response;
}

HttpResponse text_response(std::string body, unsigned status = 200,
                           std::string_view type = kPlainText) {
    HttpResponse response;
    response.status = status;
    response.content_type = type;
    response.body = std::move(body);
    return response;
}

HttpResponse unavailable(std::string_view message) {
    HttpResponse response = error_response(503, message);
    response.headers.emplace_back("Retry-After", "1");
    return response;
}

HttpResponse problems_response(const std::vector<std::string>& problems) {
    model::JsonWriter out;
    const std::string more =
        problems.size() > 1 ? " (and " + std::to_string(problems.size() - 1) + " more)" : "";
    out.begin_object().member("error", problems.front() + more).key("problems").begin_array();
    for (const std::string& problem : problems) {
        out.text(problem);
    }
    out.end_array().end_object();
    HttpResponse response = json_response(out.take(), 400);
    response.error = problems.front() + more;
    return response;
}

Result<std::size_t> parse_count(const Target& target, std::string_view name,
                                std::size_t otherwise) {
    const std::optional<std::string_view> text = target.find(name);
    if (!text) {
        return otherwise;
    }
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (text->empty() || error != std::errc() || end != text->data() + text->size()) {
        return fail(ErrorCode::Invalid, "parameter \"" + std::string(name) + "\": \"" +
                                            std::string(text->substr(0, 64)) +
                                            "\" is not a whole number");
    }
    return value;
}

// Absent is no; present without a value is yes.
Result<bool> parse_flag(const Target& target, std::string_view name) {
    const std::optional<std::string_view> text = target.find(name);
    if (!text || *text == "false" || *text == "0") {
        return false;
    }
    if (text->empty() || *text == "true" || *text == "1") {
        return true;
    }
    return fail(ErrorCode::Invalid, "parameter \"" + std::string(name) + "\": \"" +
                                        std::string(text->substr(0, 64)) +
                                        "\" is not one of true, false");
}

Status check_parameters(const Target& target, std::initializer_list<std::string_view> known) {
    for (const auto& [name, value] : target.query) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            std::string list;
            for (const std::string_view one : known) {
                list += (list.empty() ? "" : ", ") + std::string(one);
            }
            return fail(ErrorCode::Invalid, "unknown parameter \"" + name.substr(0, 64) + "\"" +
                                                (list.empty() ? "; this page takes none"
                                                              : "; expected one of " + list));
        }
    }
    return {};
}

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
    if (const std::optional<std::string_view> incident = target.find("incident")) {
        query.incident = model::parse_id(model::kIncidentPrefix, *incident);
        if (!query.incident) {
            return fail(ErrorCode::Invalid,
                        "parameter \"incident\": not an incident's id; expected e.g. I1042-3");
        }
    }
    NOCTURNE_TRY(query.ended, parse_flag(target, "ended"));
    NOCTURNE_TRY(query.limit, parse_count(target, "limit", query.limit));
    NOCTURNE_TRY(query.offset, parse_count(target, "offset", query.offset));
    query.limit = std::min(query.limit, kPageMax);
    return query;
}

Result<engine::IncidentQuery> parse_incident_query(const Target& target) {
    NOCTURNE_TRY_STATUS(check_parameters(target, {"state", "all", "limit"}));
    engine::IncidentQuery query;
    if (const std::optional<std::string_view> state = target.find("state")) {
        if (!model::find_name<model::IncidentState>(model::kIncidentStateNames, *state)) {
            return fail(ErrorCode::Invalid,
                        "parameter \"state\": \"" + std::string(state->substr(0, 64)) +
                            "\" is not one of open, acknowledged, resolved, reopened, merged");
        }
        query.state = std::string(*state);
    }
    NOCTURNE_TRY(query.all, parse_flag(target, "all"));
    NOCTURNE_TRY(query.limit, parse_count(target, "limit", query.limit));
    query.limit = std::min(query.limit, kPageMax);
    return query;
}

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

Result<engine::RunQuery> parse_run_query(const Target& target) {
    NOCTURNE_TRY_STATUS(check_parameters(target, {"state", "incident", "open", "limit"}));
    engine::RunQuery query;
    if (const std::optional<std::string_view> state = target.find("state")) {
        query.state = model::find_name<model::RunState>(model::kRunStateNames, *state);
        if (!query.state) {
            return fail(ErrorCode::Invalid, "parameter \"state\": \"" +
                                                std::string(state->substr(0, 64)) +
                                                "\" is not a state of runs, e.g. "
                                                "awaiting_approval");
        }
    }
    if (const std::optional<std::string_view> incident = target.find("incident")) {
        query.incident = model::parse_id(model::kIncidentPrefix, *incident);
        if (!query.incident) {
            return fail(ErrorCode::Invalid,
                        "parameter \"incident\": not an incident's id; expected e.g. I1042-3");
        }
    }
    NOCTURNE_TRY(query.open, parse_flag(target, "open"));
    NOCTURNE_TRY(query.limit, parse_count(target, "limit", query.limit));
    query.limit = std::min(query.limit, kPageMax);
    return query;
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

constexpr std::string_view kFrontPage =
    "Nocturne, an event correlation engine.\n\n"
    "/api/v1/incidents  /api/v1/alerts  /api/v1/topology  /api/v1/silences  /api/v1/impact/NODE\n"
    "/api/v1/rules  /api/v1/plugins  /api/v1/topology/lint  /api/v1/topology/sources\n"
    "/api/v1/audit  /v1/traces (POST)\n"
    "/api/v1/events (POST)  /api/v1/events/PAYLOAD (POST)  /api/v1/stream  /metrics  /-/healthy  "
    "/-/ready  /version\n"
    "/api/v1/runs  /api/v1/runs/stats  /api/v1/actions  /api/v1/actions/stop (POST)  "
    "/api/v1/nodes/NODE/freeze (POST, DELETE)\n";

void append_loop_metrics(const engine::LoopCounters& counters, std::string& out) {
    append_metric(out, "loop_inputs_total", "Inputs written to the journal.", MetricType::Counter,
                  counters.inputs);
    append_metric(out, "loop_commits_total", "Commits of the journal.", MetricType::Counter,
                  counters.commits);
    append_metric(out, "loop_commit_failures_total", "Commits of the journal that failed.",
                  MetricType::Counter, counters.commit_failures);
    append_metric(out, "loop_refused_full_total", "Tries at the engine's queue that found it full.",
                  MetricType::Counter, counters.refused_full);
    append_metric(out, "loop_inputs_lost_total",
                  "Inputs given up when stopped while the disk failed.", MetricType::Counter,
                  counters.inputs_lost);
    append_metric(out, "loop_snapshots_total", "Snapshots saved.", MetricType::Counter,
                  counters.snapshots);
    append_metric(out, "loop_snapshot_failures_total", "Snapshots that could not be saved.",
                  MetricType::Counter, counters.snapshot_failures);
    append_metric(out, "loop_encoded_bytes_total", "Bytes of encoded inputs.", MetricType::Counter,
                  counters.bytes_encoded);
    append_metric(out, "loop_queue_inputs", "Inputs that wait for the journal.", MetricType::Gauge,
                  counters.queue_inputs);
    append_metric(out, "loop_queue_bytes", "About what they weigh.", MetricType::Gauge,
                  counters.queue_bytes);
    append_metric(out, "audit_notes_lost_total",
                  "Refusals that the audit log lost while the disk failed.", MetricType::Counter,
                  counters.audit_notes_lost);
}

}  // namespace

HttpResponse error_response(unsigned status, std::string_view message) {
    model::JsonWriter out;
    out.begin_object().member("error", message).end_object();
    HttpResponse response = json_response(out.take(), status);
    response.error = message;
    return response;
}

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

// Shared with the work under way in the engine, which may outlive the server.
class Api::Inside : public std::enable_shared_from_this<Api::Inside> {
   public:
    Inside(engine::Loop& loop, Ingest& ingest, ApiParts parts)
        : loop_(loop), ingest_(ingest), parts_(std::move(parts)) {
        if (!parts_.clock) {
            parts_.clock = [] {
                return std::chrono::floor<model::Duration>(std::chrono::system_clock::now());
            };
        }
        if (!parts_.access) {
            parts_.access = std::make_shared<Access>();
        }
        if (!parts_.access->clock) {
            parts_.access->clock = parts_.clock;
        }
        if (!parts_.access->note) {
            parts_.access->note = [&loop](model::AuditNote note) { loop.note(std::move(note)); };
        }
    }

    void handle(HttpRequest request, Respond respond) {
        Result<Target> target = parse_target(request.target);
        if (!target) {
            respond(error_response(400, target.error().message));
            return;
        }
        if ((request.method == Method::Post || request.method == Method::Delete) &&
            is_cross_site(request)) {
            parts_.access->tell_refusal({"", {}, request.peer}, request,
                                        "a browser sends this on behalf of another site");
            respond(error_response(403, "refused: a browser sends this on behalf of another site"));
            return;
        }
        route({std::move(request), *std::move(target), {}, {}}, std::move(respond));
    }

   private:
    struct Call {
        HttpRequest request;
        Target target;
        std::string name;  // what the path's placeholder holds
        Caller caller;
    };

    using Handler = void (Inside::*)(Call, Respond);

    using Role = model::Role;

    static constexpr std::optional<Role> kAnybody{};

    struct Route {
        Method method;
        std::optional<Role> role;  // who may, where tokens are asked for
        std::string_view path;     // "*" stands for one part
        Handler handler;
    };

    static std::span<const Route> routes() {
        static constexpr std::array<Route, 52> kRoutes{{
            {Method::Post, Role::Ingest, "v1/traces", &Inside::post_traces},
            {Method::Get, Role::Viewer, "api/v1/topology/sources", &Inside::get_sources},
            {Method::Get, Role::Viewer, "api/v1/topology/lint", &Inside::get_lint},
            {Method::Get, Role::Viewer, "api/v1/incidents/*/graph.svg", &Inside::get_incident_svg},
            {Method::Get, Role::Viewer, "api/v1/incidents/*/impact", &Inside::get_incident_impact},
            {Method::Get, Role::Viewer, "", &Inside::get_front_page},
            {Method::Get, Role::Viewer, "version", &Inside::get_version},
            {Method::Get, Role::Viewer, "metrics", &Inside::get_metrics},
            {Method::Get, kAnybody, "-/healthy", &Inside::get_healthy},
            {Method::Get, kAnybody, "-/ready", &Inside::get_ready},
            {Method::Post, Role::Admin, "-/reload", &Inside::post_reload},
            {Method::Post, Role::Ingest, "api/v1/events", &Inside::post_events},
            {Method::Post, Role::Ingest, "api/v1/events/*", &Inside::post_payload},
            {Method::Get, Role::Viewer, "api/v1/incidents", &Inside::get_incidents},
            {Method::Get, Role::Viewer, "api/v1/incidents/*", &Inside::get_incident},
            {Method::Post, Role::Responder, "api/v1/incidents/*/ack", &Inside::post_acknowledge},
            {Method::Post, Role::Responder, "api/v1/incidents/*/resolve", &Inside::post_resolve},
            {Method::Post, Role::Responder, "api/v1/incidents/*/label", &Inside::post_label},
            {Method::Post, Role::Responder, "api/v1/incidents/*/merge", &Inside::post_merge},
            {Method::Post, Role::Responder, "api/v1/incidents/*/split", &Inside::post_split},
            {Method::Post, Role::Responder, "api/v1/unmerge/*", &Inside::post_unmerge},
            {Method::Get, Role::Viewer, "api/v1/why/*", &Inside::get_why},
            {Method::Get, Role::Viewer, "api/v1/rules", &Inside::get_rules},
            {Method::Get, Role::Viewer, "api/v1/plugins", &Inside::get_plugins},
            {Method::Get, Role::Viewer, "api/v1/plugins/*", &Inside::get_plugin},
            {Method::Get, Role::Viewer, "api/v1/plugins/*/comparison", &Inside::get_comparison},
            {Method::Post, Role::Admin, "api/v1/plugins/*/promote", &Inside::post_promote},
            {Method::Post, Role::Admin, "api/v1/plugins/*/rollback", &Inside::post_rollback},
            {Method::Post, Role::Responder, "api/v1/plugins/*/release", &Inside::post_release},
            {Method::Post, Role::Admin, "api/v1/plugins/*/mode", &Inside::post_mode},
            {Method::Get, Role::Viewer, "api/v1/alerts", &Inside::get_alerts},
            {Method::Get, Role::Viewer, "api/v1/topology", &Inside::get_topology},
            {Method::Post, Role::Admin, "api/v1/topology", &Inside::post_topology},
            {Method::Get, Role::Viewer, "api/v1/impact/*", &Inside::get_impact},
            {Method::Get, Role::Viewer, "api/v1/silences", &Inside::get_silences},
            {Method::Post, Role::Responder, "api/v1/silences", &Inside::post_silence},
            {Method::Delete, Role::Responder, "api/v1/silences/*", &Inside::delete_silence},
            {Method::Get, Role::Approver, "api/v1/audit", &Inside::get_audit},
            {Method::Get, Role::Viewer, "api/v1/stream", &Inside::get_stream},
            {Method::Get, Role::Viewer, "api/v1/runs", &Inside::get_runs},
            {Method::Post, Role::Responder, "api/v1/runs", &Inside::post_run},
            {Method::Get, Role::Viewer, "api/v1/runs/stats", &Inside::get_run_stats},
            {Method::Get, Role::Viewer, "api/v1/runs/*", &Inside::get_run},
            {Method::Post, Role::Responder, "api/v1/runs/*/approve", &Inside::post_approve},
            {Method::Post, Role::Responder, "api/v1/runs/*/reject", &Inside::post_reject},
            {Method::Post, Role::Responder, "api/v1/runs/*/label", &Inside::post_run_label},
            {Method::Post, Role::Responder, "api/v1/runs/*/settle", &Inside::post_settle},
            {Method::Get, Role::Viewer, "api/v1/actions", &Inside::get_actions},
            {Method::Post, Role::Responder, "api/v1/actions/stop", &Inside::post_stop},
            {Method::Post, Role::Responder, "api/v1/nodes/*/freeze", &Inside::post_freeze},
            {Method::Delete, Role::Responder, "api/v1/nodes/*/freeze", &Inside::delete_freeze},
            {Method::Post, kAnybody, "chat/*", &Inside::post_chat},  // signed by the chat itself
        }};
        return kRoutes;
    }

    static std::string_view name_of(Method method) {
        switch (method) {
            case Method::Get: return "GET, HEAD";
            case Method::Post: return "POST";
            case Method::Delete: return "DELETE";
            default: return "";
        }
    }

    static bool matches(std::string_view pattern, const std::vector<std::string>& path,
                        std::string& name) {
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

    void route(Call call, Respond respond) {
        const Method method =
            call.request.method == Method::Head ? Method::Get : call.request.method;
        std::string allowed;
        for (const Route& route : routes()) {
            if (!matches(route.path, call.target.path, call.name)) {
                continue;
            }
            if (route.method == method) {
                admit(route, std::move(call), std::move(respond));
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

    void admit(const Route& route, Call call, Respond respond) {
        Access::Admission admission = parts_.access->admit(call.request, route.role);
        if (admission.refusal) {
            respond(*std::move(admission.refusal));
            return;
        }
        call.caller = std::move(admission.caller);
        if (route.method != Method::Get && route.role != Role::Ingest) {
            respond = tell_of_refusal(call, std::move(respond));
        }
        (this->*route.handler)(std::move(call), std::move(respond));
    }

    // An order that is no order: wrong, or to nothing that is there.
    Respond tell_of_refusal(const Call& call, Respond respond) {
        HttpRequest request;
        request.method = call.request.method;
        request.target = call.request.target;
        return [access = parts_.access, caller = call.caller, request = std::move(request),
                respond = std::move(respond)](HttpResponse response) {
            if (response.status >= 400 && response.status < 500) {
                access->tell_refusal(caller, request, response.error);
            }
            respond(std::move(response));
        };
    }

    // ---- what all handlers use ----

    // With a token the name is the token's, whatever the body says.
    static std::string name_of(const Caller& caller, std::string by) {
        if (!caller.name.empty()) {
            return caller.name;
        }
        return by.empty() ? "unknown" : std::move(by);
    }

    static model::AuditNote note_of(const Caller& caller, const model::Command& command) {
        model::AuditNote note = model::note_of(command);
        note.role = caller.role_name();
        note.from = caller.from;
        return note;
    }

    // Answers with what `render` says about the state, on the core's thread.
    void ask(Respond respond, std::function<HttpResponse(const engine::Core&)> render) {
        const bool asked = loop_.query([respond, render = std::move(render)](
                                           const engine::Core& core) { respond(render(core)); });
        if (!asked) {
            respond(unavailable("the engine is stopping"));
        }
    }

    // Submits until there is room, then answers by `done` once it is durable.
    void submit(std::shared_ptr<model::Input::Body> body, model::AuditNote note, std::size_t bytes,
                Respond respond, std::function<void(model::Position, Respond)> done,
                Clock::time_point until) {
        const bool taken = loop_.try_submit(
            *body, bytes,
            [respond, done](const Result<model::Position>& position) {
                if (position) {
                    done(*position, respond);
                } else {
                    respond(unavailable("not done, the journal cannot be written: " +
                                        position.error().message));
                }
            },
            engine::Loop::Writer::Loop, {note});
        if (taken) {
            return;
        }
        if (Clock::now() >= until) {
            respond(unavailable("the engine has no room or is stopping; try again"));
            return;
        }
        parts_.a_moment_later([self = shared_from_this(), body, note, bytes, respond, done, until] {
            self->submit(body, note, bytes, respond, done, until);
        });
    }

    // `note`: for the audit log, in the same commit.
    void submit(model::Input::Body body, model::AuditNote note, std::size_t bytes, Respond respond,
                std::function<void(model::Position, Respond)> done) {
        submit(std::make_shared<model::Input::Body>(std::move(body)), std::move(note), bytes,
               std::move(respond), std::move(done), Clock::now() + kFullWait);
    }

    static void no_such_incident(const Respond& respond, std::string_view id) {
        respond(error_response(404, "no incident \"" + std::string(id.substr(0, 64)) + "\""));
    }

    // ---- the pages ----

    void get_front_page(Call, Respond respond) { respond(text_response(std::string(kFrontPage))); }

    void get_version(Call, Respond respond) {
        model::JsonWriter out;
        out.begin_object()
            .member("version", parts_.version)
            .member("commit", parts_.commit)
            .end_object();
        respond(json_response(out.take()));
    }

    void get_metrics(Call, Respond respond) {
        std::string text;
        append_metric_head(text, "build_info", "The version that runs.", MetricType::Gauge);
        append_sample(text, "build_info",
                      "version=\"" + parts_.version + "\",commit=\"" + parts_.commit + "\"", 1);
        append_metric(text, "up_to_date", "Whether the last write to the journal succeeded.",
                      MetricType::Gauge, loop_.health() ? 1 : 0);
        append_loop_metrics(loop_.counters(), text);
        ingest_.append_metrics(text);
        parts_.access->append_metrics(text);
        for (const auto& append : parts_.metrics) {
            append(text);
        }
        const bool asked = loop_.query([respond, text](const engine::Core& core) {
            std::string all = text;
            engine::append_metrics(core, all);
            respond(text_response(std::move(all), 200, kMetricsText));
        });
        if (!asked) {
            respond(text_response(std::move(text), 200, kMetricsText));
        }
    }

    void get_healthy(Call, Respond respond) { respond(text_response("Nocturne is healthy.\n")); }

    void get_ready(Call, Respond respond) {
        const Status health = loop_.health();
        respond(
            health ? text_response("Nocturne is ready.\n")
                   : text_response("Nocturne is not ready: " + health.error().message + "\n", 503));
    }

    void post_reload(Call call, Respond respond) {
        if (!parts_.reload) {
            respond(error_response(501, "this server has no configuration to reload"));
            return;
        }
        parts_.in_background([reload = parts_.reload, caller = call.caller, respond] {
            const Status status = reload(caller);
            respond(status ? text_response("Reloaded.\n")
                           : error_response(500, to_string(status.error())));
        });
    }

    void post_events(Call call, Respond respond) {
        take_events(call.request.body, std::move(respond));
    }

    // What another tool sends, in its own words.
    void post_payload(Call call, Respond respond) {
        const Result<bool> tries = parse_flag(call.target, "dry_run");
        Status known = check_parameters(call.target, {"dry_run"});
        if (!known || !tries) {
            respond(error_response(400, (known ? tries.error() : known.error()).message));
            return;
        }
        const std::shared_ptr<const rules::RuleSet> rules =
            parts_.rules ? parts_.rules() : std::make_shared<const rules::RuleSet>();
        const Result<const rules::PayloadRule*> rule = find_payload(rules->payloads, call.name);
        if (!rule) {
            respond(error_response(404, rule.error().message));
            return;
        }
        const Result<PayloadEvents> events = events_of(**rule, call.request.body);
        if (!events) {
            respond(error_response(400, events.error().message));
            return;
        }
        const bool is_shadow = rules->rules[(*rule)->rule].mode == rules::Mode::Shadow;
        if (*tries || is_shadow || events->events == 0) {
            respond(json_response(render_payload(*events)));
            return;
        }
        take_events(events->ndjson, std::move(respond));
    }

    // The answer when nothing is taken: there is nothing, or somebody wants to see what it would
    // be.
    static std::string render_payload(const PayloadEvents& events) {
        model::JsonWriter out;
        out.begin_object().member("accepted", std::uint64_t{0});
        out.key("rejected").begin_array().end_array();
        out.member("position", "").member("skipped", std::uint64_t{events.skipped});
        out.key("events").begin_array();
        for (std::string_view rest = events.ndjson; !rest.empty();) {
            const std::size_t end = rest.find('\n');
            out.raw(rest.substr(0, end));
            rest.remove_prefix(end + 1);
        }
        out.end_array().end_object();
        return out.take();
    }

    void take_events(std::string_view message, Respond respond) {
        auto offer = std::make_shared<Ingest::Offer>(
            ingest_.decode(Transport::Http, message, [respond](Answer answer) {
                HttpResponse response = json_response(std::move(answer.json));
                if (answer.outcome == Answer::Outcome::Wrong) {
                    response.status = 400;
                } else if (answer.outcome == Answer::Outcome::Unavailable) {
                    response.status = 503;
                    response.headers.emplace_back("Retry-After", "1");
                }
                respond(std::move(response));
            }));
        submit_events(std::move(offer), Clock::now() + kFullWait);
    }

    void submit_events(std::shared_ptr<Ingest::Offer> offer, Clock::time_point until) {
        if (ingest_.try_submit(*offer)) {
            return;
        }
        if (Clock::now() >= until) {
            ingest_.refuse(*offer);
            return;
        }
        parts_.a_moment_later(
            [self = shared_from_this(), offer, until] { self->submit_events(offer, until); });
    }

    void get_incidents(Call call, Respond respond) {
        Result<engine::IncidentQuery> query = parse_incident_query(call.target);
        if (!query) {
            respond(error_response(400, query.error().message));
            return;
        }
        ask(std::move(respond), [query = *std::move(query)](const engine::Core& core) {
            return json_response(engine::render_incidents(core, query));
        });
    }

    void get_incident(Call call, Respond respond) {
        const std::optional<model::Id> id = model::parse_id(model::kIncidentPrefix, call.name);
        if (!id) {
            no_such_incident(respond, call.name);
            return;
        }
        const bool asked =
            loop_.query([self = shared_from_this(), respond, id = *id](const engine::Core& core) {
                if (std::optional<std::string> json = engine::render_incident(core, id)) {
                    respond(json_response(*std::move(json)));
                } else {
                    self->read_history(id, respond);
                }
            });
        if (!asked) {
            respond(unavailable("the engine is stopping"));
        }
    }

    void read_history(model::Id id, Respond respond) {
        const std::string name = model::format_id(model::kIncidentPrefix, id);
        if (!parts_.read_history) {
            no_such_incident(respond, name);
            return;
        }
        parts_.in_background([self = shared_from_this(), name, respond] {
            if (std::optional<std::string> json = self->parts_.read_history(name)) {
                respond(json_response(*std::move(json)));
            } else {
                no_such_incident(respond, name);
            }
        });
    }

    void post_acknowledge(Call call, Respond respond) {
        command_incident(call, std::move(respond),
                         [](model::Id id, OperatorBody body) -> model::Command {
                             return model::AcknowledgeIncident{id, std::move(body.by)};
                         });
    }

    void post_resolve(Call call, Respond respond) {
        command_incident(call, std::move(respond),
                         [](model::Id id, OperatorBody body) -> model::Command {
                             return model::ResolveIncident{id, std::move(body.by)};
                         });
    }

    void post_label(Call call, Respond respond) {
        if (const Checked<OperatorBody> body = parse_operator_body(call.request.body);
            body.problems.empty() && body.value.cause.empty()) {
            respond(error_response(
                400, "cause: is missing; expected the node, or the words, that name the cause"));
            return;
        }
        command_incident(
            call, std::move(respond), [](model::Id id, OperatorBody body) -> model::Command {
                return model::LabelIncident{id, std::move(body.cause), std::move(body.by)};
            });
    }

    void post_merge(Call call, Respond respond) {
        if (const Checked<OperatorBody> body = parse_operator_body(call.request.body);
            body.problems.empty() && body.value.from == model::kNoId) {
            respond(error_response(
                400, "from: is missing; expected the incident that goes into this one"));
            return;
        }
        command_incident(call, std::move(respond),
                         [](model::Id id, OperatorBody body) -> model::Command {
                             return model::MergeIncidents{id, body.from, std::move(body.by)};
                         });
    }

    void post_split(Call call, Respond respond) {
        if (const Checked<OperatorBody> body = parse_operator_body(call.request.body);
            body.problems.empty() && body.value.alerts.empty()) {
            respond(error_response(
                400, "alerts: is missing; expected those that become an incident of their own"));
            return;
        }
        command_incident(
            call, std::move(respond), [](model::Id id, OperatorBody body) -> model::Command {
                return model::SplitIncident{id, std::move(body.alerts), std::move(body.by)};
            });
    }

    void post_unmerge(Call call, Respond respond) {
        const std::optional<model::Fingerprint> identity = model::parse_fingerprint(call.name);
        Checked<OperatorBody> body = parse_operator_body(call.request.body);
        if (!identity || !body.problems.empty()) {
            respond(
                error_response(400, "expected an identity of 32 hex digits, as `why` shows it"));
            return;
        }
        const model::Command command =
            model::UnmergeIdentity{*identity, name_of(call.caller, std::move(body.value.by))};
        submit(command, note_of(call.caller, command), call.request.body.size(), std::move(respond),
               [name = call.name](model::Position, Respond answer) {
                   model::JsonWriter out;
                   out.begin_object().member("identity", name).member("state", "unmerged");
                   out.end_object();
                   answer(json_response(out.take()));
               });
    }

    void get_why(Call call, Respond respond) {
        ask(std::move(respond), [name = std::move(call.name)](const engine::Core& core) {
            std::optional<std::string> json = engine::render_why(core, name);
            return json ? json_response(*std::move(json))
                        : error_response(404, "nothing is known of \"" + name.substr(0, 64) +
                                                  "\"; expected an alert, an incident, a "
                                                  "resource or the id of an event");
        });
    }

    void get_rules(Call, Respond respond) {
        ask(std::move(respond),
            [](const engine::Core& core) { return json_response(engine::render_rules(core)); });
    }

    void get_plugins(Call, Respond respond) {
        ask(std::move(respond),
            [](const engine::Core& core) { return json_response(engine::render_plugins(core)); });
    }

    static HttpResponse no_such_plugin(const std::string& name) {
        return error_response(404, "no plugin \"" + name.substr(0, 64) + "\"");
    }

    void get_plugin(Call call, Respond respond) {
        ask(std::move(respond), [name = std::move(call.name)](const engine::Core& core) {
            std::optional<std::string> json = engine::render_plugin(core, name);
            return json ? json_response(*std::move(json)) : no_such_plugin(name);
        });
    }

    void get_comparison(Call call, Respond respond) {
        ask(std::move(respond), [name = std::move(call.name)](const engine::Core& core) {
            std::optional<std::string> json = engine::render_comparison(core, name);
            return json ? json_response(*std::move(json)) : no_such_plugin(name);
        });
    }

    void post_promote(Call call, Respond respond) {
        command_plugin(std::move(call), std::move(respond), engine::PluginCommand::Promote);
    }

    void post_rollback(Call call, Respond respond) {
        command_plugin(std::move(call), std::move(respond), engine::PluginCommand::RollBack);
    }

    void post_release(Call call, Respond respond) {
        command_plugin(std::move(call), std::move(respond), engine::PluginCommand::Release);
    }

    void post_mode(Call call, Respond respond) {
        command_plugin(std::move(call), std::move(respond), engine::PluginCommand::SetMode);
    }

    static model::Command command_of(engine::PluginCommand command, const std::string& plugin,
                                     const OperatorBody& body) {
        switch (command) {
            case engine::PluginCommand::Promote: return model::PromotePlugin{plugin, body.by};
            case engine::PluginCommand::RollBack: return model::RollbackPlugin{plugin, body.by};
            case engine::PluginCommand::Release: return model::ReleasePlugin{plugin, body.by};
            case engine::PluginCommand::SetMode: break;
        }
        return model::SetPluginMode{plugin, body.mode, body.by};
    }

    // Looks whether that can be done, submits the command, answers with the plugin after it.
    void command_plugin(Call call, Respond respond, engine::PluginCommand command) {
        Checked<OperatorBody> body = parse_operator_body(call.request.body);
        if (!body.problems.empty()) {
            respond(problems_response(body.problems));
            return;
        }
        body.value.by = name_of(call.caller, std::move(body.value.by));
        const bool asked = loop_.query([self = shared_from_this(), respond, name = call.name,
                                        command, caller = call.caller,
                                        body = std::move(body.value)](const engine::Core& core) {
            if (const Status can = engine::can_do(core, command, name, body.mode); !can) {
                respond(can.error().code == ErrorCode::NotFound
                            ? error_response(404, can.error().message)
                            : error_response(409, can.error().message));
                return;
            }
            const model::Command order = command_of(command, name, body);
            self->submit(order, note_of(caller, order), sizeof(order), respond,
                         [self, name](model::Position, Respond answer) {
                             self->ask(std::move(answer), [name](const engine::Core& after) {
                                 return json_response(
                                     engine::render_plugin(after, name).value_or("{}"));
                             });
                         });
        });
        if (!asked) {
            respond(unavailable("the engine is stopping"));
        }
    }

    // Looks whether the incident is there, submits the command, answers with the incident after it.
    void command_incident(const Call& call, Respond respond,
                          model::Command (*make)(model::Id, OperatorBody)) {
        Checked<OperatorBody> body = parse_operator_body(call.request.body);
        if (!body.problems.empty()) {
            respond(problems_response(body.problems));
            return;
        }
        body.value.by = name_of(call.caller, std::move(body.value.by));
        const std::optional<model::Id> id = model::parse_id(model::kIncidentPrefix, call.name);
        if (!id) {
            no_such_incident(respond, call.name);
            return;
        }
        const bool asked =
            loop_.query([self = shared_from_this(), respond, id = *id, caller = call.caller,
                         command = make(*id, std::move(body.value))](const engine::Core& core) {
                if (!engine::render_incident(core, id)) {
                    no_such_incident(respond, model::format_id(model::kIncidentPrefix, id));
                    return;
                }
                self->submit(command, note_of(caller, command), sizeof(command), respond,
                             [self, id](model::Position, Respond answer) {
                                 self->ask(std::move(answer), [id](const engine::Core& after) {
                                     return json_response(
                                         engine::render_incident(after, id).value_or("{}"));
                                 });
                             });
            });
        if (!asked) {
            respond(unavailable("the engine is stopping"));
        }
    }

    void get_alerts(Call call, Respond respond) {
        Result<engine::AlertQuery> query = parse_alert_query(call.target);
        if (!query) {
            respond(error_response(400, query.error().message));
            return;
        }
        ask(std::move(respond), [query = *std::move(query)](const engine::Core& core) {
            return json_response(engine::render_alerts(core, query));
        });
    }

    // Answers in the background with what `render` says about the graph: it may be large, and the
    // core does not wait for it.
    void ask_graph(Respond respond, std::function<HttpResponse(const topology::Graph&)> render) {
        const bool asked = loop_.query([self = shared_from_this(), respond,
                                        render = std::move(render)](const engine::Core& core) {
            self->parts_.in_background(
                [graph = engine::topology_of(core), respond, render] { respond(render(*graph)); });
        });
        if (!asked) {
            respond(unavailable("the engine is stopping"));
        }
    }

    void get_topology(Call call, Respond respond) {
        const std::string format(call.target.find("format").value_or("json"));
        if (format != "json" && format != "dot" && format != "graphml") {
            respond(error_response(400, "parameter \"format\": \"" + format.substr(0, 64) +
                                            "\" is not one of json, dot, graphml"));
            return;
        }
        if (format == "json") {
            get_topology_json(std::move(respond));
            return;
        }
        ask_graph(std::move(respond), [format](const topology::Graph& graph) {
            return format == "dot" ? text_response(topology::render_dot(graph), 200,
                                                   "text/vnd.graphviz; charset=utf-8")
                                   : text_response(topology::render_graphml(graph), 200,
                                                   "application/graphml+xml");
        });
    }

    void get_topology_json(Respond respond) {
        const bool asked =
            loop_.query([self = shared_from_this(), respond](const engine::Core& core) {
                self->parts_.in_background(
                    [graph = engine::topology_of(core), blind = engine::blind_nodes(core),
                     respond] { respond(json_response(topology::render_json(*graph, blind))); });
            });
        if (!asked) {
            respond(unavailable("the engine is stopping"));
        }
    }

    void get_lint(Call, Respond respond) {
        ask_graph(std::move(respond), [now = parts_.clock()](const topology::Graph& graph) {
            return json_response(topology::render_lint_json(topology::lint(graph, now)));
        });
    }

    void get_incident_svg(Call call, Respond respond) {
        ask_incident(call, std::move(respond), [](std::string_view json) {
            Result<std::string> svg = render_incident_svg(json);
            return svg ? text_response(*std::move(svg), 200, "image/svg+xml")
                       : error_response(404, svg.error().message);
        });
    }

    void get_incident_impact(Call call, Respond respond) {
        ask_incident(call, std::move(respond), [](std::string_view json) {
            Result<std::string> impact = render_incident_impact(json);
            return impact ? json_response(*std::move(impact))
                          : error_response(404, impact.error().message);
        });
    }

    // What `render` makes of the incident's JSON, from memory or from history, in the background.
    void ask_incident(const Call& call, Respond respond,
                      std::function<HttpResponse(std::string_view json)> render) {
        const std::optional<model::Id> id = model::parse_id(model::kIncidentPrefix, call.name);
        if (!id) {
            no_such_incident(respond, call.name);
            return;
        }
        const bool asked = loop_.query(
            [self = shared_from_this(), respond, render, id = *id](const engine::Core& core) {
                std::optional<std::string> json = engine::render_incident(core, id);
                self->parts_.in_background([self, respond, render, id, json = std::move(json)] {
                    const std::string name = model::format_id(model::kIncidentPrefix, id);
                    const std::optional<std::string> found =
                        json || !self->parts_.read_history ? json : self->parts_.read_history(name);
                    found ? respond(render(*found)) : no_such_incident(respond, name);
                });
            });
        if (!asked) {
            respond(unavailable("the engine is stopping"));
        }
    }

    void post_topology(Call call, Respond respond) {
        Checked<model::TopologyChange> change = parse_topology_body(call.request.body);
        if (!change.problems.empty()) {
            respond(problems_response(change.problems));
            return;
        }
        const std::uint64_t nodes = change.value.nodes.size();
        const std::uint64_t edges = change.value.edges.size();
        model::AuditNote note;
        note.actor = name_of(call.caller, "");
        note.role = call.caller.role_name();
        note.from = call.caller.from;
        note.action = "topology.change";
        note.subject = std::to_string(nodes) + " nodes, " + std::to_string(edges) + " edges, " +
                       std::to_string(change.value.removed_nodes.size()) + " nodes and " +
                       std::to_string(change.value.removed_edges.size()) + " edges removed";
        submit(std::move(change.value), std::move(note), call.request.body.size(),
               std::move(respond), [nodes, edges](model::Position position, Respond answer) {
                   model::JsonWriter out;
                   out.begin_object().member("position", std::to_string(position));
                   out.member("nodes", nodes).member("edges", edges).end_object();
                   answer(json_response(out.take()));
               });
    }

    // In the background: a request may hold thousands of spans.
    void post_traces(Call call, Respond respond) {
        if (parts_.topology == nullptr) {
            respond(error_response(404, "spans are not taken here"));
            return;
        }
        parts_.in_background(
            [self = shared_from_this(),
             request = std::make_shared<HttpRequest>(std::move(call.request)),
             respond] { respond(take_otlp_request(*request, *self->parts_.topology)); });
    }

    void get_sources(Call, Respond respond) {
        respond(parts_.topology == nullptr ? json_response(R"({"sources":[]})")
                                           : json_response(parts_.topology->render_sources()));
    }

    void get_impact(Call call, Respond respond) {
        ask_graph(std::move(respond), [name = std::move(call.name)](const topology::Graph& graph) {
            std::optional<std::string> json = engine::render_impact(graph, name);
            return json ? json_response(*std::move(json))
                        : error_response(404,
                                         "no node \"" + name.substr(0, 64) + "\" in the topology");
        });
    }

    void get_silences(Call, Respond respond) {
        ask(std::move(respond),
            [](const engine::Core& core) { return json_response(engine::render_silences(core)); });
    }

    void post_silence(Call call, Respond respond) {
        Checked<model::AddSilence> silence = parse_silence_body(call.request.body, parts_.clock());
        if (!silence.problems.empty()) {
            respond(problems_response(silence.problems));
            return;
        }
        silence.value.created_by = name_of(call.caller, std::move(silence.value.created_by));
        const bool asked = loop_.query([self = shared_from_this(), respond, caller = call.caller,
                                        size = call.request.body.size(),
                                        command = model::Command(std::move(silence.value))](
                                           const engine::Core& core) {
            if (!engine::has_room_for_silence(core)) {
                respond(error_response(409, "there are as many silences as can be; expire some"));
                return;
            }
            self->submit(command, note_of(caller, command), size, respond,
                         [](model::Position position, Respond answer) {
                             model::JsonWriter out;
                             out.begin_object().member(
                                 "id", model::format_id(model::kSilencePrefix, {position, 0}));
                             out.end_object();
                             answer(json_response(out.take(), 201));
                         });
        });
        if (!asked) {
            respond(unavailable("the engine is stopping"));
        }
    }

    void delete_silence(Call call, Respond respond) {
        const std::optional<model::Id> id = model::parse_id(model::kSilencePrefix, call.name);
        if (!id) {
            respond(error_response(404, "no silence \"" + call.name.substr(0, 64) + "\""));
            return;
        }
        const model::Command command = model::ExpireSilence{
            *id, name_of(call.caller, std::string(call.target.find("by").value_or("")))};
        const bool asked = loop_.query([self = shared_from_this(), respond, id = *id, command,
                                        caller = call.caller](const engine::Core& core) {
            const std::string name = model::format_id(model::kSilencePrefix, id);
            if (engine::render_silences(core).find("\"id\":\"" + name + "\"") ==
                std::string::npos) {
                respond(error_response(404, "no silence \"" + name + "\""));
                return;
            }
            self->submit(
                command, note_of(caller, command), sizeof(model::ExpireSilence), respond,
                [name](model::Position, Respond answer) {
                    model::JsonWriter out;
                    out.begin_object().member("id", name).member("state", "expired").end_object();
                    answer(json_response(out.take()));
                });
        });
        if (!asked) {
            respond(unavailable("the engine is stopping"));
        }
    }

    // Newest first; with `after` in order from there, for who copies the whole log page by page.
    void get_audit(Call call, Respond respond) {
        Result<AuditPage> page = parse_audit_page(call.target, parts_.clock());
        if (!page) {
            respond(error_response(400, page.error().message));
            return;
        }
        if (parts_.audit == nullptr) {
            respond(error_response(404, "there is no audit log here"));
            return;
        }
        parts_.in_background([store = parts_.audit, page = *std::move(page), respond] {
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

    static Result<std::vector<model::AuditEntry>> read_page(store::Store& store,
                                                            const AuditPage& page) {
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

    // ---- runs ----

    static void no_such_run(const Respond& respond, std::string_view id) {
        respond(error_response(404, "no run \"" + std::string(id.substr(0, 64)) + "\""));
    }

    void get_runs(Call call, Respond respond) {
        Result<engine::RunQuery> query = parse_run_query(call.target);
        if (!query) {
            respond(error_response(400, query.error().message));
            return;
        }
        ask(std::move(respond), [query = *std::move(query)](const engine::Core& core) {
            return json_response(engine::render_runs(core, query));
        });
    }

    void get_run_stats(Call, Respond respond) {
        ask(std::move(respond),
            [](const engine::Core& core) { return json_response(engine::render_run_stats(core)); });
    }

    void get_run(Call call, Respond respond) {
        const std::optional<model::Id> id = model::parse_id(model::kRunPrefix, call.name);
        ask(std::move(respond), [id, name = call.name](const engine::Core& core) {
            std::optional<std::string> json = id ? engine::render_run(core, *id) : std::nullopt;
            return json ? json_response(*std::move(json))
                        : error_response(404, "no run \"" + name.substr(0, 64) + "\"");
        });
    }

    void get_actions(Call, Respond respond) {
        ask(std::move(respond),
            [](const engine::Core& core) { return json_response(engine::render_actions(core)); });
    }

    // 201 when it goes on, 409 with the reason when a gate refuses it. Both tell the run.
    void post_run(Call call, Respond respond) {
        Checked<model::PlanProposed> proposal = parse_proposal_body(call.request.body);
        if (!proposal.problems.empty()) {
            respond(problems_response(proposal.problems));
            return;
        }
        model::PlanProposed& plan = proposal.value;
        plan.by = name_of(call.caller, std::move(plan.by));
        if (plan.from.empty() || call.caller.role) {
            plan.from = call.caller.from;
        }
        model::AuditNote note;
        note.actor = plan.by;
        note.role = call.caller.role_name();
        note.from = call.caller.from;
        note.action = "run.propose";
        note.subject = plan.plan.playbook;
        note.reason = plan.plan.summary;
        submit(std::move(plan), std::move(note), call.request.body.size(), std::move(respond),
               [self = shared_from_this()](model::Position position, Respond answer) {
                   self->ask(std::move(answer), [position](const engine::Core& core) {
                       const model::Id id{position, 0};
                       const std::optional<model::RunEvent> event =
                           engine::answer_at(core, id, position);
                       const std::optional<std::string> json = engine::render_run(core, id);
                       if (!event || !json) {
                           return error_response(500, "the run is gone already");
                       }
                       return model::is_refusal(event->reason) ? refusal_response(*event, *json)
                                                               : json_response(*json, 201);
                   });
               });
    }

    // {"error":...,"reason":...,"run":{...}}; `json` may be empty.
    static HttpResponse refusal_response(const model::RunEvent& event, std::string_view json) {
        model::JsonWriter out;
        const std::string name(model::name_of(event.reason));
        out.begin_object().member("error", "refused: " + name +
                                               (event.text.empty() ? "" : ": " + event.text));
        out.member("reason", name).key("run");
        json.empty() ? void(out.null()) : void(out.raw(json));
        out.end_object();
        const bool is_forbidden = event.reason == model::Reason::RoleTooLow ||
                                  event.reason == model::Reason::PersonUnknown ||
                                  event.reason == model::Reason::SelfApproval;
        return json_response(out.take(), is_forbidden ? 403 : 409);
    }

    // With a token, who somebody is and what they may do is the token's to say, whatever the body
    // says. Who gives no name at all has none: the core refuses their word.
    static void speak_as(const Caller& caller, RunWordBody& body) {
        if (!caller.name.empty()) {
            body.by = caller.name;
        }
        body.role = caller.role.value_or(body.role);
        if (body.from.empty() || caller.role) {
            body.from = caller.from;
        }
    }

    // Submits a person's word about a run, answers with the run after it or with the refusal.
    void command_run(const Call& call, Respond respond,
                     const std::function<Result<model::Command>(model::Id, RunWordBody)>& make) {
        Checked<RunWordBody> body = parse_run_word_body(call.request.body);
        if (!body.problems.empty()) {
            respond(problems_response(body.problems));
            return;
        }
        const std::optional<model::Id> id = model::parse_id(model::kRunPrefix, call.name);
        if (!id) {
            no_such_run(respond, call.name);
            return;
        }
        speak_as(call.caller, body.value);
        Result<model::Command> command = make(*id, std::move(body.value));
        if (!command) {
            respond(error_response(400, command.error().message));
            return;
        }
        model::AuditNote note = note_of(call.caller, *command);
        submit(*std::move(command), std::move(note), call.request.body.size(), std::move(respond),
               [self = shared_from_this(), id = *id](model::Position position, Respond answer) {
                   self->ask(std::move(answer), [id, position](const engine::Core& core) {
                       const std::optional<model::RunEvent> event =
                           engine::answer_at(core, id, position);
                       const std::string json = engine::render_run(core, id).value_or("");
                       if (json.empty()) {
                           return error_response(
                               404, "no run \"" + model::format_id(model::kRunPrefix, id) + "\"");
                       }
                       return event && model::is_refusal(event->reason)
                                  ? refusal_response(*event, json)
                                  : json_response(json);
                   });
               });
    }

    void post_approve(Call call, Respond respond) {
        command_run(call, std::move(respond),
                    [](model::Id id, RunWordBody body) -> Result<model::Command> {
                        if (body.hash.empty()) {
                            return fail(ErrorCode::Invalid,
                                        "hash: is missing; expected the hash of the plan that "
                                        "is approved");
                        }
                        return model::Command(
                            model::ApproveRun{id, body.hash, body.by, body.role, body.from});
                    });
    }

    void post_reject(Call call, Respond respond) {
        command_run(call, std::move(respond),
                    [](model::Id id, RunWordBody body) -> Result<model::Command> {
                        return model::Command(
                            model::RejectRun{id, body.by, body.role, body.from, body.why});
                    });
    }

    void post_run_label(Call call, Respond respond) {
        command_run(
            call, std::move(respond), [](model::Id id, RunWordBody body) -> Result<model::Command> {
                if (!body.label) {
                    return fail(ErrorCode::Invalid, "label: is missing; expected one of helped, "
                                                    "did_not_help, made_worse, none");
                }
                return model::Command(
                    model::LabelRun{id, *body.label, body.by, body.role, body.from});
            });
    }

    void post_settle(Call call, Respond respond) {
        command_run(
            call, std::move(respond), [](model::Id id, RunWordBody body) -> Result<model::Command> {
                const std::optional<model::AttemptKey> key = model::parse_attempt_key(body.attempt);
                if (!body.verdict || !key || key->run != id) {
                    return fail(ErrorCode::Invalid,
                                "expected a verdict (done, failed, again, abandon) and the "
                                "attempt that it is about, e.g. \"R12-0/1/run/1\"");
                }
                return model::Command(
                    model::SettleRun{*key, static_cast<model::SettleRun::Verdict>(*body.verdict),
                                     body.by, body.role, body.from});
            });
    }

    // That actions are stopped or a node is frozen is what was asked for here.
    static bool is_refused_word(model::Reason reason) {
        return model::is_refusal(reason) && reason != model::Reason::ActionsStopped &&
               reason != model::Reason::NodeFrozen;
    }

    // Submits a person's word that is about no run; answers with the switch and the frozen nodes.
    void command_actions(const Call& call, Respond respond,
                         const std::function<model::Command(RunWordBody)>& make) {
        Checked<RunWordBody> body = parse_run_word_body(call.request.body);
        if (const auto by = call.target.find("by"); by && body.value.by.empty()) {
            body.value.by = *by;
        }
        if (!body.problems.empty()) {
            respond(problems_response(body.problems));
            return;
        }
        speak_as(call.caller, body.value);
        const model::Command command = make(std::move(body.value));
        submit(command, note_of(call.caller, command), call.request.body.size(), std::move(respond),
               [self = shared_from_this()](model::Position position, Respond answer) {
                   self->ask(std::move(answer), [position](const engine::Core& core) {
                       const std::optional<model::RunEvent> event =
                           engine::answer_at(core, model::kNoId, position);
                       return event && is_refused_word(event->reason)
                                  ? refusal_response(*event, "")
                                  : json_response(engine::render_actions(core));
                   });
               });
    }

    void post_stop(Call call, Respond respond) {
        command_actions(call, std::move(respond), [](RunWordBody body) -> model::Command {
            return model::StopActions{body.on, body.by, body.role, body.from, body.why};
        });
    }

    void post_freeze(Call call, Respond respond) {
        command_actions(call, std::move(respond),
                        [node = call.name](RunWordBody body) -> model::Command {
                            return model::FreezeNode{node, body.by, body.role, body.from, body.why};
                        });
    }

    void delete_freeze(Call call, Respond respond) {
        command_actions(call, std::move(respond),
                        [node = call.name](RunWordBody body) -> model::Command {
                            return model::ThawNode{node, body.by, body.role, body.from};
                        });
    }

    void post_chat(Call call, Respond respond) {
        if (!parts_.chat || (call.name != "slack" && call.name != "mattermost")) {
            respond(error_response(404, "no such chat is configured"));
            return;
        }
        parts_.chat(call.name, std::move(call.request), std::move(respond));
    }

    void get_stream(Call call, Respond respond) {
        if (const Status known = check_parameters(call.target, {"topic"}); !known) {
            respond(error_response(400, known.error().message));
            return;
        }
        HttpResponse response;
        response.content_type = "text/event-stream";
        response.stream_prefix = std::string(call.target.find("topic").value_or(""));
        respond(std::move(response));
    }

    engine::Loop& loop_;
    Ingest& ingest_;
    ApiParts parts_;
};

Api::Api(engine::Loop& loop, Ingest& ingest, ApiParts parts)
    : inside_(std::make_shared<Inside>(loop, ingest, std::move(parts))) {}

Api::~Api() = default;

void Api::handle(HttpRequest request, Respond respond) {
    inside_->handle(std::move(request), std::move(respond));
}

}  // namespace nocturne::gateway
