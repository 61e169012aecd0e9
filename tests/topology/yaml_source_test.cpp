#include "topology/yaml_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nocturne::topology {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> problems_of(std::string_view yaml) {
    std::vector<std::string> problems;
    for (const Error& problem : parse_topology(yaml, "t.yaml").problems) {
        problems.push_back(to_string(problem));
    }
    return problems;
}

TEST(TopologyYaml, ReadsEveryKeyOfTheContract) {
    const TopologyFile file = parse_topology(R"(
services:
  - name: checkout
    type: service
    depends_on: [payments, {name: orders-db, type: calls, weight: 0.8}]
    criticality: 4
    owner: team-shop
    aliases: [checkout-v2, "10.0.3.7"]
    labels: {tier: front}
edges:
  - {from: checkout, to: cache, type: calls, weight: 0.5}
)",
                                             "t.yaml");
    ASSERT_THAT(file.problems, IsEmpty());
    ASSERT_THAT(file.change.nodes, SizeIs(1));
    EXPECT_EQ(file.change.nodes[0].criticality, 4);
    EXPECT_THAT(file.change.nodes[0].aliases, SizeIs(2));
    EXPECT_THAT(file.change.nodes[0].labels, SizeIs(1));
    ASSERT_THAT(file.change.edges, SizeIs(3));
    EXPECT_EQ(file.change.edges[1].weight, 0.8);
    EXPECT_EQ(file.change.mode, model::TopologyChange::Mode::Replace);
}

TEST(TopologyYaml, TellsAllProblemsWithTheirPlaces) {
    const std::vector<std::string> problems =
        problems_of("services:\n"
                    "  - {name: a, depend_on: [b]}\n"
                    "  - {name: a}\n"
                    "  - {name: c, depends_on: [c]}\n"
                    "  - {name: d, criticality: 9}\n"
                    "  - {name: e, depends_on: [{name: a, weight: 2}]}\n"
                    "  - {type: x}\n"
                    "  - {name: f, aliases: [a]}\n"
                    "colour: red\n");
    ASSERT_THAT(problems, SizeIs(8));
    EXPECT_THAT(problems[0],
                HasSubstr("t.yaml:2:15: unknown key \"depend_on\"; did you mean \"depends_on\"?"));
    EXPECT_THAT(problems[1],
                HasSubstr("t.yaml:3:12: service \"a\" is there twice; first at t.yaml:2:12"));
    EXPECT_THAT(problems[2], HasSubstr("t.yaml:4:28: \"c\" cannot depend on itself"));
    EXPECT_THAT(problems[3],
                HasSubstr("t.yaml:5:28: criticality \"9\" is not one of 1 (least) to 5 (most)"));
    EXPECT_THAT(problems[4], HasSubstr("weight is not a number above 0 and up to 1"));
    EXPECT_THAT(problems[5], HasSubstr("t.yaml:7:5: a service without a name"));
    EXPECT_THAT(problems[6],
                HasSubstr("alias \"a\" of \"f\" is the name of a service at t.yaml:2:12"));
    EXPECT_THAT(problems[7], HasSubstr("unknown key \"colour\"; known keys: services, edges"));
}

TEST(TopologyYaml, SaysWhereTheYamlBreaks) {
    EXPECT_THAT(problems_of("services: [\n  {name: a"), SizeIs(1));
    EXPECT_THAT(problems_of("services: 7\n")[0], HasSubstr("expected a list"));
    EXPECT_THAT(problems_of("- a\n")[0], HasSubstr("expected a map"));
}

TEST(TopologyYaml, TakesAnEmptyFileAsAnEmptyGraph) {
    EXPECT_THAT(problems_of(""), IsEmpty());
    EXPECT_THAT(problems_of("services: []\n"), IsEmpty());
}

TEST(TopologyYaml, SurvivesABomb) {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string before = std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int k = 0; k < 9; ++k) {
            bomb += (k > 0 ? ", *a" : "*a") + before;
        }
        bomb += "]\n";
    }
    bomb += "services: *a11\n";
    EXPECT_THAT(problems_of(bomb), SizeIs(testing::Ge(1U)));
}

TEST(TopologyYaml, SurvivesDeepNesting) {
    EXPECT_THAT(problems_of("services: " + std::string(100'000, '[')), SizeIs(testing::Ge(1U)));
}

TEST(TopologyYaml, SaysWhichFileCannotBeRead) {
    EXPECT_THAT(read_topology("/nonexistent/t.yaml").error().message,
                HasSubstr("/nonexistent/t.yaml"));
}

}  // namespace
}  // namespace nocturne::topology
