#include "rules/field_reader.hpp"

#include "model/suggestion.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace nocturne::rules {

std::string shorten(std::string_view text) {
    constexpr std::size_t kShown = 64;
    return std::string(text.substr(0, kShown)) + (text.size() > kShown ? "..." : "");
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, unsigned>, 3> kUnits{
        {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}}};
    unsigned shift = 0;
    for (const auto& [unit, bits] : kUnits) {
        if (text.ends_with(unit)) {
            text.remove_suffix(unit.size());
            shift = bits;
            break;
        }
    }
    const std::optional<std::uint64_t> number = parse_number<std::uint64_t>(text);
    return number && *number <= (UINT64_MAX >> shift) ? std::optional(*number << shift)
                                                      : std::nullopt;
}

namespace {

// 64, 16MiB.
std::string bytes_text(std::uint64_t bytes) {
    static constexpr std::array<std::pair<std::string_view, unsigned>, 3> kUnits{
        {{"GiB", 30}, {"MiB", 20}, {"KiB", 10}}};
    for (const auto& [unit, bits] : kUnits) {
        if (bytes >= (std::uint64_t{1} << bits) && bytes % (std::uint64_t{1} << bits) == 0) {
            return std::to_string(bytes >> bits) + std::string(unit);
        }
    }
    return std::to_string(bytes);
}

std::vector<std::string_view> keys_of_fields(const FieldReader::Fields& fields) {
    std::vector<std::string_view> keys;
    for (const FieldReader::Field& field : fields) {
        keys.push_back(field.key);
    }
    return keys;
}

}  // namespace

FieldReader::FieldReader(const std::string& file_name)
    : file_name_(file_name), folder_(std::filesystem::path(file_name).parent_path()) {}

FieldReader::Field FieldReader::text(std::string_view key, std::string& to) {
    return {key, [this, key, &to](const YAML::Node& node) {
                if (std::optional<std::string> text = scalar(node, key, "a text")) {
                    to = *std::move(text);
                }
            }};
}

FieldReader::Field FieldReader::path(std::string_view key, std::filesystem::path& to) {
    return {key, [this, key, &to](const YAML::Node& node) { read_path(node, key, to); }};
}

FieldReader::Field FieldReader::flag(std::string_view key, bool& to) {
    return {key, [this, key, &to](const YAML::Node& node) {
                const std::optional<std::string> text = scalar(node, key, "true or false");
                if (text && (*text == "true" || *text == "false")) {
                    to = *text == "true";
                } else if (text) {
                    report(node, std::string(key) + ": \"" + shorten(*text) +
                                     "\" is not one of true, false");
                }
            }};
}

FieldReader::Field FieldReader::duration(std::string_view key, model::Duration& to,
                                         model::Duration min, model::Duration max) {
    return {key, [this, key, &to, min, max](const YAML::Node& node) {
                const std::optional<std::string> text = scalar(node, key, "a duration, e.g. 30s");
                if (!text) {
                    return;
                }
                const Result<model::Duration> value =
                    *text == "0" ? model::Duration(0) : model::parse_duration(*text);
                if (!value) {
                    report(node, std::string(key) + ": \"" + shorten(*text) +
                                     "\" is not a duration; expected e.g. 30s");
                } else if (*value < min || *value > max) {
                    report(node,
                           std::string(key) + ": " + shorten(*text) +
                               " is out of range; expected " +
                               (min.count() > 0 ? model::format_duration(min) : "0") + " to " +
                               (max == kDurationMax ? "10 years" : model::format_duration(max)));
                } else {
                    to = *value;
                }
            }};
}

FieldReader::Field FieldReader::bytes(std::string_view key, std::size_t& to, std::uint64_t min,
                                      std::uint64_t max) {
    return {key, [this, key, &to, min, max](const YAML::Node& node) {
                const std::optional<std::string> text = scalar(node, key, "a size, e.g. 256KiB");
                if (!text) {
                    return;
                }
                const std::optional<std::uint64_t> value = parse_bytes(*text);
                if (!value || *value < min || *value > max) {
                    report(node, std::string(key) + ": \"" + shorten(*text) +
                                     "\" is not a size from " + bytes_text(min) + " to " +
                                     bytes_text(max) + "; expected e.g. 256KiB");
                } else {
                    to = static_cast<std::size_t>(*value);
                }
            }};
}

FieldReader::Field FieldReader::share(std::string_view key, double& to) {
    return {key, [this, key, &to](const YAML::Node& node) {
                double value = 0;
                if (!node.IsScalar() || !YAML::convert<double>::decode(node, value) ||
                    !(value > 0 && value <= 1)) {
                    report(node,
                           std::string(key) + ": expected a number above 0 and up to 1, e.g. 0.9");
                } else {
                    to = value;
                }
            }};
}

FieldReader::Field FieldReader::texts(std::string_view key, std::vector<std::string>& to) {
    return {key, [this, key, &to](const YAML::Node& node) {
                if (node.IsScalar()) {
                    to.push_back(node.Scalar());
                    return;
                }
                each_text(node, key, "a list of texts",
                          [&](const YAML::Node& item) { to.push_back(item.Scalar()); });
            }};
}

void FieldReader::read_path(const YAML::Node& node, std::string_view key,
                            std::filesystem::path& to) {
    const std::optional<std::string> text = scalar(node, key, "a path");
    if (text && text->empty()) {
        report(node, std::string(key) + ": expected a path, this is empty");
    } else if (text) {
        to = folder_ / *text;
    }
}

void FieldReader::read_map(const YAML::Node& node, std::string_view name, const Fields& fields) {
    if (node.IsNull()) {
        return;  // a section of which everything is commented out
    }
    if (!node.IsMap()) {
        report(node, (name.empty() ? "" : std::string(name) + ": ") +
                         "expected a map with the keys " + list_of(keys_of_fields(fields)));
        return;
    }
    std::set<std::string> seen;
    for (const auto& member : node) {
        const std::string key = member.first.IsScalar() ? member.first.Scalar() : "";
        const auto field = std::find_if(fields.begin(), fields.end(),
                                        [&](const Field& it) { return it.key == key; });
        if (field == fields.end()) {
            report(member.first, "unknown key \"" + shorten(key) + "\"" +
                                     (name.empty() ? "" : " in " + std::string(name)) + "; " +
                                     model::suggest(key, keys_of_fields(fields)));
        } else if (!seen.insert(key).second) {
            report(member.first, "\"" + key + "\" is given twice; leave one");
        } else {
            field->read(member.second);
        }
        if (problems.size() >= kProblemsMax) {
            return;
        }
    }
}

void FieldReader::each_map(const YAML::Node& node, std::string_view key, std::string_view expected,
                           const std::function<void(const YAML::Node&)>& read) {
    if (node.IsNull()) {
        return;
    }
    if (node.IsMap()) {
        read(node);
        return;
    }
    if (!node.IsSequence()) {
        report(node, std::string(key) + ": expected " + std::string(expected));
        return;
    }
    if (node.size() > kListItemsMax) {
        report(node, std::string(key) + ": " + std::to_string(node.size()) +
                         " items are more than " + std::to_string(kListItemsMax));
        return;
    }
    for (const YAML::Node& item : node) {
        if (!item.IsMap()) {
            report(item, std::string(key) + ": expected " + std::string(expected));
        } else if (problems.size() < kProblemsMax) {
            read(item);
        }
    }
}

void FieldReader::each_text(const YAML::Node& node, std::string_view key, std::string_view expected,
                            const std::function<void(const YAML::Node&)>& read) {
    if (node.IsNull()) {
        return;
    }
    if (!node.IsSequence()) {
        report(node, std::string(key) + ": expected " + std::string(expected));
        return;
    }
    if (node.size() > kListItemsMax) {
        report(node, std::string(key) + ": " + std::to_string(node.size()) +
                         " items are more than " + std::to_string(kListItemsMax));
        return;
    }
    for (const YAML::Node& item : node) {
        if (scalar(item, key, "a text")) {
            read(item);
        }
    }
}

std::optional<std::string> FieldReader::scalar(const YAML::Node& node, std::string_view key,
                                               std::string_view expected) {
    if (!node.IsScalar()) {
        report(node, std::string(key) + ": expected " + std::string(expected));
        return std::nullopt;
    }
    return node.Scalar();
}

void FieldReader::report(const YAML::Node& node, std::string message) {
    report(node.Mark(), std::move(message));
}

void FieldReader::report(const YAML::Mark& mark, std::string message) {
    problems.push_back({ErrorCode::Invalid, std::move(message), {place_of(mark)}});
}

Place FieldReader::place_of(const YAML::Mark& mark) const {
    Place place{file_name_, 1, 1};
    if (!mark.is_null()) {
        place.line = static_cast<std::uint32_t>(mark.line + 1);
        place.column = static_cast<std::uint32_t>(mark.column + 1);
    }
    return place;
}

}  // namespace nocturne::rules
