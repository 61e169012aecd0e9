// Section payload.
#include "rules/compilation.hpp"

#include <algorithm>
#include <cctype>

namespace nocturne::rules {

namespace {

using Target = PayloadRule::Target;

constexpr std::string_view kAll = "*";
constexpr std::size_t kAddressBytesMax = 64;

std::string in_small_letters(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char byte) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
    });
    return text;
}

// It becomes part of an address.
bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= kAddressBytesMax &&
           std::all_of(name.begin(), name.end(), [](char byte) {
               return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                      (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.';
           });
}

std::optional<DocumentPath> path_of(MapReader& in, std::string_view key, const YAML::Node& at,
                                    const std::string& text) {
    Result<DocumentPath> parsed = DocumentPath::parse(text);
    if (!parsed) {
        in.wrong(at, key, parsed.error().message);
        return std::nullopt;
    }
    return *std::move(parsed);
}

// Each text of a list, or the one in its place.
void each_text(MapReader& in, std::string_view key, const YAML::Node& node,
               const std::function<void(const YAML::Node&, std::string)>& read) {
    const auto read_one = [&](const YAML::Node& item) {
        if (std::optional<std::string> text = in.text_of(item, key)) {
            read(item, *std::move(text));
        }
    };
    if (node.IsSequence()) {
        in.file().each_item(node, in.about() + ": " + std::string(key), read_one);
    } else {
        read_one(node);
    }
}

PayloadRule::Choice choice_of(MapReader& in, std::string_view key, const std::string& name,
                              const YAML::Node& node) {
    PayloadRule::Choice choice;
    each_text(in, key, node, [&](const YAML::Node& at, const std::string& text) {
        Result<DocumentTemplate> parsed = DocumentTemplate::parse(text);
        if (parsed) {
            choice.push_back(*std::move(parsed));
        } else {
            in.wrong(at, key, name + ": " + parsed.error().message);
        }
    });
    return choice;
}

std::optional<std::size_t> target_of(MapReader& in, std::string_view key, const std::string& name,
                                     const YAML::Node& at) {
    const auto& names = PayloadRule::kTargetNames;
    const auto* found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
        in.wrong(at, key, "unknown field " + quote(name) + "; " + nearest(name, names, "there is"));
        return std::nullopt;
    }
    return static_cast<std::size_t>(found - names.begin());
}

// {type: [Custom, FlappingStart]}
void read_skips(MapReader& in, PayloadRule& rule) {
    in.members("skip",
               [&](const std::string& name, const YAML::Node& name_node, const YAML::Node& words) {
                   PayloadRule::Skip skip;
                   if (std::optional<DocumentPath> path = path_of(in, "skip", name_node, name)) {
                       skip.path = *std::move(path);
                   }
                   each_text(in, "skip", words, [&](const YAML::Node&, std::string word) {
                       skip.values.push_back(in_small_letters(std::move(word)));
                   });
                   rule.skips.push_back(std::move(skip));
               });
}

void read_targets(MapReader& in, PayloadRule& rule) {
    in.members("fields",
               [&](const std::string& name, const YAML::Node& name_node, const YAML::Node& node) {
                   if (const auto target = target_of(in, "fields", name, name_node)) {
                       rule.fields[*target] = choice_of(in, "fields", name, node);
                   }
               });
    for (const Target needed : {Target::Resource, Target::Check}) {
        const auto place = static_cast<std::size_t>(needed);
        if (in.has("fields") && rule.fields[place].empty()) {
            in.wrong("fields", std::string(PayloadRule::kTargetNames[place]) +
                                   " is missing; an event must have one");
        }
    }
}

void check_word(MapReader& in, std::string_view key, const YAML::Node& at, std::size_t target,
                const std::string& word) {
    const auto check = [&](std::span<const std::string_view> words) {
        std::string list;
        for (const std::string_view known : words) {
            if (known == word) {
                return;
            }
            list += (list.empty() ? "" : ", ") + std::string(known);
        }
        in.wrong(at, key, quote(word) + " is not one of " + list);
    };
    switch (static_cast<Target>(target)) {
        case Target::Severity: return check(model::kSeverityNames);
        case Target::Status: return check(model::kStatusNames);
        case Target::Kind: return check(model::kKindNames);
        default: return;
    }
}

// {severity: {values: {high: major}, default: warning}}
void read_word_maps(MapReader& in, PayloadRule& rule) {
    in.members(
        "map", [&](const std::string& name, const YAML::Node& name_node, const YAML::Node& node) {
            const auto target = target_of(in, "map", name, name_node);
            MapReader one(in.file(), node, in.key_of("map").keys, in.about() + ": map: " + name);
            if (!target || !one.is_map()) {
                return;
            }
            PayloadRule::Words words;
            one.members("values",
                        [&](const std::string& theirs, const YAML::Node&, const YAML::Node& ours) {
                            if (std::optional<std::string> word = one.text_of(ours, "values")) {
                                check_word(one, "values", ours, *target, *word);
                                words.values.emplace(in_small_letters(theirs), *std::move(word));
                            }
                        });
            words.otherwise = one.text_of("default");
            if (words.otherwise) {
                check_word(one, "default", *one.find("default"), *target, *words.otherwise);
            }
            rule.words[*target] = std::move(words);
        });
}

// {"*": labels, region: "{$.commonLabels.region}"}
PayloadRule::Members read_members(MapReader& in, std::string_view key) {
    PayloadRule::Members members;
    in.members(key, [&](const std::string& name, const YAML::Node&, const YAML::Node& node) {
        if (name != kAll) {
            members.named.push_back({name, choice_of(in, key, name, node)});
            return;
        }
        each_text(in, key, node, [&](const YAML::Node& at, const std::string& text) {
            if (std::optional<DocumentPath> path = path_of(in, key, at, text)) {
                members.objects.push_back(*std::move(path));
            }
        });
    });
    return members;
}

}  // namespace

PayloadRule read_payload(MapReader& in, const std::string& name) {
    PayloadRule rule;
    rule.name = name;
    if (!name.empty() && !is_name(name)) {
        in.wrong("name", quote(name) +
                             " becomes part of an address; expected letters, digits, -, "
                             "_ and dots, at most " +
                             std::to_string(kAddressBytesMax));
    }
    if (const std::optional<std::string> each = in.text_of("each")) {
        rule.each = path_of(in, "each", *in.find("each"), *each);
    }
    read_skips(in, rule);
    in.expression("unset", rule.unset);
    read_targets(in, rule);
    read_word_maps(in, rule);
    rule.labels = read_members(in, "labels");
    rule.annotations = read_members(in, "annotations");
    PayloadRule::Choice& source = rule.fields[static_cast<std::size_t>(Target::Source)];
    if (source.empty()) {
        source.push_back({{{name, std::nullopt}}});
    }
    return rule;
}

}  // namespace nocturne::rules
