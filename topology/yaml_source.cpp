#include "topology/yaml_source.hpp"

#include "model/suggestion.hpp"
#include "topology/yaml_keys.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

namespace nocturne::topology {

namespace {

constexpr std::size_t kFileBytesMax = 256U << 20;
// An alias in YAML costs a few bytes and stands for any amount of nodes: what is read is bounded,
// not what is written.
constexpr std::size_t kNodesMax = 20'000'000;

class TopologyReader {
   public:
    explicit TopologyReader(const std::string& file_name) : file_name_(file_name) {
        file_.change.provenance = file_name;
        file_.change.mode = model::TopologyChange::Mode::Replace;
    }

    TopologyFile read(std::string_view text) {
        try {
            const YAML::Node root = YAML::Load(std::string(text));
            if (root.IsDefined() && !root.IsNull()) {
                read_root(root);
            }
        } catch (const YAML::Exception& error) {
            report(error.mark, error.msg);
        }
        check_aliases();
        std::stable_sort(file_.problems.begin(), file_.problems.end(),
                         [](const Error& a, const Error& b) {
                             return std::pair(a.places.front().line, a.places.front().column) <
                                    std::pair(b.places.front().line, b.places.front().column);
                         });
        return std::move(file_);
    }

   private:
    struct TooMuch {};

    void read_root(const YAML::Node& root) {
        try {
            if (!root.IsMap()) {
                report(root.Mark(), "expected a map with the keys services and edges");
                return;
            }
            check_keys(root, kTopKeys);
            each_item(root, "services", [&](const YAML::Node& item) { read_service(item); });
            each_item(root, "edges", [&](const YAML::Node& item) { read_edge(item); });
        } catch (const TooMuch&) {
            report(root.Mark(), "the aliases of this file stand for more than " +
                                    std::to_string(kNodesMax) +
                                    " nodes; write them out, or split the file");
        }
    }

    void spend() {
        if (++nodes_read_ > kNodesMax) {
            throw TooMuch();
        }
    }

    template <typename Read>
    void each_item(const YAML::Node& map, const char* key, Read read) {
        const YAML::Node list = map[key];
        if (!list.IsDefined() || list.IsNull()) {
            return;
        }
        if (!list.IsSequence()) {
            report(list.Mark(), "\"" + std::string(key) + "\": expected a list");
            return;
        }
        for (const YAML::Node& item : list) {
            spend();
            read(item);
        }
    }

    void check_keys(const YAML::Node& map, YamlKeys keys) {
        for (const auto& member : map) {
            spend();
            const std::string key = member.first.IsScalar() ? member.first.Scalar() : "";
            if (std::none_of(keys.begin(), keys.end(),
                             [&](const YamlKey& known) { return known.name == key; })) {
                std::vector<std::string_view> names;
                for (const YamlKey& known : keys) {
                    names.push_back(known.name);
                }
                report(member.first.Mark(),
                       "unknown key \"" + key + "\"; " + model::suggest(key, names));
            }
        }
    }

    void read_service(const YAML::Node& item) {
        if (!item.IsMap()) {
            report(item.Mark(),
                   "expected a service, e.g. {name: checkout, depends_on: [payments]}");
            return;
        }
        check_keys(item, kServiceKeys);
        model::NodeSpec node;
        node.name = text(item, "name").value_or("");
        if (node.name.empty()) {
            report(item.Mark(), "a service without a name; expected e.g. name: checkout");
            return;
        }
        const auto [first, is_new] = names_.try_emplace(node.name, item["name"].Mark());
        if (!is_new) {
            report(item["name"].Mark(), "service \"" + node.name + "\" is there twice; first at " +
                                            place_of(first->second));
            file_.problems.back().places.push_back(make_place(first->second));
            return;
        }
        node.type = text(item, "type").value_or("");
        node.owner = text(item, "owner").value_or("");
        node.criticality = read_criticality(item);
        each_item(item, "aliases", [&](const YAML::Node& alias) {
            if (const std::optional<std::string> name = scalar(alias, "an alias")) {
                node.aliases.push_back(*name);
                aliases_.push_back({*name, node.name, alias.Mark()});
            }
        });
        read_labels(item, node);
        each_item(item, "depends_on",
                  [&](const YAML::Node& dependency) { read_dependency(node.name, dependency); });
        // A link without a direction, as between network devices: a fault may travel both ways.
        each_item(item, "connected_to", [&](const YAML::Node& other) {
            const std::string name = scalar(other, "a connection").value_or("");
            add(other, {node.name, name, "connected", 1.0});
            if (!name.empty() && name != node.name) {
                file_.change.edges.push_back({name, node.name, "connected", 1.0});
            }
        });
        file_.change.nodes.push_back(std::move(node));
    }

    void read_dependency(const std::string& from, const YAML::Node& item) {
        model::EdgeSpec edge;
        edge.from = from;
        if (item.IsMap()) {
            check_keys(item, kDependencyKeys);
            edge.to = text(item, "name").value_or("");
            edge.type = text(item, "type").value_or("");
            edge.weight = read_weight(item);
        } else {
            edge.to = scalar(item, "a dependency").value_or("");
        }
        add(item, std::move(edge));
    }

    void read_edge(const YAML::Node& item) {
        if (!item.IsMap()) {
            report(item.Mark(), "expected an edge, e.g. {from: checkout, to: orders-db}");
            return;
        }
        check_keys(item, kEdgeKeys);
        model::EdgeSpec edge;
        edge.from = text(item, "from").value_or("");
        edge.to = text(item, "to").value_or("");
        edge.type = text(item, "type").value_or("");
        edge.weight = read_weight(item);
        add(item, std::move(edge));
    }

    void add(const YAML::Node& item, model::EdgeSpec edge) {
        if (edge.from.empty() || edge.to.empty()) {
            report(item.Mark(), "a dependency without a name; expected e.g. payments, or {name: "
                                "payments, weight: 0.8}");
            return;
        }
        if (edge.from == edge.to) {
            report(item.Mark(),
                   "\"" + edge.from + "\" cannot depend on itself; remove this dependency");
            return;
        }
        file_.change.edges.push_back(std::move(edge));
    }

    std::optional<std::uint8_t> read_criticality(const YAML::Node& item) {
        const YAML::Node value = item["criticality"];
        if (!value.IsDefined()) {
            return std::nullopt;
        }
        const std::string digits = scalar(value, "criticality").value_or("");
        if (digits.size() != 1 || digits[0] < '1' || digits[0] > '5') {
            report(value.Mark(),
                   "criticality \"" + digits + "\" is not one of 1 (least) to 5 (most)");
            return std::nullopt;
        }
        return static_cast<std::uint8_t>(digits[0] - '0');
    }

    double read_weight(const YAML::Node& item) {
        const YAML::Node value = item["weight"];
        if (!value.IsDefined()) {
            return 1.0;
        }
        double weight = 0;
        if (!value.IsScalar() || !YAML::convert<double>::decode(value, weight) ||
            !(weight > 0 && weight <= 1)) {
            report(value.Mark(), "weight is not a number above 0 and up to 1; expected e.g. 0.8");
            return 1.0;
        }
        return weight;
    }

    void read_labels(const YAML::Node& item, model::NodeSpec& node) {
        const YAML::Node labels = item["labels"];
        if (!labels.IsDefined() || labels.IsNull()) {
            return;
        }
        if (!labels.IsMap()) {
            report(labels.Mark(), "labels: expected a map, e.g. {tier: front}");
            return;
        }
        for (const auto& label : labels) {
            spend();
            const std::optional<std::string> name = scalar(label.first, "a label's name");
            const std::optional<std::string> value = scalar(label.second, "a label's value");
            if (name && value) {
                node.labels.emplace_back(*name, *value);
            }
        }
    }

    std::optional<std::string> text(const YAML::Node& map, const char* key) {
        const YAML::Node value = map[key];
        if (!value.IsDefined() || value.IsNull()) {
            return std::nullopt;
        }
        return scalar(value, key);
    }

    std::optional<std::string> scalar(const YAML::Node& value, const char* what) {
        if (!value.IsScalar()) {
            report(value.Mark(), std::string(what) + ": expected a text");
            return std::nullopt;
        }
        return value.Scalar();
    }

    void check_aliases() {
        boost::unordered_flat_map<std::string, std::string> owners;
        for (const Alias& alias : aliases_) {
            if (const auto named = names_.find(alias.name); named != names_.end()) {
                report(alias.mark, "alias \"" + alias.name + "\" of \"" + alias.owner +
                                       "\" is the name of a service at " + place_of(named->second));
                continue;
            }
            const auto [owner, is_new] = owners.try_emplace(alias.name, alias.owner);
            if (!is_new && owner->second != alias.owner) {
                report(alias.mark, "alias \"" + alias.name + "\" is given to \"" + owner->second +
                                       "\" and to \"" + alias.owner + "\"; leave it with one");
            }
        }
    }

    Place make_place(const YAML::Mark& mark) const {
        if (mark.is_null()) {
            return {file_name_, 1, 1};
        }
        return {file_name_, static_cast<std::uint32_t>(mark.line + 1),
                static_cast<std::uint32_t>(mark.column + 1)};
    }

    std::string place_of(const YAML::Mark& mark) const { return to_string(make_place(mark)); }

    void report(const YAML::Mark& mark, std::string message) {
        file_.problems.push_back({ErrorCode::Invalid, std::move(message), {make_place(mark)}});
    }

    struct Alias {
        std::string name;
        std::string owner;
        YAML::Mark mark;
    };

    std::string file_name_;
    TopologyFile file_;
    std::size_t nodes_read_ = 0;
    boost::unordered_flat_map<std::string, YAML::Mark> names_;
    std::vector<Alias> aliases_;
};

}  // namespace

TopologyFile parse_topology(std::string_view yaml, const std::string& file_name) {
    return TopologyReader(file_name).read(yaml);
}

Result<TopologyFile> read_topology(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return fail(ErrorCode::NotFound, path.string() + ": cannot be read; is the name right?");
    }
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.size() > kFileBytesMax) {
        return fail(ErrorCode::Invalid, path.string() + ": " + std::to_string(text.size()) +
                                            " bytes are over the limit of " +
                                            std::to_string(kFileBytesMax));
    }
    return parse_topology(text, path.string());
}

}  // namespace nocturne::topology
