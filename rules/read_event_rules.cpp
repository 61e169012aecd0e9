// Rules that change or identify events: mask, normalise, dedup, heartbeat.
#include "rules/compilation.hpp"

#include <algorithm>

namespace nocturne::rules {

namespace {

using Part = Field::Part;

bool has_words(Part part) {
    return part == Part::Severity || part == Part::Status || part == Part::Kind;
}

// "" when the field may hold the text; else what would be right.
std::string legal_words(const Field& field, std::string_view text) {
    const auto check = [&](auto words) -> std::string {
        std::string list;
        for (const std::string_view word : words) {
            if (word == text) {
                return "";
            }
            list += (list.empty() ? "one of " : ", ") + std::string(word);
        }
        return list;
    };
    switch (field.part) {
        case Part::Severity: return check(model::kSeverityNames);
        case Part::Status: return check(model::kStatusNames);
        case Part::Kind: return check(model::kKindNames);
        default: return "";
    }
}

void check_word(MapReader& in, std::string_view key, const YAML::Node& node, const Field& field,
                const std::string& text) {
    const std::string words = legal_words(field, text);
    if (!words.empty()) {
        in.wrong(node, key, to_string(field) + ": found " + quote(text) + ", expected " + words);
    }
}

void read_extracts(MapReader& in, NormaliseRule& rule) {
    in.list("extract", [&](MapReader& one) {
        Field from;
        one.field("from", from);
        std::optional<model::Expression> expression;
        one.expression("regex", expression);
        if (!expression) {
            return;
        }
        const std::vector<std::string>& groups = expression->groups();
        if (std::all_of(groups.begin(), groups.end(),
                        [](const std::string& group) { return group.empty(); })) {
            one.wrong("regex", "has no named group, expected at least one, e.g. (?P<host>\\S+)");
            return;
        }
        rule.extracts.push_back({std::move(from), *std::move(expression)});
    });
}

void read_lookup(MapReader& in, Compilation& with, NormaliseRule& rule) {
    Lookup lookup;
    const LookupTable* table = with.table(in, "table", lookup.table);
    in.fields("by", lookup.by);
    if (table == nullptr) {
        return;
    }
    if (!in.has("by")) {
        for (const std::uint32_t column : table->key) {
            lookup.by.push_back(parse_field(table->columns[column]));
        }
    } else if (lookup.by.size() != table->key.size()) {
        in.wrong("by", "found " + std::to_string(lookup.by.size()) + " fields, expected " +
                           std::to_string(table->key.size()) + ", one for each key column of \"" +
                           table->name + "\"");
    }
    const std::vector<std::string_view> columns(table->columns.begin(), table->columns.end());
    in.members("set", [&](const std::string&, const YAML::Node& name, const YAML::Node& value) {
        std::optional<Field> field = in.field_of(name, "set");
        const std::optional<std::string> column = in.text_of(value, "set");
        if (!field || !column) {
            return;
        }
        const auto found = std::find(columns.begin(), columns.end(), *column);
        if (found == columns.end()) {
            in.wrong(value, "set",
                     "table \"" + table->name + "\" has no column " + quote(*column) + "; " +
                         nearest(*column, columns, "it has"));
            return;
        }
        lookup.set.emplace_back(*std::move(field),
                                static_cast<std::uint32_t>(found - columns.begin()));
    });
    rule.lookups.push_back(std::move(lookup));
}

void read_translates(MapReader& in, NormaliseRule& rule) {
    in.members("map", [&](const std::string& name, const YAML::Node& name_node,
                          const YAML::Node& value) {
        std::optional<Field> to = in.field_of(name_node, "map");
        MapReader one(in.file(), value, in.key_of("map").keys, in.about() + ": map: " + name);
        if (!to || !one.is_map()) {
            return;
        }
        Translate translate{*std::move(to), {}, {}, std::nullopt};
        one.field("from", translate.from);
        one.members("values",
                    [&](const std::string& found, const YAML::Node&, const YAML::Node& meant) {
                        if (std::optional<std::string> text = one.text_of(meant, "values")) {
                            check_word(one, "values", meant, translate.to, *text);
                            translate.values.emplace(found, *std::move(text));
                        }
                    });
        if (std::optional<std::string> otherwise = one.text_of("default")) {
            if (const std::string words = legal_words(translate.to, *otherwise); !words.empty()) {
                one.wrong("default", "found " + quote(*otherwise) + ", expected " + words);
            }
            translate.otherwise = *std::move(otherwise);
        }
        rule.translates.push_back(std::move(translate));
    });
}

void read_assigns(MapReader& in, NormaliseRule& rule) {
    in.members("set", [&](const std::string&, const YAML::Node& name, const YAML::Node& value) {
        std::optional<Field> to = in.field_of(name, "set");
        std::optional<TextTemplate> text = in.template_of(value, "set");
        if (!to || !text) {
            return;
        }
        if (text->names().empty()) {
            check_word(in, "set", value, *to, text->render({}, {}));
        }
        rule.assigns.push_back({*std::move(to), *std::move(text)});
    });
}

void read_removes(MapReader& in, NormaliseRule& rule) {
    in.items("remove", [&](const YAML::Node& item) {
        std::optional<Field> field = in.field_of(item, "remove");
        if (!field) {
            return;
        }
        if (field->part != Part::Label && field->part != Part::Annotation &&
            field->part != Part::Summary) {
            in.wrong(item, "remove",
                     "an event always has a " + to_string(*field) +
                         ", expected a label, an annotation or the summary");
            return;
        }
        rule.removes.push_back(*std::move(field));
    });
}

}  // namespace

MaskRule read_mask(MapReader& in) {
    MaskRule rule;
    in.condition("match", rule.match);
    in.items("fields", [&](const YAML::Node& item) {
        std::optional<Field> field;
        if (item.Scalar() == "labels.*" || item.Scalar() == "annotations.*") {
            field = parse_field(item.Scalar());
        } else {
            field = in.field_of(item, "fields");
        }
        if (field && has_words(field->part)) {
            in.wrong(item, "fields",
                     to_string(*field) + " is one of a few words, expected a " +
                         "field with text, e.g. summary or labels.user");
        } else if (field) {
            rule.fields.push_back(*std::move(field));
        }
    });
    in.expression("pattern", rule.pattern);
    in.word("with", rule.with);
    return rule;
}

NormaliseRule read_normalise(MapReader& in, Compilation& with) {
    NormaliseRule rule;
    in.condition("match", rule.match);
    read_extracts(in, rule);
    in.list("lookup", [&](MapReader& one) { read_lookup(one, with, rule); });
    read_translates(in, rule);
    read_assigns(in, rule);
    read_removes(in, rule);
    in.flag("drop", rule.drops);
    in.flag("last", rule.is_last);
    const bool does_something = in.has("lookup") || in.has("map") || in.has("set") ||
                                in.has("remove") || rule.drops || rule.is_last;
    if (!does_something) {
        in.file().error(in.map(), in.about() + ": changes nothing, expected one of lookup, map, "
                                               "set, remove, drop, last");
    }
    return rule;
}

DedupRule read_dedup(MapReader& in) {
    DedupRule rule;
    in.condition("match", rule.match);
    in.fields("identity", rule.identity);
    in.condition("clear", rule.clears);
    return rule;
}

HeartbeatRule read_heartbeat(MapReader& in) {
    HeartbeatRule rule;
    in.condition("match", rule.match);
    in.fields("by", rule.by);
    if (!in.has("by")) {
        rule.by.push_back(parse_field("source"));
    }
    in.duration("every", rule.every);
    in.texts("expect", rule.expect);
    in.condition("covers", rule.covers);
    in.word("severity", rule.severity);
    if (in.has("expect") && rule.by.size() > 1) {
        in.wrong("expect", "its texts are values of one field, but by has " +
                               std::to_string(rule.by.size()) + "; expected one field in by");
    }
    return rule;
}

}  // namespace nocturne::rules
