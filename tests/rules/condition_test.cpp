#include "rules/condition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace nocturne::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ConditionTest : public testing::Test {
   protected:
    std::array<model::LabelView, 2> labels_{{{"env", "prod"}, {"pool", ""}}};
    std::array<model::AnnotationView, 1> annotations_{{{"runbook", "http://x"}}};
    SubjectView subject_{"orders-db",
                         "lock_wait",
                         "prometheus",
                         "waits for locks",
                         labels_,
                         annotations_,
                         model::Kind::Alert,
                         model::EventStatus::Firing,
                         model::Severity::Major};

    bool holds(const char* matchers) { return parse_condition(matchers)->holds(subject_); }
};

TEST_F(ConditionTest, AsksFieldsLabelsAndAnnotations) {
    EXPECT_TRUE(holds(R"(resource="orders-db", check=~"lock.*", source!="nagios")"));
    EXPECT_TRUE(holds(R"(alertname="lock_wait", env="prod", labels.env="prod")"));
    EXPECT_TRUE(holds(R"(annotations.runbook=~"http.*", status="firing", severity="major")"));
    EXPECT_FALSE(holds(R"(env="dev")"));
    EXPECT_FALSE(holds(R"(runbook="http://x")"));  // an annotation is no label
}

TEST_F(ConditionTest, TakesAMissingLabelAsEmpty) {
    EXPECT_TRUE(holds(R"(team="")"));
    EXPECT_TRUE(holds(R"(team!="shop")"));
    EXPECT_FALSE(holds(R"(team=~".+")"));
}

TEST_F(ConditionTest, BoundsTheSeverity) {
    Condition condition;
    condition.severity_min = model::Severity::Major;
    EXPECT_TRUE(condition.holds(subject_));

    condition.severity_max = model::Severity::Minor;
    EXPECT_FALSE(condition.holds(subject_));
}

TEST_F(ConditionTest, TakesOneOfSeveralWords) {
    Condition condition;
    condition.tests.push_back(*make_test(parse_field("severity"), {"critical", "major", "major"}));

    EXPECT_TRUE(condition.holds(subject_));
    EXPECT_THAT(equals(condition, parse_field("severity")), ElementsAre("critical", "major"));
    EXPECT_THAT(equals(condition, parse_field("check")), IsEmpty());
    EXPECT_EQ(to_string(condition), R"(severity one of "critical", "major")");
}

TEST_F(ConditionTest, HoldsForEverythingWhenEmpty) {
    EXPECT_TRUE(Condition{}.holds(subject_));
    EXPECT_EQ(to_string(Condition{}), "anything");
}

TEST_F(ConditionTest, KnowsAMissingFieldFromAnEmptyOne) {
    EXPECT_TRUE(has(subject_, parse_field("labels.pool")));
    EXPECT_FALSE(has(subject_, parse_field("labels.team")));
}

TEST(ConditionText, RefusesWhatIsNoMatcher) {
    EXPECT_THAT(parse_condition("severity>major").error().message, HasSubstr("expected one of"));
}

TEST(FieldText, ReadsBackWhatItWrites) {
    for (const char* text : {"resource", "check", "source", "summary", "severity", "status", "kind",
                             "labels.env", "annotations.a.b"}) {
        EXPECT_EQ(to_string(parse_field(text)), text);
    }
    EXPECT_EQ(to_string(parse_field("env")), "labels.env");
}

}  // namespace
}  // namespace nocturne::rules
