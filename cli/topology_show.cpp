// `nocturne topology show` and `sources`: what is in the graph, and who says so.
#include "cli/exit_code.hpp"
#include "cli/graph_reading.hpp"
#include "cli/json_text.hpp"
#include "cli/terminal.hpp"
#include "cli/topology_commands.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <map>
#include <memory>
#include <set>

namespace nocturne::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t kRowsMax = 500;

struct ShowOptions {
    std::string node;
    std::vector<std::string> files;
    std::shared_ptr<ServerOptions> server;
};

std::string joined(const json::array& texts) {
    std::string all;
    for (const json::value& text : texts) {
        if (text.is_string()) {
            all += (all.empty() ? "" : ", ") + sanitise(text.get_string());
        }
    }
    return all.empty() ? "-" : all;
}

std::string seen(const json::value& value, const PageOptions& options) {
    const model::Time time = time_of(value, "last_seen");
    return time == model::kNoTime ? "-" : ago(time, options.now);
}

std::string or_dash_of(const json::value& value, const char* key) {
    const std::string text = sanitise(text_of(value, key));
    return text.empty() ? "-" : text;
}

// Each source's time to live, where it has one: "otlp 1d".
std::string lives(const json::value& value) {
    std::string all;
    for (const json::value& claim : list_of(value, "claims")) {
        if (const std::string ttl = text_of(claim, "ttl"); !ttl.empty()) {
            all += (all.empty() ? "" : ", ") + sanitise(text_of(claim, "source")) + " " + ttl;
        }
    }
    return all.empty() ? "-" : all;
}

std::string render_all(const json::value& graph, const PageOptions& options) {
    std::map<std::string, std::pair<std::size_t, std::size_t>> degrees;
    for (const json::value& edge : list_of(graph, "edges")) {
        ++degrees[text_of(edge, "from")].first;
        ++degrees[text_of(edge, "to")].second;
    }
    Table table({{"NODE"},
                 {"TYPE"},
                 {"DEPENDS ON", Table::Align::Right},
                 {"DEPENDENTS", Table::Align::Right},
                 {"SEEN"},
                 {"SOURCES"}});
    std::size_t rows = 0;
    for (const json::value& node : list_of(graph, "nodes")) {
        if (++rows <= kRowsMax) {
            const std::string name = text_of(node, "name");
            table.add({cut(sanitise(name), 48), or_dash_of(node, "type"),
                       std::to_string(degrees[name].first), std::to_string(degrees[name].second),
                       seen(node, options), joined(list_of(node, "provenance"))});
        }
    }
    std::string out = table.render(options.palette, options.width);
    out += std::to_string(rows) + " nodes, " + std::to_string(list_of(graph, "edges").size()) +
           " edges";
    out += rows > kRowsMax ? "; the first " + std::to_string(kRowsMax) + " are shown\n" : "\n";
    return out;
}

bool is_called(const json::value& node, const std::string& name) {
    if (text_of(node, "name") == name) {
        return true;
    }
    for (const json::value& alias : list_of(node, "aliases")) {
        if (alias.is_string() && std::string_view(alias.get_string()) == name) {
            return true;
        }
    }
    return false;
}

std::string render_edges(const json::value& graph, const std::string& name, const char* end,
                         const char* other, const char* title, const PageOptions& options) {
    Table table({{title},
                 {"TYPE"},
                 {"WEIGHT", Table::Align::Right},
                 {"CONFIDENCE", Table::Align::Right},
                 {"SEEN"},
                 {"TTL"},
                 {"SOURCES"}});
    for (const json::value& edge : list_of(graph, "edges")) {
        if (text_of(edge, end) == name) {
            table.add({cut(sanitise(text_of(edge, other)), 48), or_dash_of(edge, "type"),
                       text_of(edge, "weight"), percent(number_of(edge, "confidence")),
                       seen(edge, options), lives(edge), joined(list_of(edge, "provenance"))});
        }
    }
    return table.empty() ? std::string() : "\n" + table.render(options.palette, options.width);
}

std::string render_node(const json::value& graph, const json::value& node,
                        const PageOptions& options) {
    const std::string name = text_of(node, "name");
    std::string out =
        options.palette.paint(Style::Bold, sanitise(name)) + "  " + or_dash_of(node, "type") + "\n";
    out += "  also called   " + joined(list_of(node, "aliases")) + "\n";
    out += "  owner         " + or_dash_of(node, "owner") + ", criticality " +
           text_of(node, "criticality") + "\n";
    out += "  vouched for   " + joined(list_of(node, "provenance")) + ", last seen " +
           seen(node, options) + "\n";
    out += render_edges(graph, name, "from", "to", "DEPENDS ON", options);
    out += render_edges(graph, name, "to", "from", "DEPENDENTS", options);
    return out;
}

int show(const ShowOptions& options) {
    const Result<std::string> text = graph_json(options.files, *options.server);
    if (!text) {
        return complain_of(text.error());
    }
    const Result<json::value> graph = parse_json(*text);
    if (!graph) {
        return complain_of(graph.error());
    }
    const bool is_json = *options.server->format == Format::Json;
    if (options.node.empty()) {
        print(is_json ? *text + "\n" : render_all(*graph, page_options()));
        return kOk;
    }
    for (const json::value& node : list_of(*graph, "nodes")) {
        if (is_called(node, options.node)) {
            print(is_json ? json::serialize(node) + "\n"
                          : render_node(*graph, node, page_options()));
            return kOk;
        }
    }
    complain("no node \"" + options.node + "\" in the graph");
    return kFindings;
}

std::string render_sources(const json::value& reply, const PageOptions& options) {
    Table table({{"SOURCE"},
                 {"KIND"},
                 {"EVERY"},
                 {"LAST ANSWER"},
                 {"NODES", Table::Align::Right},
                 {"EDGES", Table::Align::Right},
                 {"FAILED", Table::Align::Right},
                 {"LAST ERROR"}});
    for (const json::value& source : list_of(reply, "sources")) {
        const model::Time answered = time_of(source, "last_success");
        const std::string error = sanitise(text_of(source, "last_error"));
        table.add({sanitise(text_of(source, "name")), text_of(source, "kind"),
                   text_of(source, "interval"),
                   answered == model::kNoTime ? "never" : ago(answered, options.now),
                   text_of(source, "nodes"), text_of(source, "edges"),
                   text_of(source, "failures") + " of " + text_of(source, "pulls"),
                   error.empty() ? "-" : options.palette.paint(Style::Red, error)});
    }
    std::string out = table.empty()
                          ? std::string("no source is pulled; topology_sources: in nocturne.yaml "
                                        "lists them\n")
                          : table.render(options.palette, options.width);
    const json::value* spans =
        reply.is_object() ? reply.get_object().if_contains("spans") : nullptr;
    if (spans != nullptr) {
        out += "spans: " + text_of(*spans, "spans") + " taken, " + text_of(*spans, "paired") +
               " paired, " + text_of(*spans, "waiting") + " waiting, " +
               text_of(*spans, "unpaired") + " without the other side, " +
               text_of(*spans, "rejected") + " rejected\n";
    }
    return out;
}

}  // namespace

void add_topology_show(CLI::App& parent, Action& chosen) {
    CLI::App* command =
        parent.add_subcommand("show", "Show the graph, or one node with its edges and sources");
    auto options = std::make_shared<ShowOptions>();
    command->add_option("node", options->node, "a node, by its name or an alias")
        ->option_text("NODE");
    command->add_option("--topology", options->files, "files instead of the running daemon")
        ->option_text("FILE...");
    options->server = add_server_options(*command);
    command->callback([&chosen, options] { chosen = [options] { return show(*options); }; });
}

void add_topology_sources(CLI::App& parent, Action& chosen) {
    CLI::App* command =
        parent.add_subcommand("sources", "Show the sources that are pulled, and their last error");
    auto server = add_server_options(*command);
    command->callback([&chosen, server] {
        chosen = [server] {
            return answer(Server(*server).get("/api/v1/topology/sources"), *server->format,
                          render_sources);
        };
    });
}

}  // namespace nocturne::cli
