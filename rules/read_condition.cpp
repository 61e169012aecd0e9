// Conditions and fields: the part of MapReader that all kinds of rules share.
#include "model/suggestion.hpp"
#include "rules/rule_reader.hpp"

#include <algorithm>
#include <array>

namespace nocturne::rules {

namespace {

constexpr std::array<std::string_view, 9> kFieldWords{
    "resource", "check", "source",       "summary",      "severity",
    "status",   "kind",  "severity_min", "severity_max",
};

// Whether one letter too many, too few, wrong or out of turn makes one word the other.
bool is_slip_of(std::string_view written, std::string_view word) {
    std::size_t same = 0;
    while (same < std::min(written.size(), word.size()) && written[same] == word[same]) {
        ++same;
    }
    const std::string_view a = written.substr(same);
    const std::string_view b = word.substr(same);
    if (a.size() == b.size()) {
        const bool is_swap =
            a.size() >= 2 && a[0] == b[1] && a[1] == b[0] && a.substr(2) == b.substr(2);
        return !a.empty() && (is_swap || a.substr(1) == b.substr(1));
    }
    return (a.size() == b.size() + 1 && a.substr(1) == b) ||
           (b.size() == a.size() + 1 && b.substr(1) == a);
}

// The word that a bare name was probably meant to be. Plurals are names of their own.
std::string_view meant_by(std::string_view name) {
    constexpr std::size_t kLettersMin = 5;  // shorter names are one letter from too many others
    for (const std::string_view word : kFieldWords) {
        const bool is_plural = name.size() == word.size() + 1 && name.ends_with('s');
        if (word.size() >= kLettersMin && !is_plural && is_slip_of(name, word)) {
            return word;
        }
    }
    return "";
}

}  // namespace

std::optional<Field> MapReader::field_of(const YAML::Node& node, std::string_view key) {
    if (!node.IsScalar() || node.Scalar().empty()) {
        unexpected(node, key);
        return std::nullopt;
    }
    const std::string& text = node.Scalar();
    Field field = parse_field(text);
    for (const std::string_view start : {"label.", "annotation."}) {
        if (text.starts_with(start)) {
            const std::string plural = std::string(start.substr(0, start.size() - 1)) + "s.";
            wrong(node, key,
                  "found " + quote(text) + "; did you mean " +
                      quote(plural + text.substr(start.size())) + "?");
            return std::nullopt;
        }
    }
    const bool is_named = field.part == Field::Part::Label || field.part == Field::Part::Annotation;
    const bool is_bare = field.part == Field::Part::Label && field.name == text;
    const bool is_odd = is_bare && text.find_first_of(" \t\n=~!{}()[]\",*") != std::string::npos;
    if (is_odd || (is_named && field.name.empty())) {
        unexpected(node, key);
        return std::nullopt;
    }
    if (is_bare && (text == "labels" || text == "annotations")) {
        wrong(node, key, "found " + quote(text) + ", expected one of them, e.g. " + text + ".env");
        return std::nullopt;
    }
    if (const std::string_view meant = is_bare ? meant_by(text) : ""; !meant.empty()) {
        file_.warning(node, about_ + ": " + std::string(key) + ": " + quote(text) +
                                " is read as a label; did you mean " + quote(meant) +
                                "? For the label write labels." + text);
    }
    return field;
}

void MapReader::condition(std::string_view key, Condition& to) {
    const YAML::Node* node = find(key);
    if (node == nullptr) {
        return;
    }
    if (std::optional<Condition> condition = condition_of(*node, key)) {
        to = *std::move(condition);
    }
}

void MapReader::condition(std::string_view key, std::optional<Condition>& to) {
    const YAML::Node* node = find(key);
    if (node != nullptr) {
        to = condition_of(*node, key);
    }
}

void MapReader::conditions(std::string_view key, std::vector<Condition>& to) {
    items(key, [&](const YAML::Node& item) {
        if (std::optional<Condition> condition = condition_of(item, key)) {
            to.push_back(*std::move(condition));
        }
    });
}

// Nothing when it is wrong, which is then told.
std::optional<Condition> MapReader::condition_of(const YAML::Node& node, std::string_view key) {
    if (node.IsMap()) {
        return condition_map(node, key);
    }
    Condition condition;
    if (node.IsScalar()) {
        return add_matchers(node, key, condition) ? std::optional(std::move(condition))
                                                  : std::nullopt;
    }
    if (!node.IsSequence() || node.size() == 0) {
        unexpected(node, key);
        return std::nullopt;
    }
    bool is_well = true;
    file_.each_item(node, about_ + ": " + std::string(key), [&](const YAML::Node& item) {
        is_well = add_matchers(item, key, condition) && is_well;
    });
    return is_well ? std::optional(std::move(condition)) : std::nullopt;
}

bool MapReader::add_matchers(const YAML::Node& node, std::string_view key, Condition& to) {
    if (!node.IsScalar()) {
        wrong(node, key,
              "found " + found_at(node) + ", expected a text of matchers, e.g. 'check=\"Disk\"'");
        return false;
    }
    Result<Condition> parsed = parse_condition(node.Scalar());
    if (!parsed) {
        wrong(node, key, parsed.error().message);
        return false;
    }
    std::move(parsed->tests.begin(), parsed->tests.end(), std::back_inserter(to.tests));
    return true;
}

std::optional<Condition> MapReader::condition_map(const YAML::Node& node, std::string_view key) {
    if (node.size() == 0) {
        wrong(node, key, "found an empty map, expected at least one field, e.g. {check: DiskFull}");
        return std::nullopt;
    }
    Condition condition;
    bool is_well = true;
    const std::size_t errors = file_.problems().errors();
    file_.each_member(
        node, about_ + ": " + std::string(key),
        [&](const std::string& name, const YAML::Node& name_node, const YAML::Node& value) {
            if (name == "expr") {
                is_well = add_matchers(value, key, condition) && is_well;
            } else if (name == "severity_min") {
                is_well = bound(value, key, name, condition.severity_min) && is_well;
            } else if (name == "severity_max") {
                is_well = bound(value, key, name, condition.severity_max) && is_well;
            } else {
                is_well = add_test(name, name_node, value, key, condition) && is_well;
            }
        });
    is_well = is_well && file_.problems().errors() == errors;
    return is_well ? std::optional(std::move(condition)) : std::nullopt;
}

bool MapReader::bound(const YAML::Node& node, std::string_view key, std::string_view name,
                      std::optional<model::Severity>& to) {
    const auto severity = model::find_name<model::Severity>(model::kSeverityNames, node.Scalar());
    if (!severity) {
        wrong(node, key,
              std::string(name) + ": found " + found_at(node) +
                  ", expected one of ok, info, warning, minor, major, critical");
        return false;
    }
    to = severity;
    return true;
}

// `field: text` or `field: [text, text]`.
bool MapReader::add_test(const std::string& name, const YAML::Node& name_node,
                         const YAML::Node& values, std::string_view key, Condition& to) {
    if (values.IsMap() && (name == "labels" || name == "annotations")) {
        wrong(name_node, key,
              "found a map of " + name + ", expected each by itself, e.g. " + name + ".env: prod");
        return false;
    }
    std::optional<Field> field = field_of(name_node, key);
    if (!field) {
        return false;
    }
    std::vector<std::string> any_of;
    bool is_well = true;
    const auto add = [&](const YAML::Node& value) {
        if (value.IsScalar()) {
            any_of.push_back(value.Scalar());
            return;
        }
        wrong(value, key,
              name + ": found " + found_at(value) +
                  ", expected a text, or a list of texts of which one must be it");
        is_well = false;
    };
    if (values.IsSequence()) {
        const std::string about = about_ + ": " + std::string(key) + ": " + name;
        if (values.size() > kListItemsMax) {
            is_well = false;
        }
        file_.each_item(values, about, add);
    } else {
        add(values);
    }
    if (!is_well) {
        return false;
    }
    Result<Test> test = make_test(*std::move(field), std::move(any_of));
    if (!test) {
        wrong(values, key, test.error().message);
        return false;
    }
    to.tests.push_back(*std::move(test));
    return true;
}

}  // namespace nocturne::rules
