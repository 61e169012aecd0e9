// The service graph: what it is, what feeds it, whom a fault would hurt.
#include "engine/view.hpp"
#include "gateway/api/answers.hpp"
#include "gateway/api/handlers.hpp"
#include "gateway/otlp_request.hpp"
#include "gateway/request_body.hpp"
#include "gateway/topology_feed.hpp"
#include "model/json_writer.hpp"
#include "topology/export.hpp"
#include "topology/lint.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace nocturne::gateway {

namespace {

// Answers in the background with what `render` says about the graph: it may be large, and the
// core does not wait for it.
void ask_graph(const Context& context, Respond respond,
               std::function<HttpResponse(const topology::Graph&)> render) {
    look(context, respond,
         [context, respond, render = std::move(render)](const engine::Core& core) {
             context->parts.in_background(
                 [graph = engine::topology_of(core), respond, render] { respond(render(*graph)); });
         });
}

void get_topology_json(const Context& context, Respond respond) {
    look(context, respond, [context, respond](const engine::Core& core) {
        context->parts.in_background(
            [graph = engine::topology_of(core), blind = engine::blind_nodes(core), respond] {
                respond(json_response(topology::render_json(*graph, blind)));
            });
    });
}

}  // namespace

void get_topology(const Context& context, Call call, Respond respond) {
    const std::string format(call.target.find("format").value_or("json"));
    if (format != "json" && format != "dot" && format != "graphml") {
        respond(error_response(400, "parameter \"format\": \"" + format.substr(0, 64) +
                                        "\" is not one of json, dot, graphml"));
        return;
    }
    if (format == "json") {
        get_topology_json(context, std::move(respond));
        return;
    }
    ask_graph(context, std::move(respond), [format](const topology::Graph& graph) {
        return format == "dot"
                   ? text_response(topology::render_dot(graph), 200,
                                   "text/vnd.graphviz; charset=utf-8")
                   : text_response(topology::render_graphml(graph), 200, "application/graphml+xml");
    });
}

void post_topology(const Context& context, Call call, Respond respond) {
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
    submit(context, std::move(change.value), std::move(note), call.request.body.size(),
           std::move(respond), [nodes, edges](model::Position position, Respond answer) {
               model::JsonWriter out;
               out.begin_object().member("position", std::to_string(position));
               out.member("nodes", nodes).member("edges", edges).end_object();
               answer(json_response(out.take()));
           });
}

void get_lint(const Context& context, Call, Respond respond) {
    ask_graph(context, std::move(respond),
              [now = context->parts.clock()](const topology::Graph& graph) {
                  return json_response(topology::render_lint_json(topology::lint(graph, now)));
              });
}

void get_impact(const Context& context, Call call, Respond respond) {
    ask_graph(context, std::move(respond),
              [name = std::move(call.name)](const topology::Graph& graph) {
                  std::optional<std::string> json = engine::render_impact(graph, name);
                  return json ? json_response(*std::move(json))
                              : error_response(404, "no node \"" + name.substr(0, 64) +
                                                        "\" in the topology");
              });
}

void get_sources(const Context& context, Call, Respond respond) {
    respond(context->parts.topology == nullptr
                ? json_response(R"({"sources":[]})")
                : json_response(context->parts.topology->render_sources()));
}

// In the background: a request may hold thousands of spans.
void post_traces(const Context& context, Call call, Respond respond) {
    if (context->parts.topology == nullptr) {
        respond(error_response(404, "spans are not taken here"));
        return;
    }
    context->parts.in_background(
        [context, request = std::make_shared<HttpRequest>(std::move(call.request)), respond] {
            respond(take_otlp_request(*request, *context->parts.topology));
        });
}

}  // namespace nocturne::gateway
