// docs/reference/rules.md says what the loader does: its examples load, its tables name all keys.
#include "rules/grammar.hpp"
#include "rules/loader.hpp"
#include "tests/rules/revision.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace nocturne::rules {
namespace {

using testing::HasSubstr;

std::string page() {
    std::ifstream file("docs/reference/rules.md");
    return {std::istreambuf_iterator<char>(file), {}};
}

// The text from "## name" to the next of that level.
std::string section_of(const std::string& page, std::string_view name) {
    const std::size_t begin = page.find("\n## " + std::string(name) + "\n");
    EXPECT_NE(begin, std::string::npos) << name;
    return begin == std::string::npos ? ""
                                      : page.substr(begin, page.find("\n## ", begin + 1) - begin);
}

void expect_keys(const std::string& section, Keys keys) {
    for (const Key& key : keys) {
        const bool is_of_all = key.name == "name" || key.name == "comment" || key.name == "mode";
        if (!is_of_all) {
            EXPECT_THAT(section, HasSubstr("`" + std::string(key.name) + "`"));
            expect_keys(section, key.keys);
        }
    }
}

TEST(RulesPage, EveryExampleLoads) {
    std::istringstream lines(page());
    std::string line;
    std::string yaml;
    bool is_inside = false;
    std::size_t number = 0;
    std::size_t examples = 0;
    for (; std::getline(lines, line); ++number) {
        if (is_inside && line == "```") {
            is_inside = false;
            ++examples;
            model::RulesRevision revision;
            revision.rules.push_back({"docs/reference/rules.md", yaml, model::kNoTime});
            revision.tables.push_back(
                {"docs/reference/owners.csv", "host,team\nweb,ann\n", model::kNoTime});
            revision.zones.push_back({"Europe/Berlin", {}});
            rules_of(revision);
        } else if (line == "```yaml") {
            is_inside = true;
            yaml = std::string(number + 1, '\n');  // so that problems have the page's lines
        } else if (is_inside) {
            yaml += line + "\n";
        }
    }
    EXPECT_GT(examples, 25U);
}

TEST(RulesPage, NamesEveryKey) {
    const std::string text = page();

    expect_keys(section_of(text, "tables"), table_keys());
    for (std::size_t kind = 0; kind < kRuleKindNames.size(); ++kind) {
        expect_keys(section_of(text, kRuleKindNames[kind]), keys_of(static_cast<RuleKind>(kind)));
    }
    for (const std::string_view type : kPatternTypeNames) {
        EXPECT_THAT(section_of(text, "pattern"), HasSubstr("\n### " + std::string(type) + "\n"));
    }
}

TEST(RulesPage, SchemaNamesEveryKeyToo) {
    const std::string schema = rules_schema();

    for (std::size_t kind = 0; kind < kRuleKindNames.size(); ++kind) {
        EXPECT_THAT(schema, HasSubstr("\"" + std::string(kRuleKindNames[kind]) + "\":{"));
        for (const Key& key : keys_of(static_cast<RuleKind>(kind))) {
            EXPECT_THAT(schema, HasSubstr("\"" + std::string(key.name) + "\":{\"description\":"));
        }
    }
}

}  // namespace
}  // namespace nocturne::rules
