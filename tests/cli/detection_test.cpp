#include "cli/detection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <vector>

namespace nocturne::cli {
namespace {

using testing::ElementsAre;

// Writes down what it is given; scores a quarter.
class Witness : public Scorer {
   public:
    Result<double> score(double time_s, double value) override {
        times.push_back(time_s);
        values.push_back(value);
        return 0.25;
    }

    std::vector<double> times;
    std::vector<double> values;
};

Result<std::string> detect(const std::string& csv, Scorer& scorer,
                           std::optional<SampleTimes> times = std::nullopt) {
    std::istringstream in(csv);
    std::ostringstream out;
    NOCTURNE_TRY_STATUS(detect_csv(in, scorer, times, out));
    return out.str();
}

std::string problem_of(const std::string& csv) {
    Witness witness;
    const Result<std::string> out = detect(csv, witness);
    return out ? "none" : to_string(out.error());  // the file has no name here
}

TEST(DetectCsv, KeepsTimesAndValuesAsTheyStood) {
    Witness witness;

    const auto out = detect("value,timestamp\r\n1.50,2014-04-01 00:05:00\r\n\n-2e3,1396310701\n"
                            "7,2014-04-01T01:00:00+01:00",
                            witness);

    ASSERT_TRUE(out);
    EXPECT_EQ(*out, "timestamp,value,anomaly_score\n2014-04-01 00:05:00,1.50,0.25\n"
                    "1396310701,-2e3,0.25\n2014-04-01T01:00:00+01:00,7,0.25\n");
    EXPECT_THAT(witness.times, ElementsAre(1396310700, 1396310701, 1396310400));
    EXPECT_THAT(witness.values, ElementsAre(1.5, -2000, 7));
}

TEST(DetectCsv, TakesTheTimesOfTheIndex) {
    Witness witness;

    const auto out = detect("value\n1\n2\n", witness, SampleTimes{1491041280, 60});

    ASSERT_TRUE(out);
    EXPECT_EQ(*out, "timestamp,value,anomaly_score\n1491041280,1,0.25\n1491041340,2,0.25\n");
}

TEST(DetectCsv, GivesTheDetectorNaNForWhatIsNoNumber) {
    Witness witness;

    const auto out = detect("timestamp,value\n1,\n2,n/a\n", witness);

    ASSERT_TRUE(out);
    ASSERT_EQ(witness.values.size(), 2U);
    EXPECT_TRUE(std::isnan(witness.values[0]) && std::isnan(witness.values[1]));
}

TEST(DetectCsv, NamesTheLineOfWhatItCannotRead) {
    EXPECT_EQ(problem_of(""), ":1: no column \"value\"; expected a header like timestamp,value");
    EXPECT_EQ(problem_of("value\n1\n"), ":1: no column \"timestamp\"; give the times with --index");
    EXPECT_EQ(problem_of("timestamp,value\n1,2\n3\n"),
              ":3: the row has fewer cells than the header");
    EXPECT_EQ(problem_of("timestamp,value\nnoon,2\n"),
              ":2: \"noon\" is not a time; expected e.g. 2026-11-21T02:13:05Z, 2026-11-21 02:13:05 "
              "or epoch seconds");
}

TEST(DetectCsv, ReadsFilesLongerThanItsMemory) {
    Witness witness;
    std::string csv = "timestamp,value\n";
    for (int i = 0; i < 100'000; ++i) {
        csv += std::to_string(i) + "," + std::to_string(i % 777) + "\n";
    }

    const auto out = detect(csv, witness);

    ASSERT_TRUE(out);
    ASSERT_EQ(witness.values.size(), 100'000U);
    for (std::size_t i = 0; i < witness.values.size(); ++i) {
        ASSERT_EQ(witness.values[i], i % 777) << i;
    }
    EXPECT_EQ(std::count(out->begin(), out->end(), '\n'), 100'001);
}

TEST(DetectCsv, RefusesALineWithoutEnd) {
    EXPECT_EQ(problem_of("timestamp,value\n" + std::string(1'000'000, '1')),
              ":2: the line is longer than 65536 bytes");
}

// What a plugin says of a sample it cannot score.
TEST(DetectCsv, EndsWhereTheDetectorFails) {
    class Failing : public Scorer {
       public:
        Result<double> score(double time_s, double) override {
            if (time_s > 1) {
                return fail(ErrorCode::Invalid, "x.lua:3: no");
            }
            return 0.5;
        }
    } failing;

    const auto out = detect("timestamp,value\n1,1\n2,2\n", failing);

    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().message, "x.lua:3: no");
}

}  // namespace
}  // namespace nocturne::cli
