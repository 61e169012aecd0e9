#include "gateway/request_body.hpp"
#include "gateway/request_body/body_reader.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <unordered_set>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

class TopologyReader {
   public:
    TopologyReader(BodyReader& in, model::TopologyChange& change) : in_(in), change_(change) {}

    void read(const json::object& body) {
        in_.check_keys(body, "",
                       {"provenance", "mode", "nodes", "edges", "removed_nodes", "removed_edges",
                        "confidence", "ttl"});
        change_.provenance = in_.text(body, "provenance", "");
        if (change_.provenance.empty()) {
            change_.provenance = "api";
        }
        const std::string mode = in_.text(body, "mode", "");
        if (mode == "replace") {
            change_.mode = model::TopologyChange::Mode::Replace;
        } else if (!mode.empty() && mode != "merge") {
            in_.note("mode", "\"" + cut(mode) + "\" is not one of merge, replace");
        }
        change_.confidence = read_share(body, "confidence", "confidence");
        change_.ttl = read_ttl(body, "ttl").value_or(model::Duration(0));
        in_.each_of(body, "nodes", "", [&](const json::value& value, const std::string& path) {
            read_node(value, path);
        });
        in_.each_of(body, "edges", "", [&](const json::value& value, const std::string& path) {
            read_edge(value, path, change_.edges);
        });
        in_.each_of(body, "removed_nodes", "",
                    [&](const json::value& value, const std::string& path) {
                        if (std::string name = in_.text(value, path); !name.empty()) {
                            change_.removed_nodes.push_back(std::move(name));
                        }
                    });
        in_.each_of(body, "removed_edges", "",
                    [&](const json::value& value, const std::string& path) {
                        read_edge(value, path, change_.removed_edges);
                    });
    }

   private:
    void read_node(const json::value& value, const std::string& path) {
        if (!value.is_object()) {
            in_.wrong(path, "an object", value);
            return;
        }
        const json::object& object = value.as_object();
        in_.check_keys(object, path,
                       {"name", "type", "owner", "criticality", "aliases", "labels", "depends_on"});
        model::NodeSpec node;
        node.name = in_.required_text(object, "name", path);
        node.type = in_.text(object, "type", path);
        node.owner = in_.text(object, "owner", path);
        node.criticality = read_criticality(object, path);
        in_.each_of(object, "aliases", path,
                    [&](const json::value& alias, const std::string& alias_path) {
                        node.aliases.push_back(in_.text(alias, alias_path));
                    });
        read_labels(object, path, node);
        in_.each_of(object, "depends_on", path,
                    [&](const json::value& to, const std::string& to_path) {
                        read_dependency(node.name, to, to_path);
                    });
        if (!node.name.empty() && !names_.insert(node.name).second) {
            in_.note(path + ".name", "\"" + cut(node.name) + "\" is there twice");
        }
        change_.nodes.push_back(std::move(node));
    }

    std::optional<std::uint8_t> read_criticality(const json::object& object,
                                                 const std::string& path) {
        const json::value* value = BodyReader::find(object, "criticality");
        if (value == nullptr) {
            return std::nullopt;
        }
        if (!value->is_int64() || value->as_int64() < 1 || value->as_int64() > 5) {
            in_.note(path + ".criticality",
                     "expected a whole number from 1 to 5, found " + BodyReader::shown(*value));
            return std::nullopt;
        }
        return static_cast<std::uint8_t>(value->as_int64());
    }

    void read_labels(const json::object& object, const std::string& path, model::NodeSpec& node) {
        const json::value* labels = BodyReader::find(object, "labels");
        if (labels == nullptr) {
            return;
        }
        if (!labels->is_object()) {
            in_.wrong(path + ".labels", "an object of texts", *labels);
            return;
        }
        for (const auto& label : labels->as_object()) {
            node.labels.emplace_back(std::string(label.key()),
                                     in_.text(label.value(), path + ".labels." + cut(label.key())));
        }
    }

    // A name, or {"name":...,"type":...,"weight":...}.
    void read_dependency(const std::string& from, const json::value& value,
                         const std::string& path) {
        model::EdgeSpec edge;
        edge.from = from;
        if (value.is_object()) {
            const json::object& object = value.as_object();
            in_.check_keys(object, path, {"name", "type", "weight"});
            edge.to = in_.required_text(object, "name", path);
            edge.type = in_.text(object, "type", path);
            edge.weight = read_weight(object, path);
        } else if (value.is_string()) {
            edge.to = in_.text(value, path);
        } else {
            in_.wrong(path, "a name or an object", value);
            return;
        }
        add(std::move(edge), path, change_.edges);
    }

    void read_edge(const json::value& value, const std::string& path,
                   std::vector<model::EdgeSpec>& edges) {
        if (!value.is_object()) {
            in_.wrong(path, "an object", value);
            return;
        }
        const json::object& object = value.as_object();
        in_.check_keys(object, path,
                       {"from", "to", "type", "weight", "confidence", "ttl", "first_seen"});
        model::EdgeSpec edge;
        edge.from = in_.required_text(object, "from", path);
        edge.to = in_.required_text(object, "to", path);
        edge.type = in_.text(object, "type", path);
        edge.weight = read_weight(object, path);
        if (BodyReader::find(object, "confidence") != nullptr) {
            edge.confidence = read_share(object, "confidence", path + ".confidence");
        }
        edge.ttl = read_ttl(object, path + ".ttl");
        edge.first_seen = in_.time(object, "first_seen");
        add(std::move(edge), path, edges);
    }

    // "5m"; nothing when it is not there.
    std::optional<model::Duration> read_ttl(const json::object& object, const std::string& path) {
        const json::value* value = BodyReader::find(object, "ttl");
        if (value == nullptr) {
            return std::nullopt;
        }
        const std::string text = in_.text(*value, path);
        const Result<model::Duration> ttl =
            text == "0" ? model::Duration(0) : model::parse_duration(text);
        if (!ttl) {
            in_.note(path, "\"" + cut(text) + "\" is not a duration; expected e.g. 30m");
            return std::nullopt;
        }
        return *ttl;
    }

    double read_weight(const json::object& object, const std::string& path) {
        return read_share(object, "weight", path + ".weight");
    }

    double read_share(const json::object& object, std::string_view key, const std::string& path) {
        const json::value* value = BodyReader::find(object, key);
        if (value == nullptr) {
            return 1.0;
        }
        boost::system::error_code error;
        const double weight = value->is_number() ? value->to_number<double>(error) : 0.0;
        if (error || !(weight > 0.0 && weight <= 1.0)) {
            in_.note(path, "expected a number above 0 up to 1, found " + BodyReader::shown(*value));
            return 1.0;
        }
        return weight;
    }

    void add(model::EdgeSpec edge, const std::string& path, std::vector<model::EdgeSpec>& edges) {
        if (!edge.from.empty() && edge.from == edge.to) {
            in_.note(path, "\"" + cut(edge.from) + "\" depends on itself");
            return;
        }
        edges.push_back(std::move(edge));
    }

    BodyReader& in_;
    model::TopologyChange& change_;
    std::unordered_set<std::string> names_;
};

}  // namespace

Checked<model::TopologyChange> parse_topology_body(std::string_view text) {
    Checked<model::TopologyChange> checked;
    BodyReader in(checked.problems);
    if (const std::optional<json::object> body = in.parse(text)) {
        TopologyReader(in, checked.value).read(*body);
    }
    return checked;
}

}  // namespace nocturne::gateway
