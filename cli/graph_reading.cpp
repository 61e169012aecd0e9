#include "cli/graph_reading.hpp"

#include "cli/exit_code.hpp"
#include "cli/json_text.hpp"
#include "cli/topology_files.hpp"
#include "topology/export.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

namespace nocturne::cli {

namespace json = boost::json;

namespace {

// What one source says, put together again from its claims.
struct Said {
    model::TopologyChange change;
    model::Time at = model::from_unix_ms(0);
};

class GraphReader {
   public:
    topology::LiveGraph read(const json::value& value) {
        for (const json::value& node : list_of(value, "nodes")) {
            read_node(node);
        }
        for (const json::value& edge : list_of(value, "edges")) {
            read_edge(edge);
        }
        topology::LiveGraph graph;
        for (auto& [source, said] : said_) {
            said.change.provenance = source;
            graph.apply(said.change, said.at);
        }
        return graph;
    }

   private:
    template <typename Take>
    void each_claim(const json::value& value, Take take) {
        const json::array& claims = list_of(value, "claims");
        for (const json::value& claim : claims) {
            Said& said = said_[text_of(claim, "source")];
            const model::Time seen = time_of(claim, "last_seen");
            said.at = std::max(said.at, seen == model::kNoTime ? said.at : seen);
            take(said.change, claim);
        }
        if (claims.empty()) {
            take(said_["file"].change, value);
        }
    }

    void read_node(const json::value& value) {
        model::NodeSpec node;
        node.name = text_of(value, "name");
        node.type = text_of(value, "type");
        node.owner = text_of(value, "owner");
        if (const double criticality = number_of(value, "criticality");
            criticality >= 1 && criticality <= 5) {
            node.criticality = static_cast<std::uint8_t>(criticality);
        }
        for (const json::value& alias : list_of(value, "aliases")) {
            if (alias.is_string()) {
                node.aliases.emplace_back(alias.get_string());
            }
        }
        if (!node.name.empty()) {
            each_claim(value, [&](model::TopologyChange& change, const json::value&) {
                change.nodes.push_back(node);
            });
        }
    }

    void read_edge(const json::value& value) {
        model::EdgeSpec edge{text_of(value, "from"), text_of(value, "to"), text_of(value, "type"),
                             number_of(value, "weight")};
        edge.weight = edge.weight > 0 && edge.weight <= 1 ? edge.weight : 1.0;
        if (edge.from.empty() || edge.to.empty()) {
            return;
        }
        each_claim(value, [&](model::TopologyChange& change, const json::value& claim) {
            model::EdgeSpec& said = change.edges.emplace_back(edge);
            const double confidence = number_of(claim, "confidence");
            said.confidence = confidence > 0 && confidence <= 1 ? confidence : 1.0;
            const Result<model::Duration> ttl = model::parse_duration(text_of(claim, "ttl"));
            said.ttl = ttl ? *ttl : model::Duration(0);
        });
    }

    std::map<std::string, Said> said_;
};

}  // namespace

Result<topology::LiveGraph> parse_graph(std::string_view text, const std::string& name) {
    Result<json::value> value = parse_json(text);
    if (!value) {
        return fail(ErrorCode::Invalid, name + ": " + value.error().message);
    }
    return GraphReader().read(*value);
}

Result<topology::LiveGraph> read_graph(const std::vector<std::string>& files) {
    if (files.size() == 1) {
        std::ifstream file(files.front(), std::ios::binary);
        const std::string text(std::istreambuf_iterator<char>(file), {});
        const std::size_t first = text.find_first_not_of(" \t\r\n");
        if (first != std::string::npos && text[first] == '{') {
            return parse_graph(text, files.front());
        }
    }
    const TopologyFiles read = read_topology_files({files.begin(), files.end()});
    if (!read.problems.empty()) {
        std::string all;
        for (const Error& problem : read.problems) {
            all += (all.empty() ? "" : "\n") + to_string(problem);
        }
        return fail(ErrorCode::Invalid, all);
    }
    topology::LiveGraph graph;
    graph.apply(read.change, wall_clock());
    return graph;
}

Result<std::string> graph_json(const std::vector<std::string>& files, const ServerOptions& server) {
    if (!files.empty()) {
        NOCTURNE_TRY(const topology::LiveGraph graph, read_graph(files));
        return topology::render_json(graph.now());
    }
    NOCTURNE_TRY(gateway::HttpReply reply, Server(server).get("/api/v1/topology"));
    if (!reply.is_ok()) {
        return fail(ErrorCode::Invalid, gateway::error_of(reply));
    }
    return std::move(reply.body);
}

int complain_of(const Error& error) {
    complain(to_string(error));
    return error.code == ErrorCode::Unavailable ? kUnreachable : kFindings;
}

}  // namespace nocturne::cli
