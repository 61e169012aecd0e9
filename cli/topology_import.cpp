// `nocturne topology import`: what a document of another tool says, printed or sent.
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/server.hpp"
#include "cli/topology_commands.hpp"
#include "gateway/topology_document.hpp"
#include "gateway/topology_json.hpp"
#include "model/severity.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

namespace nocturne::cli {

namespace {

constexpr std::size_t kDocumentBytesMax = 512U << 20;

struct ImportOptions {
    std::string from;
    std::vector<std::string> files;
    std::string provenance;
    std::string ttl;
    bool sends = false;
    std::shared_ptr<ServerOptions> server;
};

Result<std::string> read_document(const std::string& file) {
    std::string text;
    if (file == "-") {
        text.assign(std::istreambuf_iterator<char>(std::cin), {});
    } else {
        std::ifstream in(file, std::ios::binary);
        std::error_code ignored;
        if (!in || std::filesystem::is_directory(file, ignored)) {
            return fail(ErrorCode::NotFound, file + ": cannot be read; is the name right?");
        }
        text.assign(std::istreambuf_iterator<char>(in), {});
    }
    if (text.size() > kDocumentBytesMax) {
        return fail(ErrorCode::Invalid, file + ": more than 512 MiB; import it in parts");
    }
    return text;
}

// Several files are one document: the pages of an inventory, the kinds of a cluster.
Result<gateway::TopologyDocument> read_documents(const ImportOptions& options) {
    const auto format =
        model::find_name<gateway::TopologyFormat>(gateway::kTopologyFormatNames, options.from);
    std::string all;
    std::string names;
    for (const std::string& file : options.files) {
        NOCTURNE_TRY(const std::string text, read_document(file));
        all += text;
        all += all.ends_with('\n') ? "" : "\n";
        names += (names.empty() ? "" : "+") + file;
    }
    return gateway::read_topology_document(*format, all, names, wall_clock());
}

int import(const ImportOptions& options) {
    Result<gateway::TopologyDocument> document = read_documents(options);
    if (!document) {
        complain(to_string(document.error()));
        return kFindings;
    }
    model::TopologyChange& change = document->change;
    if (!options.provenance.empty()) {
        change.provenance = options.provenance;
    }
    if (!options.ttl.empty()) {
        const Result<model::Duration> ttl = model::parse_duration(options.ttl);
        if (!ttl) {
            complain("--ttl " + options.ttl + ": not a duration; expected e.g. 1h");
            return kUsage;
        }
        change.ttl = *ttl;
    }
    complain(document->problems);
    if (document->problems_more > 0) {
        complain("and " + std::to_string(document->problems_more) + " more problems");
    }
    const int code = document->is_whole ? kOk : kFindings;
    const std::string body = gateway::render_topology_change(change);
    if (!options.sends) {
        print(body + "\n");
        return code;
    }
    const int sent =
        answer(Server(*options.server).post("/api/v1/topology", body), *options.server->format,
               [&](const boost::json::value&, const PageOptions&) {
                   return "sent " + std::to_string(change.nodes.size()) + " nodes and " +
                          std::to_string(change.edges.size()) + " edges of " + change.provenance +
                          "\n";
               });
    return sent == kOk ? code : sent;
}

}  // namespace

void add_topology_import(CLI::App& parent, Action& chosen) {
    CLI::App* command = parent.add_subcommand(
        "import", "Read a document of another tool; print what it says of the graph, or send it");
    auto options = std::make_shared<ImportOptions>();
    command
        ->add_option("--from", options->from, "csv, otlp, prometheus, kubernetes, consul, netbox")
        ->required()
        ->check(CLI::IsMember({"csv", "otlp", "prometheus", "kubernetes", "consul", "netbox"}))
        ->option_text("FORMAT");
    command->add_option("files", options->files, "documents; - is stdin")
        ->required()
        ->option_text("FILE...");
    command
        ->add_option("--provenance", options->provenance,
                     "the name under which the graph remembers who said it (that of the format)")
        ->option_text("NAME");
    command->add_option("--ttl", options->ttl, "taken back when not said again within it")
        ->option_text("TIME");
    command->add_flag("--send", options->sends, "to the running daemon, instead of printing it");
    options->server = add_server_options(*command);
    command->footer("Problems go to stderr with their place; what is right is used all the same, "
                    "but nothing is withdrawn then.\nExit codes: 0 whole, 1 with problems.");
    command->callback([&chosen, options] { chosen = [options] { return import(*options); }; });
}

}  // namespace nocturne::cli
