#include "rules/condition.hpp"

#include <algorithm>

namespace nocturne::rules {

namespace {

using Operator = model::Matcher::Operator;

bool holds(const Test& test, const SubjectView& subject) {
    const std::string_view value = value_of(subject, test.field);
    return test.any_of.empty() ? test.matcher.matches(value)
                               : std::binary_search(test.any_of.begin(), test.any_of.end(), value);
}

std::string to_string(const Test& test) {
    if (test.any_of.empty()) {
        const std::string text = model::to_string({test.matcher});
        return text.substr(1, text.size() - 2);  // without the braces
    }
    std::string text = to_string(test.field) + " one of";
    for (const std::string& value : test.any_of) {
        text += (&value == &test.any_of.front() ? " \"" : ", \"") + value + "\"";
    }
    return text;
}

}  // namespace

bool Condition::holds(const SubjectView& subject) const {
    if ((severity_min && subject.severity < *severity_min) ||
        (severity_max && subject.severity > *severity_max)) {
        return false;
    }
    return std::all_of(tests.begin(), tests.end(),
                       [&](const Test& test) { return rules::holds(test, subject); });
}

Result<Condition> parse_condition(std::string_view matchers) {
    NOCTURNE_TRY(model::Matchers parsed, model::parse_matchers(matchers));
    Condition condition;
    for (model::Matcher& matcher : parsed) {
        Field field = parse_field(matcher.name());
        condition.tests.push_back({std::move(field), std::move(matcher), {}});
    }
    return condition;
}

Result<Test> make_test(Field field, std::vector<std::string> any_of) {
    if (any_of.empty()) {
        return fail(ErrorCode::Invalid,
                    "\"" + to_string(field) + "\" is one of nothing; name at least one value");
    }
    std::sort(any_of.begin(), any_of.end());
    any_of.erase(std::unique(any_of.begin(), any_of.end()), any_of.end());
    NOCTURNE_TRY(model::Matcher matcher,
                 model::Matcher::make(to_string(field), Operator::Equal, any_of.front()));
    if (any_of.size() == 1) {
        any_of.clear();
    }
    return Test{std::move(field), std::move(matcher), std::move(any_of)};
}

std::vector<std::string> equals(const Condition& condition, const Field& field) {
    for (const Test& test : condition.tests) {
        if (test.field != field) {
            continue;
        }
        if (!test.any_of.empty()) {
            return test.any_of;
        }
        if (test.matcher.op() == Operator::Equal && !test.matcher.value().empty()) {
            return {test.matcher.value()};
        }
    }
    return {};
}

std::string to_string(const Condition& condition) {
    std::string text;
    const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    for (const Test& test : condition.tests) {
        add(to_string(test));
    }
    if (condition.severity_min) {
        add("severity at least " + std::string(model::name_of(*condition.severity_min)));
    }
    if (condition.severity_max) {
        add("severity at most " + std::string(model::name_of(*condition.severity_max)));
    }
    return text.empty() ? "anything" : text;
}

}  // namespace nocturne::rules
