#include "topology/export.hpp"

#include "model/json_writer.hpp"

namespace nocturne::topology {

namespace {

void write_claims(model::JsonWriter& out, const std::vector<Claim>& claims) {
    out.key("provenance").begin_array();
    for (const Claim& claim : claims) {
        out.text(claim.source);
    }
    out.end_array().key("claims").begin_array();
    for (const Claim& claim : claims) {
        out.begin_object().member("source", claim.source).member("confidence", claim.confidence);
        out.member("last_seen", claim.last_seen).key("ttl");
        claim.ttl.count() == 0 ? out.null() : out.text(model::format_duration(claim.ttl));
        out.end_object();
    }
    out.end_array();
}

void write_node(model::JsonWriter& out, const Graph& graph, NodeIndex index,
                const std::map<NodeIndex, std::string>& blind) {
    const Node& node = graph.node(index);
    out.begin_object();
    out.member("name", node.name).member("type", node.type).member("owner", node.owner);
    out.member("criticality", std::uint64_t{node.criticality});
    out.key("aliases").begin_array();
    for (const std::string& alias : node.aliases) {
        out.text(alias);
    }
    out.end_array().key("labels").begin_object();
    for (const auto& [name, value] : node.labels) {
        out.member(name, value);
    }
    out.end_object().member("confidence", node.confidence);
    out.member("first_seen", node.first_seen).member("last_seen", node.last_seen);
    std::vector<Claim> claims = graph.claims_of_node(index);
    constexpr Provenance kEventsBit = 1;
    if ((node.provenance & kEventsBit) != 0) {
        claims.insert(claims.begin(), {"events", 1.0, node.last_seen, model::Duration(0)});
    }
    write_claims(out, claims);
    const auto found = blind.find(index);
    out.key("blind");
    found == blind.end() ? out.null() : out.raw(found->second);
    out.end_object();
}

template <typename Visit>
void each_node(const Graph& graph, Visit visit) {
    for (NodeIndex index = 0; index < graph.index_end(); ++index) {
        if (graph.is_alive(index)) {
            visit(index);
        }
    }
}

std::string quote_dot(std::string_view text) {
    std::string out = "\"";
    for (const char byte : text) {
        if (byte == '"' || byte == '\\') {
            out += '\\';
        }
        out += byte == '\n' ? ' ' : byte;
    }
    return out + "\"";
}

std::string number(double value) {
    model::JsonWriter out;
    out.number(value);
    return out.take();
}

}  // namespace

std::string render_json(const Graph& graph, const std::map<NodeIndex, std::string>& blind) {
    model::JsonWriter out;
    out.begin_object().key("nodes").begin_array();
    each_node(graph, [&](NodeIndex index) { write_node(out, graph, index, blind); });
    out.end_array().key("edges").begin_array();
    each_node(graph, [&](NodeIndex index) {
        graph.for_each_dependency(index, [&](NodeIndex to, const Edge& edge) {
            out.begin_object();
            out.member("from", graph.node(index).name).member("to", graph.node(to).name);
            out.member("type", edge.type).member("weight", edge.weight);
            out.member("confidence", edge.confidence);
            out.member("first_seen", edge.first_seen).member("last_seen", edge.last_seen);
            write_claims(out, graph.claims_of_edge(edge.number));
            out.end_object();
        });
    });
    out.end_array().end_object();
    return out.take();
}

std::string render_dot(const Graph& graph) {
    std::string out = "digraph topology {\n  rankdir=TB;\n  node [shape=box];\n";
    each_node(graph, [&](NodeIndex index) {
        const Node& node = graph.node(index);
        out += "  " + quote_dot(node.name) + " [tooltip=" + quote_dot(node.type) + "];\n";
    });
    each_node(graph, [&](NodeIndex index) {
        graph.for_each_dependency(index, [&](NodeIndex to, const Edge& edge) {
            out += "  " + quote_dot(graph.node(index).name) + " -> " +
                   quote_dot(graph.node(to).name) + " [label=" + quote_dot(edge.type) +
                   ", weight=" + std::to_string(1 + static_cast<int>(edge.weight * 9)) +
                   (edge.confidence < 0.5 ? ", style=dashed" : "") + "];\n";
        });
    });
    return out + "}\n";
}

std::string render_graphml(const Graph& graph) {
    std::string out = R"(<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="type" for="all" attr.name="type" attr.type="string"/>
  <key id="owner" for="node" attr.name="owner" attr.type="string"/>
  <key id="criticality" for="node" attr.name="criticality" attr.type="int"/>
  <key id="weight" for="edge" attr.name="weight" attr.type="double"/>
  <key id="confidence" for="edge" attr.name="confidence" attr.type="double"/>
  <key id="provenance" for="edge" attr.name="provenance" attr.type="string"/>
  <graph edgedefault="directed">
)";
    const auto data = [&](const char* key, std::string_view value) {
        if (!value.empty()) {
            out += "<data key=\"" + std::string(key) + "\">" + escape_xml(value) + "</data>";
        }
    };
    each_node(graph, [&](NodeIndex index) {
        const Node& node = graph.node(index);
        out += "    <node id=\"" + escape_xml(node.name) + "\">";
        data("type", node.type);
        data("owner", node.owner);
        data("criticality", std::to_string(node.criticality));
        out += "</node>\n";
    });
    each_node(graph, [&](NodeIndex index) {
        graph.for_each_dependency(index, [&](NodeIndex to, const Edge& edge) {
            out += "    <edge source=\"" + escape_xml(graph.node(index).name) + "\" target=\"" +
                   escape_xml(graph.node(to).name) + "\">";
            data("type", edge.type);
            data("weight", number(edge.weight));
            data("confidence", number(edge.confidence));
            std::string sources;
            for (const std::string& name : graph.provenance_names(edge.provenance)) {
                sources += (sources.empty() ? "" : ",") + name;
            }
            data("provenance", sources);
            out += "</edge>\n";
        });
    });
    return out + "  </graph>\n</graphml>\n";
}

namespace {

// How many bytes the letter that begins here takes; 0 when it is not UTF-8.
std::size_t letter_at(std::string_view text, std::size_t at) {
    const auto first = static_cast<unsigned char>(text[at]);
    const std::size_t size = first < 0x80                    ? 1
                             : first >= 0xC2 && first < 0xE0 ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
    for (std::size_t i = 1; i < size; ++i) {
        if (at + i >= text.size() || (static_cast<unsigned char>(text[at + i]) & 0xC0U) != 0x80) {
            return 0;
        }
    }
    return size;
}

}  // namespace

std::string escape_xml(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = letter_at(text, at);
        switch (text[at]) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default:
                if (size == 0) {
                    out += "\xEF\xBF\xBD";
                } else if (static_cast<unsigned char>(text[at]) >= 0x20 || text[at] == '\n') {
                    out += text.substr(at, size);
                }
        }
        at += size == 0 ? 1 : size;
    }
    return out;
}

}  // namespace nocturne::topology
