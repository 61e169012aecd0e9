#include "rules/text_template.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace nocturne::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(TextTemplate, FillsInFieldsLabelsAndExtraNames) {
    const std::array<model::LabelView, 1> labels{{{"device", "sda1"}}};
    SubjectView subject;
    subject.resource = "db1";
    subject.labels = labels;
    const TextTemplate text = *TextTemplate::parse("{resource} {device}: {count} of {{n}} {team}.");

    EXPECT_EQ(text.render(subject, {{"count", "3"}}), "db1 sda1: 3 of {n} .");
    EXPECT_THAT(text.names(), ElementsAre("resource", "device", "count", "team"));
}

TEST(TextTemplate, SaysWhereABraceIsWrong) {
    EXPECT_THAT(TextTemplate::parse("a {b").error().message,
                HasSubstr("column 3: the { is not closed"));
    EXPECT_THAT(TextTemplate::parse("a }").error().message, HasSubstr("column 3: a } without {"));
    EXPECT_THAT(TextTemplate::parse("{}").error().message, HasSubstr("expected the name"));
}

}  // namespace
}  // namespace nocturne::rules
