#include "rules/plugin_value_reading.hpp"

#include "model/matcher.hpp"

namespace nocturne::rules {

void read_plugin_scope(FieldReader& reader, const YAML::Node& node, std::string& to) {
    const std::optional<std::string> text =
        reader.scalar(node, "where", "matchers, e.g. type=\"database\"");
    if (!text) {
        return;
    }
    if (const auto matchers = model::parse_matchers(*text); !matchers) {
        reader.report(node, "where: " + matchers.error().message);
        return;
    }
    to = *text;
}

void read_plugin_values(FieldReader& reader, const YAML::Node& node,
                        std::vector<model::PluginValue>& values) {
    if (!node.IsMap() || node.size() > FieldReader::kListItemsMax) {
        reader.report(node, "set: expected parameters and their values, e.g. {threshold: 4}");
        return;
    }
    for (const auto& member : node) {
        if (!member.first.IsScalar() || !member.second.IsScalar()) {
            reader.report(member.first,
                          "set: expected a parameter and one value, e.g. threshold: 4");
            continue;
        }
        values.push_back({"", member.first.Scalar(), member.second.Scalar(), "",
                          nocturne::to_string(reader.place_of(member.first.Mark()))});
    }
}

}  // namespace nocturne::rules
