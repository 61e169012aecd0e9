#include "rules/test_case.hpp"

#include "tests/rules/revision.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace nocturne::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> problems_in(std::string_view yaml) {
    return texts_of(parse_test_case(yaml, "t/a.test.yaml").problems);
}

std::vector<std::string> problems_of_expectation(const std::string& expect) {
    return problems_in("steps: [{expect: " + expect + "}]");
}

TEST(TestCase, WordsThatThereAreNotAreWrong) {
    EXPECT_THAT(problems_of_expectation("{absent: [{state: fireing}]}"),
                ElementsAre(HasSubstr("error: test: steps: expect: absent: state: found "
                                      "\"fireing\", expected one of firing, suppressed, resolved, "
                                      "expired; did you mean \"firing\"?")));
    EXPECT_THAT(problems_of_expectation("{alerts: {severity: bad, suppressed: in_maintainance}}"),
                ElementsAre(HasSubstr("severity: found \"bad\""),
                            HasSubstr("did you mean \"in_maintenance\"?")));
    EXPECT_THAT(problems_of_expectation("{alerts: {suppressed: inhibits/dead switch}}"),
                ElementsAre(HasSubstr("did you mean \"inhibit\"?")));
    EXPECT_THAT(problems_of_expectation("{incidents: [{state: closed}]}"),
                ElementsAre(HasSubstr("state: found \"closed\", expected one of open, ")));
    EXPECT_THAT(problems_of_expectation("{notified: [{to: pager}]}"),
                ElementsAre(HasSubstr("to: found \"pager\"")));
}

TEST(TestCase, WordsThatThereAreAreWell) {
    EXPECT_THAT(problems_of_expectation("{absent: {state: firing}, notified: {to: page, count: 0}, "
                                        "incidents: [], alerts: [{suppressed: in_maintenance}, "
                                        "{suppressed: inhibit/x}]}"),
                IsEmpty());
}

TEST(TestCase, RulesInItStandAtTheirOwnLines) {
    const ReadTestCase read = parse_test_case("name: x\n"
                                              "rules:   # here\n"
                                              "  route:\n"
                                              "    - {name: r, to: pager}\n"
                                              "\n"
                                              "steps: [{expect: {alert_count: 0}}]\n",
                                              "t/a.test.yaml");

    ASSERT_THAT(read.problems, IsEmpty());
    ASSERT_THAT(read.test.inline_rules, SizeIs(1));
    const std::vector<Problem> problems =
        compile(read_rules({}, {}, read.test.inline_rules).revision).problems;
    ASSERT_THAT(problems, SizeIs(1));
    EXPECT_THAT(to_string(problems[0]), HasSubstr("t/a.test.yaml:4:21: error: route \"r\": to: "));
    EXPECT_EQ(problems[0].line, "    - {name: r, to: pager}");
}

TEST(TestCase, RulesInItMayShareAnchorsWithTheRest) {
    const ReadTestCase read =
        parse_test_case("topology: {services: [{name: &db orders-db}]}\n"
                        "rules:\n"
                        "  maintenance: [{name: m, node: *db, at: '22:00', for: 1h}]\n"
                        "steps: [{expect: {alert_count: 0}}]\n",
                        "a.test.yaml");

    ASSERT_THAT(read.test.inline_rules, SizeIs(1));
    EXPECT_EQ(read.test.inline_rules[0].name, "a.test.yaml (rules)");
    const CompiledRules compiled = compile(read_rules({}, {}, read.test.inline_rules).revision);
    EXPECT_THAT(compiled.problems, IsEmpty());
    EXPECT_THAT(compiled.rules->maintenances[0].nodes, ElementsAre("orders-db"));
}

TEST(TestCase, RulesInItHaveTablesBesideItAndZones) {
    const std::filesystem::path folder =
        std::filesystem::path(testing::TempDir()) / "test_case_tables";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "owners.csv") << "resource,owner\ndb,ann\n";
    const ReadTestCase read = parse_test_case(
        "rules:\n"
        "  tables: [{name: owners, file: owners.csv, key: resource}]\n"
        "  normalise: [{name: n, lookup: {table: owners, set: {labels.owner: owner}}}]\n"
        "  maintenance: [{name: m, node: a, at: '22:00', for: 1h, zone: Europe/Berlin}]\n"
        "steps: [{expect: {alert_count: 0}}]\n",
        (folder / "a.test.yaml").string());

    const ReadRules rules = read_rules({}, {}, read.test.inline_rules);
    EXPECT_THAT(texts_of(rules.problems), IsEmpty());
    const auto set = rules_of(rules.revision);
    EXPECT_THAT(set->tables, SizeIs(1));
    EXPECT_THAT(set->zones, SizeIs(2));
}

TEST(TestCase, ARepeatWithoutAnEventIsWrong) {
    EXPECT_THAT(problems_in("steps: [{expect: {alert_count: 0}, repeat: {every: 1s, times: 2}}]"),
                ElementsAre(HasSubstr("repeat: belongs to an event")));
}

TEST(TestCase, AliasesInAnEventEnd) {
    std::string yaml = "steps:\n  - event:\n      a: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) {
        const std::string last = "*a" + std::to_string(i - 1);
        yaml += "      b" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
        for (int j = 0; j < 9; ++j) {
            yaml += ", " + last;
        }
        yaml += "]\n";
    }
    EXPECT_THAT(problems_in(yaml), testing::Contains(HasSubstr("aliases make the file more than")));
    EXPECT_THAT(problems_in("steps: [{event: &a {b: *a}}]"), testing::Contains(HasSubstr("error")));
}

}  // namespace
}  // namespace nocturne::rules
