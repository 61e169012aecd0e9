#include "gateway/topology_json.hpp"

#include "model/json_writer.hpp"

namespace nocturne::gateway {

namespace {

// Exact, unlike the text for people: "90000ms".
std::string text_of(model::Duration duration) {
    return std::to_string(duration.count()) + "ms";
}

void write(model::JsonWriter& out, const model::NodeSpec& node) {
    out.begin_object().member("name", node.name);
    if (!node.type.empty()) {
        out.member("type", node.type);
    }
    if (!node.owner.empty()) {
        out.member("owner", node.owner);
    }
    if (node.criticality) {
        out.member("criticality", std::uint64_t{*node.criticality});
    }
    if (!node.aliases.empty()) {
        out.key("aliases").begin_array();
        for (const std::string& alias : node.aliases) {
            out.text(alias);
        }
        out.end_array();
    }
    if (!node.labels.empty()) {
        out.key("labels").begin_object();
        for (const auto& [name, value] : node.labels) {
            out.member(name, value);
        }
        out.end_object();
    }
    out.end_object();
}

void write(model::JsonWriter& out, const model::EdgeSpec& edge) {
    out.begin_object().member("from", edge.from).member("to", edge.to);
    if (!edge.type.empty()) {
        out.member("type", edge.type);
    }
    if (edge.weight != 1.0) {
        out.member("weight", edge.weight);
    }
    if (edge.confidence) {
        out.member("confidence", *edge.confidence);
    }
    if (edge.ttl) {
        out.member("ttl", text_of(*edge.ttl));
    }
    if (edge.first_seen != model::kNoTime) {
        out.member("first_seen", edge.first_seen);
    }
    out.end_object();
}

}  // namespace

std::string render_topology_change(const model::TopologyChange& change) {
    model::JsonWriter out;
    out.begin_object().member("provenance", change.provenance);
    out.member("mode", change.mode == model::TopologyChange::Mode::Replace ? "replace" : "merge");
    out.member("confidence", change.confidence);
    if (change.ttl.count() > 0) {
        out.member("ttl", text_of(change.ttl));
    }
    out.key("nodes").begin_array();
    for (const model::NodeSpec& node : change.nodes) {
        write(out, node);
    }
    out.end_array().key("edges").begin_array();
    for (const model::EdgeSpec& edge : change.edges) {
        write(out, edge);
    }
    out.end_array().end_object();
    return out.take();
}

}  // namespace nocturne::gateway
