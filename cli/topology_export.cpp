// `nocturne topology export` and `svg`: the graph for other tools, and a picture of an incident.
#include "cli/exit_code.hpp"
#include "cli/graph_reading.hpp"
#include "cli/topology_commands.hpp"
#include "topology/export.hpp"

#include <CLI/CLI.hpp>

#include <fstream>
#include <memory>

namespace nocturne::cli {

namespace {

struct ExportOptions {
    std::string as = "json";
    std::vector<std::string> files;
    std::string out;
    std::string incident;
    std::shared_ptr<ServerOptions> server;
};

int write_to(const std::string& file, const std::string& text) {
    if (file.empty() || file == "-") {
        print(text);
        return kOk;
    }
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.close();
    if (!out) {
        complain(file + ": cannot be written");
        return kFindings;
    }
    return kOk;
}

int fetch_to(const std::string& file, const ServerOptions& server, const std::string& path) {
    const Result<gateway::HttpReply> reply = Server(server).get(path);
    if (!reply) {
        return complain_of(reply.error());
    }
    if (!reply->is_ok()) {
        return complain_of({ErrorCode::Invalid, gateway::error_of(*reply), {}});
    }
    return write_to(file, reply->body);
}

int export_graph(const ExportOptions& options) {
    if (options.files.empty()) {
        return fetch_to(options.out, *options.server, "/api/v1/topology?format=" + options.as);
    }
    const Result<topology::LiveGraph> graph = read_graph(options.files);
    if (!graph) {
        return complain_of(graph.error());
    }
    return write_to(options.out, options.as == "dot" ? topology::render_dot(graph->now())
                                 : options.as == "graphml"
                                     ? topology::render_graphml(graph->now())
                                     : topology::render_json(graph->now()) + "\n");
}

}  // namespace

int write_incident_svg(const ServerOptions& server, const std::string& incident,
                       const std::string& file) {
    return fetch_to(file, server,
                    "/api/v1/incidents/" + gateway::url_encode(incident) + "/graph.svg");
}

void add_topology_export(CLI::App& parent, Action& chosen) {
    CLI::App* command = parent.add_subcommand("export", "Write the graph as JSON, DOT or GraphML");
    auto options = std::make_shared<ExportOptions>();
    command->add_option("--as", options->as, "json, dot (Graphviz) or graphml (yEd, Gephi)")
        ->check(CLI::IsMember({"json", "dot", "graphml"}))
        ->capture_default_str()
        ->option_text("FORMAT");
    command->add_option("--topology", options->files, "files instead of the running daemon")
        ->option_text("FILE...");
    command->add_option("--out,-o", options->out, "a file instead of stdout")->option_text("FILE");
    options->server = add_server_options(*command);
    command->callback(
        [&chosen, options] { chosen = [options] { return export_graph(*options); }; });
}

void add_topology_svg(CLI::App& parent, Action& chosen) {
    CLI::App* command = parent.add_subcommand(
        "svg", "Draw the neighbourhood of an incident: its suspects, what alerts, what is silent");
    auto options = std::make_shared<ExportOptions>();
    command->add_option("--incident", options->incident, "an incident, e.g. I1042-3")
        ->required()
        ->option_text("ID");
    command->add_option("--out,-o", options->out, "a file instead of stdout")->option_text("FILE");
    options->server = add_server_options(*command);
    command->callback([&chosen, options] {
        chosen = [options] {
            return write_incident_svg(*options->server, options->incident, options->out);
        };
    });
}

}  // namespace nocturne::cli
