#include "cli/anomaly_labels.hpp"

#include <gmock/gmock.h>

namespace nocturne::cli {
namespace {

using testing::HasSubstr;

model::Time at(std::int64_t seconds) {
    return model::from_unix_ms(seconds * 1000);
}

TEST(AnomalyLabels, TellWhatWasRightWrongAndUnknown) {
    const auto labels = AnomalyLabels::parse("resource,from,to\n"
                                             "db-1,100,200\n"
                                             "db-1,300,400\n"
                                             "web-1,,\n",
                                             "labels.csv");
    ASSERT_TRUE(labels) << labels.error().message;

    const AnomalyLabels::Score score = labels->score({{"db-1", at(100)},
                                                      {"db-1", at(200)},
                                                      {"db-1", at(250)},
                                                      {"web-1", at(150)},
                                                      {"x", at(1)}});

    EXPECT_EQ(score.right, 2U);
    EXPECT_EQ(score.wrong, 2U);
    EXPECT_EQ(score.unlabelled, 1U);
    EXPECT_EQ(score.found, 1U);
    EXPECT_EQ(labels->windows(), 2U);
}

TEST(AnomalyLabels, AreReadAsTheBenchmarkHasThem) {
    const auto labels = AnomalyLabels::parse(
        R"({"a/cpu.csv": [["2014-04-10 07:15:00.000000", "2014-04-11 16:45:00.000000"]],)"
        R"( "a/flat.csv": []})",
        "windows.json");
    ASSERT_TRUE(labels) << labels.error().message;

    const AnomalyLabels::Score score =
        labels->score({{"a/cpu", at(1397120000)}, {"a/flat", at(1397120000)}});

    EXPECT_EQ(score.right, 1U);
    EXPECT_EQ(score.wrong, 1U);
}

TEST(AnomalyLabels, SayWhereTheyAreWrong) {
    const auto problem_of = [](const std::string& text) {
        const auto labels = AnomalyLabels::parse(text, "labels.csv");
        return labels ? std::string("none") : to_string(labels.error());
    };

    EXPECT_THAT(problem_of(""), HasSubstr("has no column resource; expected resource,from,to"));
    EXPECT_THAT(problem_of("resource,from\na,1\n"), HasSubstr("has no column to"));
    EXPECT_THAT(problem_of("resource,from,to\na,1,2\nb,soon,2\n"),
                HasSubstr("labels.csv:3: \"soon\" is not a time"));
    EXPECT_THAT(problem_of("resource,from,to\na,3,2\n"), HasSubstr("ends before it begins"));
    EXPECT_THAT(problem_of(R"({"a": [["1"]]})"), HasSubstr("\"a\": expected"));
}

}  // namespace
}  // namespace nocturne::cli
