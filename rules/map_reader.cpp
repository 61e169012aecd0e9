#include "rules/map_reader.hpp"

#include "model/suggestion.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace nocturne::rules {

namespace {

constexpr std::size_t kListItemsMax = 10'000;

std::string line_of(std::string_view text, std::size_t line) {
    for (; line > 1; --line) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            return {};
        }
        text.remove_prefix(end + 1);
    }
    return std::string(text.substr(0, text.find('\n')).substr(0, 200));
}

template <typename Number>
std::optional<Number> parse_number(const std::string& text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                    : std::nullopt;
}

constexpr std::string_view kConditionHelp =
    "matchers such as check=\"DiskFull\", a list of them, or a map such as {check: DiskFull, "
    "severity: [major, critical]}";

}  // namespace

void FileProblems::add(Problem::Level level, const YAML::Mark& mark, std::string message) {
    errors_ += level == Problem::Level::Error ? 1U : 0U;
    if (problems_.size() < kProblemsMax) {
        const Place place = place_of(mark);
        problems_.push_back(
            {level, {ErrorCode::Invalid, std::move(message), {place}}, line_of(text_, place.line)});
    }
}

Place FileProblems::place_of(const YAML::Mark& mark) const {
    if (mark.is_null()) {
        return {file_, 1, 1};
    }
    return {file_, static_cast<std::uint32_t>(mark.line + 1),
            static_cast<std::uint32_t>(mark.column + 1)};
}

MapReader::MapReader(FileProblems& problems, const YAML::Node& map, std::string what)
    : problems_(problems), map_(map), what_(std::move(what)) {}

void MapReader::wrong(const YAML::Node& node, const std::string& message) {
    problems_.error(node.Mark(), what_ + ": " + message);
}

void MapReader::wrong(std::string_view key, const std::string& message) {
    const YAML::Node found = map_[std::string(key)];
    wrong(found.IsDefined() ? found : map_, std::string(key) + ": " + message);
}

bool MapReader::has(std::string_view key) const {
    return map_[std::string(key)].IsDefined();
}

YAML::Node MapReader::node(std::string_view key, Need need) {
    known_.emplace_back(key);
    const YAML::Node found = map_[std::string(key)];
    if (!found.IsDefined() && need == Need::Required) {
        problems_.error(map_.Mark(), what_ + ": " + std::string(key) + " is missing");
    }
    return found;
}

std::optional<std::string> MapReader::text(std::string_view key, Need need) {
    const YAML::Node found = node(key, need);
    if (!found.IsDefined()) {
        return std::nullopt;
    }
    if (!found.IsScalar()) {
        wrong(key, "expected a text");
        return std::nullopt;
    }
    return found.Scalar();
}

bool MapReader::flag(std::string_view key, bool otherwise) {
    const std::optional<std::string> value = text(key);
    if (!value) {
        return otherwise;
    }
    if (*value != "true" && *value != "false") {
        wrong(key, "\"" + *value + "\" is neither true nor false");
    }
    return *value == "true";
}

std::optional<model::Duration> MapReader::duration(std::string_view key, Need need) {
    const std::optional<std::string> value = text(key, need);
    if (!value) {
        return std::nullopt;
    }
    const Result<model::Duration> parsed = model::parse_duration(*value);
    if (!parsed) {
        wrong(key, "\"" + *value + "\" is not a duration; expected e.g. 30s, 5m, 1h30m");
        return std::nullopt;
    }
    static constexpr std::array<std::string_view, 5> kMayBeNothing{
        "wait", "interval", "repeat", "resolve_after", "reopen_window"};
    const bool may_be_nothing =
        std::find(kMayBeNothing.begin(), kMayBeNothing.end(), key) != kMayBeNothing.end();
    if (*parsed <= model::Duration{} && !may_be_nothing && key != "at") {
        wrong(key, "must be longer than nothing");
        return std::nullopt;
    }
    return *parsed;
}

std::uint32_t MapReader::number(std::string_view key, std::uint32_t otherwise, std::uint32_t least,
                                std::uint32_t most, Need need) {
    const std::optional<std::string> value = text(key, need);
    if (!value) {
        return otherwise;
    }
    const std::optional<std::uint32_t> parsed = parse_number<std::uint32_t>(*value);
    if (!parsed || *parsed < least || *parsed > most) {
        wrong(key, "\"" + *value + "\" is not a number from " + std::to_string(least) + " to " +
                       std::to_string(most));
        return otherwise;
    }
    return *parsed;
}

double MapReader::share(std::string_view key, double otherwise) {
    const std::optional<std::string> value = text(key);
    if (!value) {
        return otherwise;
    }
    const std::optional<double> parsed = parse_number<double>(*value);
    if (!parsed || !(*parsed > 0) || *parsed > 1) {
        wrong(key, "\"" + *value + "\" is not a number above 0 up to 1, e.g. 0.7");
        return otherwise;
    }
    return *parsed;
}

std::optional<model::Severity> MapReader::severity(std::string_view key) {
    const std::optional<std::string> value = text(key);
    if (!value) {
        return std::nullopt;
    }
    const auto found = model::find_name<model::Severity>(model::kSeverityNames, *value);
    if (!found) {
        wrong(key, "\"" + *value + "\" is not one of " + list_of(model::kSeverityNames));
    }
    return found;
}

void MapReader::each(std::string_view key, const std::function<void(const YAML::Node&)>& visit) {
    const YAML::Node found = node(key);
    if (!found.IsDefined()) {
        return;
    }
    if (!found.IsSequence()) {
        visit(found);
        return;
    }
    if (found.size() > kListItemsMax) {
        wrong(key, "more than " + std::to_string(kListItemsMax) + " items");
        return;
    }
    for (const YAML::Node& item : found) {
        visit(item);
    }
}

void MapReader::each_member(
    std::string_view key, const std::function<void(const std::string&, const YAML::Node&)>& visit) {
    const YAML::Node found = node(key);
    if (!found.IsDefined()) {
        return;
    }
    if (!found.IsMap()) {
        wrong(key, "expected a map, e.g. {name: value}");
        return;
    }
    for (const auto& member : found) {
        if (member.first.IsScalar()) {
            visit(member.first.Scalar(), member.second);
        }
    }
}

std::vector<std::string> MapReader::texts(std::string_view key, Need need) {
    std::vector<std::string> texts;
    each(key, [&](const YAML::Node& item) {
        if (item.IsScalar()) {
            texts.push_back(item.Scalar());
        } else {
            wrong(item, std::string(key) + ": expected a text or a list of texts");
        }
    });
    if (texts.empty() && need == Need::Required) {
        wrong(key, has(key) ? "expected at least one" : "is missing");
    }
    return texts;
}

std::vector<Field> MapReader::fields(std::string_view key, Need need) {
    std::vector<Field> fields;
    for (const std::string& text : texts(key, need)) {
        fields.push_back(parse_field(text));
    }
    return fields;
}

Condition MapReader::condition(std::string_view key, Need need) {
    const YAML::Node found = node(key, need);
    return found.IsDefined() ? condition_in(found, key) : Condition{};
}

Condition MapReader::condition_in(const YAML::Node& node, std::string_view key) {
    const std::string name(key);
    Condition condition;
    const auto add = [&](const YAML::Node& at, const std::string& matchers) {
        Result<Condition> parsed = parse_condition(matchers);
        if (!parsed) {
            wrong(at, name + ": " + parsed.error().message);
            return;
        }
        condition.tests.insert(condition.tests.end(), parsed->tests.begin(), parsed->tests.end());
    };
    if (node.IsScalar()) {
        add(node, node.Scalar());
    } else if (node.IsSequence()) {
        for (const YAML::Node& item : node) {
            item.IsScalar() ? add(item, item.Scalar())
                            : wrong(item, name + ": expected " + std::string(kConditionHelp));
        }
    } else if (node.IsMap()) {
        MapReader map(problems_, node, what_ + ": " + name);
        condition.severity_min = map.severity("severity_min");
        condition.severity_max = map.severity("severity_max");
        if (const auto expression = map.text("expr")) {
            add(node["expr"], *expression);
        }
        for (const auto& member : node) {
            const std::string field = member.first.IsScalar() ? member.first.Scalar() : "";
            if (field.empty() || field == "severity_min" || field == "severity_max" ||
                field == "expr") {
                continue;
            }
            std::vector<std::string> values;
            map.each(field, [&](const YAML::Node& item) {
                item.IsScalar() ? values.push_back(item.Scalar())
                                : map.wrong(item, field + ": expected a text or a list of texts");
            });
            Result<Test> test = make_test(parse_field(field), std::move(values));
            if (test) {
                condition.tests.push_back(*std::move(test));
            } else {
                map.wrong(member.second, test.error().message);
            }
        }
    } else {
        wrong(node, name + ": expected " + std::string(kConditionHelp));
    }
    return condition;
}

std::optional<TextTemplate> MapReader::text_template(std::string_view key, Need need) {
    const YAML::Node found = node(key, need);
    return found.IsDefined() ? template_in(found, key) : std::nullopt;
}

std::optional<TextTemplate> MapReader::template_in(const YAML::Node& node, std::string_view key) {
    if (!node.IsScalar()) {
        wrong(node, std::string(key) + ": expected a text, e.g. \"{resource} is down\"");
        return std::nullopt;
    }
    Result<TextTemplate> parsed = TextTemplate::parse(node.Scalar());
    if (!parsed) {
        wrong(node, std::string(key) + ": " + parsed.error().message);
        return std::nullopt;
    }
    return *std::move(parsed);
}

void MapReader::finish() {
    std::set<std::string> seen;
    std::vector<std::string_view> known(known_.begin(), known_.end());
    for (const auto& member : map_) {
        const std::string key = member.first.IsScalar() ? member.first.Scalar() : "";
        if (key.empty()) {
            wrong(member.first, "expected the name of a key");
        } else if (std::find(known.begin(), known.end(), key) == known.end()) {
            wrong(member.first, "unknown key \"" + key + "\"; " + model::suggest(key, known));
        } else if (!seen.insert(key).second) {
            wrong(member.first, "key \"" + key + "\" is there twice");
        }
    }
}

}  // namespace nocturne::rules
