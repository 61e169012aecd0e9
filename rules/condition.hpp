// Condition: when a rule concerns an event, an alert or an incident.
#pragma once

#include "model/matcher.hpp"
#include "model/severity.hpp"
#include "rules/subject.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nocturne::rules {

// One question about a field; a field that is missing is empty, as in Alertmanager.
struct Test {
    Field field;
    model::Matcher matcher;
    std::vector<std::string> any_of;  // instead of the matcher when not empty: one of these, sorted
};

// All tests must hold, and the severity must lie within both bounds. Without any, it holds for
// everything.
struct Condition {
    std::vector<Test> tests;
    std::optional<model::Severity> severity_min;
    std::optional<model::Severity> severity_max;

    bool is_empty() const { return tests.empty() && !severity_min && !severity_max; }

    bool holds(const SubjectView& subject) const;
};

// From matchers in Alertmanager's syntax.
Result<Condition> parse_condition(std::string_view matchers);
// One test that is an equality: "resource is one of these".
Result<Test> make_test(Field field, std::vector<std::string> any_of);

// The texts that `field` must be one of for the condition to hold; empty when it may be anything.
std::vector<std::string> equals(const Condition& condition, const Field& field);

std::string to_string(const Condition& condition);

}  // namespace nocturne::rules
