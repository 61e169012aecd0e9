// The JSON Schema of topology files, out of the keys that their reader knows.
#include "model/json_writer.hpp"
#include "topology/yaml_keys.hpp"
#include "topology/yaml_source.hpp"

namespace nocturne::topology {

namespace {

using model::JsonWriter;
using Shape = YamlKey::Shape;

void write_keys(JsonWriter& out, YamlKeys keys);

void write_text(JsonWriter& out) {
    out.key("type").begin_array().text("string").text("number").text("boolean").end_array();
}

// A list, or nothing.
template <typename Item>
void list_of(JsonWriter& out, Item item) {
    out.key("type").begin_array().text("array").text("null").end_array();
    out.key("items").begin_object();
    item();
    out.end_object();
}

void write_shape(JsonWriter& out, Shape shape) {
    switch (shape) {
        case Shape::Text: return write_text(out);
        case Shape::Texts: return list_of(out, [&] { write_text(out); });
        case Shape::Criticality:
            out.member("type", "integer").member("minimum", std::uint64_t{1});
            out.member("maximum", std::uint64_t{5});
            return;
        case Shape::Weight:
            out.member("type", "number").member("exclusiveMinimum", std::uint64_t{0});
            out.member("maximum", std::uint64_t{1});
            return;
        case Shape::Labels:
            out.key("type").begin_array().text("object").text("null").end_array();
            out.key("additionalProperties").begin_object();
            write_text(out);
            out.end_object();
            return;
        case Shape::Dependencies:
            return list_of(out, [&] {
                out.key("anyOf").begin_array().begin_object();
                write_text(out);
                out.end_object().begin_object();
                write_keys(out, kDependencyKeys);
                out.end_object().end_array();
            });
        case Shape::Services: return list_of(out, [&] { write_keys(out, kServiceKeys); });
        case Shape::Edges: return list_of(out, [&] { write_keys(out, kEdgeKeys); });
    }
}

// The members of an object, without its braces.
void write_keys(JsonWriter& out, YamlKeys keys) {
    out.member("type", "object").key("additionalProperties").boolean(false);
    out.key("properties").begin_object();
    for (const YamlKey& key : keys) {
        out.key(key.name).begin_object().member("description", key.what);
        write_shape(out, key.shape);
        out.end_object();
    }
    out.end_object().key("required").begin_array();
    for (const YamlKey& key : keys) {
        if (key.is_required) {
            out.text(key.name);
        }
    }
    out.end_array();
}

}  // namespace

std::string topology_schema() {
    JsonWriter out;
    out.begin_object();
    out.member("$schema", "https://json-schema.org/draft/2020-12/schema");
    out.member("title", "Nocturne topology");
    write_keys(out, kTopKeys);
    out.end_object();
    return out.take();
}

}  // namespace nocturne::topology
