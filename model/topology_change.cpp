#include "model/topology_change.hpp"

namespace nocturne::model {

namespace {

template <typename T, typename Encode>
void encode_all(Writer& out, const std::vector<T>& values, Encode encode_one) {
    out.varint(values.size());
    for (const T& value : values) {
        encode_one(value);
    }
}

template <typename T, typename Decode>
void decode_all(Reader& in, std::vector<T>& values, Decode decode_one) {
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        values.push_back(decode_one());
    }
}

void encode_node(Writer& out, const NodeSpec& node) {
    out.text(node.name);
    out.text(node.type);
    out.text(node.owner);
    out.u8(node.criticality.value_or(0));
    encode_all(out, node.aliases, [&](const std::string& alias) { out.text(alias); });
    encode_all(out, node.labels, [&](const auto& label) {
        out.text(label.first);
        out.text(label.second);
    });
}

NodeSpec decode_node(Reader& in) {
    NodeSpec node;
    node.name = in.text();
    node.type = in.text();
    node.owner = in.text();
    if (const std::uint8_t criticality = in.u8(); criticality > 0) {
        node.criticality = criticality;
    }
    decode_all(in, node.aliases, [&] { return std::string(in.text()); });
    decode_all(in, node.labels, [&] {
        std::string name(in.text());
        return std::pair(std::move(name), std::string(in.text()));
    });
    return node;
}

void encode_edge(Writer& out, const EdgeSpec& edge) {
    out.text(edge.from);
    out.text(edge.to);
    out.text(edge.type);
    out.f64(edge.weight);
}

EdgeSpec decode_edge(Reader& in) {
    EdgeSpec edge;
    edge.from = in.text();
    edge.to = in.text();
    edge.type = in.text();
    edge.weight = in.f64();
    return edge;
}

// Edges that differ from the whole change are few: they are told by their place.
void encode_exceptions(Writer& out, const std::vector<EdgeSpec>& edges) {
    std::vector<std::size_t> exceptions;
    for (std::size_t i = 0; i < edges.size(); ++i) {
        if (edges[i].confidence || edges[i].ttl || edges[i].first_seen != kNoTime) {
            exceptions.push_back(i);
        }
    }
    encode_all(out, exceptions, [&](std::size_t i) {
        const EdgeSpec& edge = edges[i];
        out.varint(i);
        out.f64(edge.confidence.value_or(0));
        out.zigzag(edge.ttl ? edge.ttl->count() : -1);
        out.zigzag(to_unix_ms(edge.first_seen));
    });
}

void decode_exceptions(Reader& in, std::vector<EdgeSpec>& edges) {
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        const std::uint64_t place = in.varint();
        const double confidence = in.f64();
        const std::int64_t ttl = in.zigzag();
        const Time first_seen = from_unix_ms(in.zigzag());
        if (place >= edges.size()) {
            continue;
        }
        EdgeSpec& edge = edges[place];
        edge.confidence = confidence > 0 ? std::optional(confidence) : std::nullopt;
        edge.ttl = ttl >= 0 ? std::optional(Duration(ttl)) : std::nullopt;
        edge.first_seen = first_seen;
    }
}

}  // namespace

void encode(Writer& out, const TopologyChange& change) {
    out.text(change.provenance);
    out.u8(static_cast<std::uint8_t>(change.mode));
    encode_all(out, change.nodes, [&](const NodeSpec& node) { encode_node(out, node); });
    encode_all(out, change.edges, [&](const EdgeSpec& edge) { encode_edge(out, edge); });
    encode_all(out, change.removed_nodes, [&](const std::string& name) { out.text(name); });
    encode_all(out, change.removed_edges, [&](const EdgeSpec& edge) { encode_edge(out, edge); });
    out.f64(change.confidence);
    out.zigzag(change.ttl.count());
    encode_exceptions(out, change.edges);
}

TopologyChange decode_topology_change(Reader& in) {
    TopologyChange change;
    change.provenance = in.text();
    change.mode = in.u8() == 0 ? TopologyChange::Mode::Merge : TopologyChange::Mode::Replace;
    decode_all(in, change.nodes, [&] { return decode_node(in); });
    decode_all(in, change.edges, [&] { return decode_edge(in); });
    decode_all(in, change.removed_nodes, [&] { return std::string(in.text()); });
    decode_all(in, change.removed_edges, [&] { return decode_edge(in); });
    if (in.remaining() > 0) {  // a row of an older version ends here
        change.confidence = in.f64();
        change.ttl = Duration(in.zigzag());
        decode_exceptions(in, change.edges);
    }
    return change;
}

}  // namespace nocturne::model
