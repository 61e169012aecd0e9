#include "rules/rule_reader.hpp"

#include "model/suggestion.hpp"
#include "model/time.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace nocturne::rules {

namespace {

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                    : std::nullopt;
}

std::optional<bool> parse_flag(std::string_view text) {
    static constexpr std::array<std::string_view, 9> kTrue{"true", "True", "TRUE", "yes", "Yes",
                                                           "YES",  "on",   "On",   "ON"};
    static constexpr std::array<std::string_view, 9> kFalse{"false", "False", "FALSE", "no", "No",
                                                            "NO",    "off",   "Off",   "OFF"};
    if (std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end()) {
        return true;
    }
    if (std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end()) {
        return false;
    }
    return std::nullopt;
}

// In its largest whole unit: "31d", "1s", "0".
std::string format_bound(std::int64_t ms) {
    static constexpr std::array<std::pair<std::int64_t, std::string_view>, 5> kUnits{
        {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1000, "s"}, {1, "ms"}}};
    for (const auto& [unit, letter] : kUnits) {
        if (ms >= unit && ms % unit == 0) {
            return std::to_string(ms / unit) + std::string(letter);
        }
    }
    return "0";
}

std::string closest(std::string_view word, std::span<const std::string_view> words) {
    const std::string suggestion = model::suggest(word, words);
    return suggestion.starts_with("did you mean") ? "; " + suggestion : "";
}

}  // namespace

MapReader::MapReader(FileReader& file, const YAML::Node& map, Keys keys, std::string about)
    : file_(file), map_(map), keys_(keys), about_(std::move(about)) {
    if (!map.IsMap()) {
        std::string names;
        for (const Key& key : keys) {
            names += (names.empty() ? "" : ", ") + std::string(key.name);
        }
        file_.error(map, about_ + ": found " + found_at(map) + ", expected a map with the keys " +
                             names);
        return;
    }
    std::vector<std::string_view> names;
    for (const Key& key : keys) {
        names.push_back(key.name);
    }
    std::vector<std::string_view> wrong_ones;  // told already, so not missing as well
    file_.each_member(
        map, about_,
        [&](const std::string& name, const YAML::Node& name_node, const YAML::Node& value) {
            const auto known = std::find(names.begin(), names.end(), name);
            if (known == names.end()) {
                const std::string suggestion = model::suggest(name, names);
                file_.error(name_node, about_ + ": unknown key " + quote(name) + "; " + suggestion);
                for (const std::string_view meant : names) {
                    if (suggestion == "did you mean \"" + std::string(meant) + "\"?") {
                        wrong_ones.push_back(meant);
                    }
                }
            } else if (value.IsNull()) {
                file_.error(name_node,
                            about_ + ": " + name + " is empty, expected " + expected(key_of(name)));
                wrong_ones.push_back(*known);
            } else {
                found_.emplace_back(*known, value);
            }
        });
    for (const Key& key : keys) {
        const bool is_told =
            std::find(wrong_ones.begin(), wrong_ones.end(), key.name) != wrong_ones.end();
        if (key.is_required && !is_told && !has(key.name)) {
            file_.error(map, about_ + ": " + std::string(key.name) + " is missing (" +
                                 std::string(key.what) + "); expected " + expected(key));
        }
    }
}

const YAML::Node* MapReader::find(std::string_view key) const {
    const auto found = std::find_if(found_.begin(), found_.end(),
                                    [&](const auto& one) { return one.first == key; });
    return found == found_.end() ? nullptr : &found->second;
}

const Key& MapReader::key_of(std::string_view name) const {
    const auto found =
        std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) { return key.name == name; });
    NOCTURNE_ASSERT(found != keys_.end());
    return *found;
}

void MapReader::wrong(const YAML::Node& node, std::string_view key, const std::string& message) {
    file_.error(node, about_ + ": " + std::string(key) + ": " + message);
}

void MapReader::wrong(std::string_view key, const std::string& message) {
    const YAML::Node* node = find(key);
    wrong(node == nullptr ? map_ : *node, key, message);
}

void MapReader::unexpected(const YAML::Node& node, std::string_view key) {
    wrong(node, key, "found " + found_at(node) + ", expected " + expected(key_of(key)));
}

std::optional<std::string> MapReader::text_of(const YAML::Node& node, std::string_view key) {
    if (!node.IsScalar()) {
        unexpected(node, key);
        return std::nullopt;
    }
    return node.Scalar();
}

std::optional<std::string> MapReader::text_of(std::string_view key) {
    const YAML::Node* node = find(key);
    return node == nullptr ? std::nullopt : text_of(*node, key);
}

void MapReader::text(std::string_view key, std::string& to) {
    if (std::optional<std::string> text = text_of(key)) {
        to = *std::move(text);
    }
}

void MapReader::items(std::string_view key, const std::function<void(const YAML::Node&)>& read) {
    const YAML::Node* node = find(key);
    if (node == nullptr) {
        return;
    }
    if (!node->IsSequence()) {
        read(*node);  // one alone
    } else if (node->size() == 0 && key_of(key).shape != Shape::Listed) {
        wrong(*node, key, "found an empty list, expected " + expected(key_of(key)));
    } else {
        file_.each_item(*node, about_ + ": " + std::string(key), read);
    }
}

void MapReader::texts(std::string_view key, std::vector<std::string>& to) {
    items(key, [&](const YAML::Node& item) {
        if (std::optional<std::string> text = text_of(item, key)) {
            to.push_back(*std::move(text));
        }
    });
}

void MapReader::flag(std::string_view key, bool& to) {
    const YAML::Node* node = find(key);
    if (node == nullptr) {
        return;
    }
    const std::optional<bool> flag = parse_flag(node->Scalar());
    if (flag) {
        to = *flag;
    } else {
        unexpected(*node, key);
    }
}

void MapReader::share(std::string_view key, double& to) {
    const YAML::Node* node = find(key);
    if (node == nullptr) {
        return;
    }
    const std::optional<double> share = parse_number<double>(node->Scalar());
    if (share && *share > 0 && *share <= 1) {
        to = *share;
    } else {
        unexpected(*node, key);
    }
}

std::optional<std::int64_t> MapReader::whole_number(std::string_view key) {
    const YAML::Node* node = find(key);
    if (node == nullptr) {
        return std::nullopt;
    }
    const std::optional<std::int64_t> number = parse_number<std::int64_t>(node->Scalar());
    if (!number || *number < key_of(key).min || *number > key_of(key).max) {
        unexpected(*node, key);
        return std::nullopt;
    }
    return number;
}

std::optional<std::size_t> MapReader::word_place(std::string_view key) {
    const YAML::Node* node = find(key);
    if (node == nullptr) {
        return std::nullopt;
    }
    const std::span<const std::string_view> words = key_of(key).words;
    const auto found = std::find(words.begin(), words.end(), node->Scalar());
    if (found == words.end()) {
        wrong(*node, key,
              "found " + found_at(*node) + ", expected " + expected(key_of(key)) +
                  closest(node->Scalar(), words));
        return std::nullopt;
    }
    return static_cast<std::size_t>(found - words.begin());
}

std::optional<model::Duration> MapReader::duration_of(std::string_view key) {
    const YAML::Node* node = find(key);
    if (node == nullptr) {
        return std::nullopt;
    }
    const Result<model::Duration> value =
        node->Scalar() == "0" ? model::Duration(0) : model::parse_duration(node->Scalar());
    const Key& known = key_of(key);
    if (!node->IsScalar() || !value) {
        unexpected(*node, key);
        return std::nullopt;
    }
    if (value->count() < known.min || value->count() > known.max) {
        wrong(*node, key,
              quote(node->Scalar()) + " is out of range, expected " + format_bound(known.min) +
                  " to " + format_bound(known.max));
        return std::nullopt;
    }
    return *value;
}

void MapReader::duration(std::string_view key, model::Duration& to) {
    to = duration_of(key).value_or(to);
}

void MapReader::duration(std::string_view key, std::optional<model::Duration>& to) {
    if (const std::optional<model::Duration> value = duration_of(key)) {
        to = value;
    }
}

void MapReader::hops(std::string_view key, std::uint8_t& to) {
    const YAML::Node* node = find(key);
    if (node == nullptr) {
        return;
    }
    if (const std::optional<bool> flag = parse_flag(node->Scalar())) {
        to = *flag ? kHopsMax : std::uint8_t{0};
    } else {
        number(key, to);
    }
}

void MapReader::field(std::string_view key, Field& to) {
    const YAML::Node* node = find(key);
    if (node != nullptr) {
        to = field_of(*node, key).value_or(to);
    }
}

void MapReader::fields(std::string_view key, std::vector<Field>& to) {
    items(key, [&](const YAML::Node& item) {
        std::optional<Field> field = field_of(item, key);
        if (field && std::find(to.begin(), to.end(), *field) != to.end()) {
            wrong(item, key, quote(item.Scalar()) + " is given twice; leave one");
        } else if (field) {
            to.push_back(*std::move(field));
        }
    });
}

void MapReader::expression(std::string_view key, std::optional<model::Expression>& to) {
    const YAML::Node* node = find(key);
    const std::optional<std::string> text = text_of(key);
    if (!text) {
        return;
    }
    if (text->empty() || text->size() > kExpressionBytesMax) {
        wrong(*node, key,
              "an expression of " + std::to_string(text->size()) + " bytes, expected 1 to " +
                  std::to_string(kExpressionBytesMax));
        return;
    }
    Result<model::Expression> made = model::Expression::make(*text);
    if (made) {
        to = *std::move(made);
    } else {
        wrong(*node, key, made.error().message);
    }
}

std::optional<TextTemplate> MapReader::template_of(const YAML::Node& node, std::string_view key) {
    const std::optional<std::string> text = text_of(node, key);
    if (!text) {
        return std::nullopt;
    }
    Result<TextTemplate> made = TextTemplate::parse(*text);
    if (!made) {
        wrong(node, key, made.error().message);
        return std::nullopt;
    }
    return *std::move(made);
}

void MapReader::text_template(std::string_view key, TextTemplate& to) {
    const YAML::Node* node = find(key);
    if (node == nullptr) {
        return;
    }
    if (std::optional<TextTemplate> made = template_of(*node, key)) {
        to = *std::move(made);
    }
}

void MapReader::map(std::string_view key, const std::function<void(MapReader&)>& read) {
    const YAML::Node* node = find(key);
    if (node == nullptr) {
        return;
    }
    MapReader inner(file_, *node, key_of(key).keys, about_ + ": " + std::string(key));
    if (inner.is_map()) {
        read(inner);
    }
}

void MapReader::list(std::string_view key, const std::function<void(MapReader&)>& read) {
    items(key, [&](const YAML::Node& item) {
        MapReader inner(file_, item, key_of(key).keys, about_ + ": " + std::string(key));
        if (inner.is_map()) {
            read(inner);
        }
    });
}

void MapReader::members(std::string_view key, const ReadMember& read) {
    const YAML::Node* node = find(key);
    if (node == nullptr) {
        return;
    }
    if (!node->IsMap() || node->size() == 0) {
        unexpected(*node, key);
    } else if (node->size() > kListItemsMax) {
        wrong(*node, key,
              std::to_string(node->size()) + " keys are more than " +
                  std::to_string(kListItemsMax));
    } else {
        file_.each_member(*node, about_ + ": " + std::string(key), read);
    }
}

}  // namespace nocturne::rules
