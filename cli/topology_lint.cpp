// `nocturne topology lint` and `diff`: what is odd about the graph, and what changed.
#include "cli/exit_code.hpp"
#include "cli/graph_reading.hpp"
#include "cli/json_text.hpp"
#include "cli/terminal.hpp"
#include "cli/topology_commands.hpp"
#include "model/json_writer.hpp"
#include "topology/difference.hpp"
#include "topology/lint.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <memory>

namespace nocturne::cli {

namespace json = boost::json;

namespace {

// ---- lint ----

struct LintOptions {
    std::vector<std::string> files;
    std::shared_ptr<ServerOptions> server;
};

std::string render_lint(const json::value& report, const PageOptions& options) {
    Table table({{"WHAT"}, {"NODES"}, {"WHY"}});
    for (const json::value& finding : list_of(report, "findings")) {
        std::string nodes;
        for (const json::value& node : list_of(finding, "nodes")) {
            nodes += (nodes.empty() ? "" : " > ") +
                     (node.is_string() ? sanitise(node.get_string()) : std::string());
        }
        table.add({text_of(finding, "kind"), cut(nodes, 60), sanitise(text_of(finding, "text"))});
    }
    if (table.empty()) {
        return "nothing odd about the graph\n";
    }
    std::string counts;
    if (const json::value* object = report.get_object().if_contains("counts")) {
        for (const auto& count : object->get_object()) {
            counts += (counts.empty() ? "" : ", ") + std::string(count.key()) + " " +
                      json::serialize(count.value());
        }
    }
    return table.render(options.palette, options.width) + counts + "\n";
}

int lint(const LintOptions& options) {
    Result<std::string> text = fail(ErrorCode::Internal, "");
    if (options.files.empty()) {
        const Result<gateway::HttpReply> reply =
            Server(*options.server).get("/api/v1/topology/lint");
        if (!reply || !reply->is_ok()) {
            return reply ? complain_of({ErrorCode::Invalid, gateway::error_of(*reply), {}})
                         : complain_of(reply.error());
        }
        text = reply->body;
    } else {
        const Result<topology::LiveGraph> graph = read_graph(options.files);
        if (!graph) {
            return complain_of(graph.error());
        }
        text = topology::render_lint_json(topology::lint(graph->now(), wall_clock())) + "\n";
    }
    const Result<json::value> report = parse_json(*text);
    if (!report) {
        return complain_of(report.error());
    }
    print(*options.server->format == Format::Json ? *text : render_lint(*report, page_options()));
    return list_of(*report, "findings").empty() ? kOk : kFindings;
}

// ---- diff ----

struct DiffOptions {
    std::vector<std::string> graphs;
    std::string incident;
    std::shared_ptr<ServerOptions> server;
};

Result<topology::LiveGraph> graph_of_daemon(const ServerOptions& server) {
    NOCTURNE_TRY(const std::string text, graph_json({}, server));
    return parse_graph(text, server.url);
}

Result<topology::LiveGraph> graph_of_incident(const DiffOptions& options) {
    NOCTURNE_TRY(
        const gateway::HttpReply reply,
        Server(*options.server).get("/api/v1/incidents/" + gateway::url_encode(options.incident)));
    if (!reply.is_ok()) {
        return fail(ErrorCode::Invalid, gateway::error_of(reply));
    }
    NOCTURNE_TRY(const json::value incident, parse_json(reply.body));
    const json::value* graph =
        incident.is_object() ? incident.get_object().if_contains("graph") : nullptr;
    if (graph == nullptr || !graph->is_object()) {
        return fail(ErrorCode::NotFound, "no graph was kept with " + options.incident);
    }
    return parse_graph(json::serialize(*graph), options.incident);
}

// Of the whole graph only what the incident's part of it could have shown.
void keep_to(const topology::Graph& part, topology::Difference& found) {
    const auto is_there = [&](const std::string& name) {
        return part.find(name) != topology::kNoNode;
    };
    found.nodes_added.clear();
    std::erase_if(found.edges_added, [&](const topology::EdgeName& edge) {
        return !is_there(edge.from) || !is_there(edge.to);
    });
}

std::string name_of(const topology::EdgeName& edge) {
    return edge.from + " -> " + edge.to + (edge.type.empty() ? "" : " (" + edge.type + ")");
}

std::string render_text(const topology::Difference& found, const Palette& palette) {
    std::string out;
    const auto line = [&](Style style, const std::string& text) {
        out += palette.paint(style, sanitise(text)) + "\n";
    };
    for (const std::string& node : found.nodes_removed) {
        line(Style::Red, "- " + node);
    }
    for (const std::string& node : found.nodes_added) {
        line(Style::Green, "+ " + node);
    }
    for (const topology::EdgeName& edge : found.edges_removed) {
        line(Style::Red, "- " + name_of(edge));
    }
    for (const topology::EdgeName& edge : found.edges_added) {
        line(Style::Green, "+ " + name_of(edge));
    }
    for (const topology::WeightChange& change : found.weights_changed) {
        model::JsonWriter weights;
        weights.begin_array().number(change.before).number(change.after).end_array();
        line(Style::Yellow, "~ " + name_of(change.edge) + " weight " + weights.take());
    }
    return out.empty() ? "no difference\n" : out;
}

std::string render_json(const topology::Difference& found) {
    model::JsonWriter out;
    const auto edge = [&](const topology::EdgeName& name) {
        out.begin_object().member("from", name.from).member("to", name.to);
        out.member("type", name.type);
    };
    out.begin_object();
    for (const auto& [key, nodes] :
         {std::pair("nodes_added", &found.nodes_added), {"nodes_removed", &found.nodes_removed}}) {
        out.key(key).begin_array();
        for (const std::string& node : *nodes) {
            out.text(node);
        }
        out.end_array();
    }
    for (const auto& [key, edges] :
         {std::pair("edges_added", &found.edges_added), {"edges_removed", &found.edges_removed}}) {
        out.key(key).begin_array();
        for (const topology::EdgeName& name : *edges) {
            edge(name);
            out.end_object();
        }
        out.end_array();
    }
    out.key("weights_changed").begin_array();
    for (const topology::WeightChange& change : found.weights_changed) {
        edge(change.edge);
        out.member("before", change.before).member("after", change.after).end_object();
    }
    out.end_array().end_object();
    return out.take();
}

int diff(const DiffOptions& options) {
    if (options.graphs.empty() == options.incident.empty()) {
        complain("expected a file to compare, or --incident ID");
        return kUsage;
    }
    const Result<topology::LiveGraph> before =
        options.incident.empty() ? read_graph({options.graphs[0]}) : graph_of_incident(options);
    if (!before) {
        return complain_of(before.error());
    }
    const Result<topology::LiveGraph> after = options.graphs.size() > 1
                                                  ? read_graph({options.graphs[1]})
                                                  : graph_of_daemon(*options.server);
    if (!after) {
        return complain_of(after.error());
    }
    topology::Difference found = topology::difference(before->now(), after->now());
    if (!options.incident.empty()) {
        keep_to(before->now(), found);
    }
    print(*options.server->format == Format::Json ? render_json(found) + "\n"
                                                  : render_text(found, page_options().palette));
    return found.empty() ? kOk : kFindings;
}

}  // namespace

void add_topology_lint(CLI::App& parent, Action& chosen) {
    CLI::App* command = parent.add_subcommand(
        "lint", "Look the graph over: orphans, cycles, nodes that only events know, edges that "
                "nobody confirms");
    auto options = std::make_shared<LintOptions>();
    command->add_option("--topology", options->files, "files instead of the running daemon")
        ->option_text("FILE...");
    options->server = add_server_options(*command);
    command->footer("Exit codes: 0 nothing odd, 1 findings, 3 no answer from the daemon.");
    command->callback([&chosen, options] { chosen = [options] { return lint(*options); }; });
}

void add_topology_diff(CLI::App& parent, Action& chosen) {
    CLI::App* command = parent.add_subcommand(
        "diff",
        "Compare two graphs: files (YAML, or JSON as export writes it), or one of them with "
        "the running daemon, or the graph kept with an incident with that of today");
    auto options = std::make_shared<DiffOptions>();
    command->add_option("graphs", options->graphs, "before and after; without after: the daemon")
        ->expected(0, 2)
        ->option_text("FILE [FILE]");
    command->add_option("--incident", options->incident, "before is the graph kept with it")
        ->option_text("ID");
    options->server = add_server_options(*command);
    command->footer("Exit codes: 0 the same, 1 different, 3 no answer from the daemon.");
    command->callback([&chosen, options] { chosen = [options] { return diff(*options); }; });
}

}  // namespace nocturne::cli
