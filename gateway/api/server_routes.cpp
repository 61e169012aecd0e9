// The daemon itself: pages about it, its metrics and health, its stream, and the chats' door.
#include "engine/loop.hpp"
#include "engine/view.hpp"
#include "gateway/access.hpp"
#include "gateway/api/answers.hpp"
#include "gateway/api/handlers.hpp"
#include "gateway/api/parameters.hpp"
#include "gateway/ingest.hpp"
#include "gateway/metric_text.hpp"
#include "model/json_writer.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace nocturne::gateway {

namespace {

constexpr std::string_view kFrontPage =
    "Nocturne, an event correlation engine.\n\n"
    "/api/v1/incidents  /api/v1/alerts  /api/v1/topology  /api/v1/silences  /api/v1/impact/NODE\n"
    "/api/v1/rules  /api/v1/plugins  /api/v1/topology/lint  /api/v1/topology/sources\n"
    "/api/v1/audit  /v1/traces (POST)\n"
    "/api/v1/events (POST)  /api/v1/events/PAYLOAD (POST)  /api/v1/stream  /metrics  /-/healthy  "
    "/-/ready  /version\n"
    "/api/v1/runs  /api/v1/runs/stats  /api/v1/actions  /api/v1/actions/stop (POST)  "
    "/api/v1/nodes/NODE/freeze (POST, DELETE)\n";

constexpr std::string_view kMetricsText = "text/plain; version=0.0.4; charset=utf-8";

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
    append_metric(out, "loop_queue_inputs", "Inputs on their way, from received to applied.",
                  MetricType::Gauge, counters.queue_inputs);
    append_metric(out, "loop_queue_bytes", "About what they weigh.", MetricType::Gauge,
                  counters.queue_bytes);
    append_metric(out, "audit_notes_lost_total",
                  "Refusals that the audit log lost while the disk failed.", MetricType::Counter,
                  counters.audit_notes_lost);
}

}  // namespace

void get_front_page(const Context&, Call, Respond respond) {
    respond(text_response(std::string(kFrontPage)));
}

void get_version(const Context& context, Call, Respond respond) {
    model::JsonWriter out;
    out.begin_object()
        .member("version", context->parts.version)
        .member("commit", context->parts.commit)
        .end_object();
    respond(json_response(out.take()));
}

void get_metrics(const Context& context, Call, Respond respond) {
    std::string text;
    append_metric_head(text, "build_info", "The version that runs.", MetricType::Gauge);
    append_sample(
        text, "build_info",
        "version=\"" + context->parts.version + "\",commit=\"" + context->parts.commit + "\"", 1);
    append_metric(text, "up_to_date", "Whether the last write to the journal succeeded.",
                  MetricType::Gauge, context->loop.health() ? 1 : 0);
    append_loop_metrics(context->loop.counters(), text);
    context->ingest.append_metrics(text);
    context->parts.access->append_metrics(text);
    for (const auto& append : context->parts.metrics) {
        append(text);
    }
    const bool asked = context->loop.query([respond, text](const engine::Core& core) {
        std::string all = text;
        engine::append_metrics(core, all);
        respond(text_response(std::move(all), 200, kMetricsText));
    });
    if (!asked) {
        respond(text_response(std::move(text), 200, kMetricsText));
    }
}

void get_healthy(const Context&, Call, Respond respond) {
    respond(text_response("Nocturne is healthy.\n"));
}

void get_ready(const Context& context, Call, Respond respond) {
    const Status health = context->loop.health();
    respond(health ? text_response("Nocturne is ready.\n")
                   : text_response("Nocturne is not ready: " + health.error().message + "\n", 503));
}

void post_reload(const Context& context, Call call, Respond respond) {
    if (!context->parts.reload) {
        respond(error_response(501, "this server has no configuration to reload"));
        return;
    }
    context->parts.in_background([reload = context->parts.reload, caller = call.caller, respond] {
        const Status status = reload(caller);
        respond(status ? text_response("Reloaded.\n")
                       : error_response(500, to_string(status.error())));
    });
}

void get_stream(const Context&, Call call, Respond respond) {
    if (const Status known = check_parameters(call.target, {"topic"}); !known) {
        respond(error_response(400, known.error().message));
        return;
    }
    HttpResponse response;
    response.content_type = "text/event-stream";
    response.stream_prefix = std::string(call.target.find("topic").value_or(""));
    respond(std::move(response));
}

void post_chat(const Context& context, Call call, Respond respond) {
    if (!context->parts.chat || (call.name != "slack" && call.name != "mattermost")) {
        respond(error_response(404, "no such chat is configured"));
        return;
    }
    context->parts.chat(call.name, std::move(call.request), std::move(respond));
}

}  // namespace nocturne::gateway
