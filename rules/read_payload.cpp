// Section payload.
#include "model/suggestion.hpp"
#include "rules/section_readers.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace nocturne::rules {

namespace {

using Target = PayloadRule::Target;

constexpr std::string_view kAll = "*";
constexpr std::size_t kNameBytesMax = 64;

std::string in_small_letters(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char byte) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
    });
    return text;
}

// It becomes part of an address.
bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= kNameBytesMax &&
           std::all_of(name.begin(), name.end(), [](char byte) {
               return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                      (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.';
           });
}

class PayloadReader {
   public:
    explicit PayloadReader(MapReader& map) : map_(map) {}

    void read(PayloadRule& rule) {
        if (!is_name(rule.name)) {
            map_.wrong("name", "\"" + rule.name +
                                   "\" becomes part of an address; expected letters, digits, -, _ "
                                   "and dots, at most " +
                                   std::to_string(kNameBytesMax));
        }
        if (const auto each = map_.text("each")) {
            rule.each = path(map_.map()["each"], "each", *each);
        }
        read_skips(rule);
        if (const auto unset = map_.text("unset")) {
            if (Result<model::Expression> expression = model::Expression::make(*unset)) {
                rule.unset = *std::move(expression);
            } else {
                map_.wrong("unset", expression.error().message);
            }
        }
        read_fields(rule);
        read_words(rule);
        rule.labels = members("labels");
        rule.annotations = members("annotations");
    }

   private:
    std::optional<DocumentPath> path(const YAML::Node& at, const std::string& key,
                                     const std::string& text) {
        Result<DocumentPath> parsed = DocumentPath::parse(text);
        if (!parsed) {
            map_.wrong(at, key + ": " + parsed.error().message);
            return std::nullopt;
        }
        return *std::move(parsed);
    }

    static std::vector<YAML::Node> items_of(const YAML::Node& node) {
        return node.IsSequence() ? std::vector<YAML::Node>(node.begin(), node.end())
                                 : std::vector<YAML::Node>{node};
    }

    // A template, or a list of them.
    PayloadRule::Choice choice(const YAML::Node& node, const std::string& key) {
        PayloadRule::Choice choice;
        for (const YAML::Node& item : items_of(node)) {
            if (!item.IsScalar()) {
                map_.wrong(item, key + ": expected a text, e.g. \"{labels.instance}\", or a list");
                continue;
            }
            Result<DocumentTemplate> parsed = DocumentTemplate::parse(item.Scalar());
            if (parsed) {
                choice.push_back(*std::move(parsed));
            } else {
                map_.wrong(item, key + ": " + parsed.error().message);
            }
        }
        return choice;
    }

    std::optional<std::size_t> target(const std::string& name, const YAML::Node& at,
                                      const std::string& key) {
        const auto& names = PayloadRule::kTargetNames;
        const auto* found = std::find(names.begin(), names.end(), name);
        if (found == names.end()) {
            map_.wrong(at,
                       key + ": unknown field \"" + name + "\"; " + model::suggest(name, names));
            return std::nullopt;
        }
        return static_cast<std::size_t>(found - names.begin());
    }

    // {type: [Custom, FlappingStart]}
    void read_skips(PayloadRule& rule) {
        map_.each_member("skip", [&](const std::string& text, const YAML::Node& node) {
            const std::optional<DocumentPath> at = path(node, "skip", text);
            PayloadRule::Skip skip{at.value_or(DocumentPath()), {}};
            for (const YAML::Node& item : items_of(node)) {
                if (item.IsScalar()) {
                    skip.values.push_back(in_small_letters(item.Scalar()));
                } else {
                    map_.wrong(item, "skip: expected a text or a list of texts");
                }
            }
            rule.skips.push_back(std::move(skip));
        });
    }

    void read_fields(PayloadRule& rule) {
        map_.each_member("fields", [&](const std::string& name, const YAML::Node& node) {
            if (const auto place = target(name, node, "fields")) {
                rule.fields[*place] = choice(node, "fields: " + name);
            }
        });
        for (const Target needed : {Target::Resource, Target::Check}) {
            const auto place = static_cast<std::size_t>(needed);
            if (rule.fields[place].empty()) {
                map_.wrong("fields", std::string(PayloadRule::kTargetNames[place]) +
                                         " is missing; an event must have one");
            }
        }
    }

    // {severity: {values: {high: major}, default: warning}}
    void read_words(PayloadRule& rule) {
        map_.each_member("map", [&](const std::string& name, const YAML::Node& node) {
            const auto place = target(name, node, "map");
            if (!node.IsMap()) {
                map_.wrong(node, "map: expected e.g. {severity: {values: {high: major}}}");
                return;
            }
            MapReader reader(map_.problems(), node, map_.what() + ": map: " + name);
            PayloadRule::Words words;
            reader.each_member("values", [&](const std::string& from, const YAML::Node& to) {
                const std::string word = to.IsScalar() ? to.Scalar() : "";
                check_word(reader, to, place, word);
                words.values.emplace(in_small_letters(from), word);
            });
            words.otherwise = reader.text("default");
            if (words.otherwise) {
                check_word(reader, node["default"], place, *words.otherwise);
            }
            reader.finish();
            if (place) {
                rule.words[*place] = std::move(words);
            }
        });
    }

    static void check_word(MapReader& reader, const YAML::Node& at,
                           std::optional<std::size_t> place, const std::string& word) {
        const auto check = [&](const auto& words) {
            if (std::find(words.begin(), words.end(), word) == words.end()) {
                reader.wrong(at, "\"" + word + "\" is not one of " + list_of(words));
            }
        };
        if (!place) {
            return;
        }
        switch (static_cast<Target>(*place)) {
            case Target::Severity: check(model::kSeverityNames); break;
            case Target::Status: check(model::kStatusNames); break;
            case Target::Kind: check(model::kKindNames); break;
            default: break;
        }
    }

    // {"*": labels, region: "{$.commonLabels.region}"}
    PayloadRule::Members members(std::string_view key) {
        PayloadRule::Members members;
        map_.each_member(key, [&](const std::string& name, const YAML::Node& node) {
            if (name != kAll) {
                members.named.push_back({name, choice(node, std::string(key) + ": " + name)});
                return;
            }
            for (const YAML::Node& item : items_of(node)) {
                if (const auto object =
                        path(item, std::string(key), item.IsScalar() ? item.Scalar() : "")) {
                    members.objects.push_back(*object);
                }
            }
        });
        return members;
    }

    MapReader& map_;
};

}  // namespace

bool read_payload(MapReader& map, RuleIndex index, Compilation& compilation, std::string&) {
    PayloadRule rule;
    rule.rule = index;
    rule.name = compilation.set.rules[index].name;
    PayloadReader(map).read(rule);
    if (rule.fields[static_cast<std::size_t>(Target::Source)].empty()) {
        rule.fields[static_cast<std::size_t>(Target::Source)].push_back(
            {{{rule.name, std::nullopt}}});
    }
    compilation.set.payloads.push_back(std::move(rule));
    return true;
}

}  // namespace nocturne::rules
