#include "rules/match_index.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

namespace nocturne::rules {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::uint32_t> ask(const std::vector<Condition>& conditions,
                               const SubjectView& subject) {
    std::vector<const Condition*> all;
    for (const Condition& condition : conditions) {
        all.push_back(&condition);
    }
    std::vector<std::uint32_t> found;
    MatchIndex(all).find(subject, found);
    return found;
}

TEST(MatchIndex, FindsByALabelThatMustBeThere) {
    const std::vector<Condition> conditions{
        *parse_condition(R"(rack=~"r.*")"),
        *parse_condition(R"(rack=~"r.*|")"),  // holds without it, too
        *parse_condition(R"(rack!="")"),
        *parse_condition(R"(rack!~"r.*")"),
    };
    SubjectView subject;
    subject.resource = "db1";
    EXPECT_THAT(ask(conditions, subject), ElementsAre(1, 3));

    const std::array<model::LabelView, 1> labels{{{"rack", "r12"}}};
    subject.labels = labels;
    EXPECT_THAT(ask(conditions, subject), ElementsAre(0, 1, 2));
}

TEST(MatchIndex, FindsByEqualityAlternativeAndExpression) {
    std::vector<Condition> conditions{
        *parse_condition(R"(check="DiskFull", resource=~"db.*")"),
        *parse_condition(R"(resource=~"db.*")"),
        *parse_condition(R"(check="DiskFull", resource="web")"),
        {},
    };
    conditions[3].tests.push_back(*make_test(parse_field("check"), {"Load", "DiskFull"}));
    SubjectView subject;
    subject.resource = "db1";
    subject.check = "DiskFull";

    EXPECT_THAT(ask(conditions, subject), ElementsAre(0, 1, 3));
}

TEST(MatchIndex, FindsNothingInNothing) {
    std::vector<std::uint32_t> found{7};
    MatchIndex().find({}, found);

    EXPECT_THAT(found, IsEmpty());
}

TEST(MatchIndex, AsksAlwaysOnlyWhatHasNoEquality) {
    const std::vector<Condition> conditions{*parse_condition(R"(check!="a")"),
                                            *parse_condition(R"(check="a")"), Condition{}};
    EXPECT_EQ(MatchIndex({&conditions[0], &conditions[1], &conditions[2]}).always_asked(), 2U);
}

// The index is only a faster way of asking every condition.
TEST(MatchIndex, AgreesWithAskingEachCondition) {
    constexpr std::array<const char*, 4> kNames{"resource", "check", "env", "team"};
    constexpr std::array<const char*, 4> kOperators{"=", "!=", "=~", "!~"};
    std::mt19937 random(20240607);
    const auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
    for (int round = 0; round < 200; ++round) {
        std::vector<Condition> conditions(1 + below(30));
        for (Condition& condition : conditions) {
            for (unsigned i = below(4); i > 0; --i) {
                const std::string text = std::string(kNames[below(4)]) + kOperators[below(4)] +
                                         "\"v" + std::to_string(below(3)) + "\"";
                condition.tests.push_back(parse_condition(text)->tests.front());
            }
        }
        for (int i = 0; i < 20; ++i) {
            const std::array<std::string, 4> values{
                "v" + std::to_string(below(3)), "v" + std::to_string(below(3)),
                "v" + std::to_string(below(3)), "v" + std::to_string(below(3))};
            const std::array<model::LabelView, 2> labels{{{"env", values[2]}, {"team", values[3]}}};
            SubjectView subject;
            subject.resource = values[0];
            subject.check = values[1];
            subject.labels = std::span(labels).first(below(3));

            std::vector<std::uint32_t> expected;
            for (std::uint32_t number = 0; number < conditions.size(); ++number) {
                if (conditions[number].holds(subject)) {
                    expected.push_back(number);
                }
            }
            EXPECT_EQ(ask(conditions, subject), expected) << "round " << round;
        }
    }
}

}  // namespace
}  // namespace nocturne::rules
