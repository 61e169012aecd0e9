// What the schema for editors says is what the readers take. The examples of the pages and the
// shipped packs are held against it in tests/cli/schema_test.py.
#include "rules/configuration.hpp"
#include "rules/grammar.hpp"
#include "tests/rules/revision.hpp"

#include <gmock/gmock.h>

namespace nocturne::rules {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// "incidents: {max: 7}".
std::string yaml_of(const std::vector<std::string_view>& path, const std::string& value) {
    std::string yaml = value;
    for (auto name = path.rbegin(); name != path.rend(); ++name) {
        std::string outer = "{";
        outer.append(*name).append(": ").append(yaml).append("}");
        yaml = std::move(outer);
    }
    return yaml;
}

std::string problems_of_configuration(const std::vector<std::string_view>& path,
                                      const std::string& value) {
    std::string all;
    for (const Error& error : parse_configuration(yaml_of(path, value), "n.yaml").problems) {
        all += error.message + "\n";
    }
    return all;
}

void expect_bounds(const std::vector<std::string_view>& path, const Key& key,
                   const std::string& unit) {
    const auto problems = [&](std::int64_t number) {
        return problems_of_configuration(path, std::to_string(number) + unit);
    };
    EXPECT_THAT(problems(key.min), IsEmpty());
    EXPECT_THAT(problems(key.max), IsEmpty());
    EXPECT_THAT(problems(key.max + 1), Not(IsEmpty())) << key.name;
    if (key.min > 0) {
        EXPECT_THAT(problems(key.min - 1), Not(IsEmpty())) << key.name;
    }
}

void expect_words(const std::vector<std::string_view>& path, const Key& key) {
    for (const std::string_view word : key.words) {
        EXPECT_THAT(problems_of_configuration(path, "'" + std::string(word) + "'"), IsEmpty());
    }
    EXPECT_THAT(problems_of_configuration(path, "nobody"), Not(IsEmpty())) << key.name;
}

void expect_section(const std::vector<std::string_view>& path, Keys keys) {
    std::string names;
    for (const Key& key : keys) {
        names += (names.empty() ? "" : ", ") + std::string(key.name);
    }
    std::vector<std::string_view> unknown = path;
    unknown.emplace_back("qqqqqqqqqqqqqqqq");
    EXPECT_THAT(problems_of_configuration(unknown, "1"), HasSubstr("known keys: " + names + "\n"));
    for (const Key& key : keys) {
        std::vector<std::string_view> inner = path;
        inner.push_back(key.name);
        switch (key.shape) {
            case Shape::Section: expect_section(inner, key.keys); break;
            case Shape::Duration: expect_bounds(inner, key, "ms"); break;
            case Shape::Number:
            case Shape::Bytes: expect_bounds(inner, key, ""); break;
            case Shape::Word: expect_words(inner, key); break;
            default: break;
        }
    }
}

TEST(Schema, OfTheConfigurationHasTheKeysAndBoundsOfItsReader) {
    expect_section({}, configuration_keys());
}

TEST(Schema, OfTestsHasRulesInIt) {
    const std::string schema = tests_schema();

    EXPECT_THAT(schema, HasSubstr("\"$ref\":\"#/$defs/rules\""));
    for (const std::string_view kind : kRuleKindNames) {
        EXPECT_THAT(schema, HasSubstr("\"" + std::string(kind) + "\":{"));
    }
}

}  // namespace
}  // namespace nocturne::rules
