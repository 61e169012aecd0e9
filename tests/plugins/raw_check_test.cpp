// Each script of the suites, loaded and called beside a neighbour; under sanitizers too, where
// sandbox_suite.py with its times is not run.
#include "plugins/raw_check.hpp"

#include "model/event_json.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace nocturne::plugins {

namespace {

namespace fs = std::filesystem;

class RawCheckTest : public ::testing::TestWithParam<const char*> {};

std::vector<fs::path> scripts_in(const fs::path& folder) {
    std::vector<fs::path> scripts;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() == ".lua") {
            scripts.push_back(entry.path());
        }
    }
    std::sort(scripts.begin(), scripts.end());
    return scripts;
}

void expect_harmless(const Outcome& outcome, const std::string& script) {
    const bool is_shaped =
        script.find("return_text_long") != std::string::npos;  // made to return a text
    EXPECT_TRUE(outcome.returned != Outcome::Returned::Text || is_shaped)
        << script << ": " << outcome.text;
    EXPECT_NE(outcome.returned, Outcome::Returned::False) << script;
    if (script.find("benign") != std::string::npos) {
        EXPECT_EQ(outcome.verdict, Verdict::Ok) << script << ": " << outcome.message;
    }
}

}  // namespace

TEST_P(RawCheckTest, LeavesTheNeighbourWellWhateverTheScript) {
    if (!fs::is_directory(GetParam())) {
        GTEST_SKIP() << GetParam() << " is not here";
    }
    model::EventBatch event;
    ASSERT_TRUE(model::EventDecoder()
                    .decode_one(R"({"resource":"orders-db","check":"latency"})", event)
                    .has_value());
    Limits limits;
    limits.call_cpu_max = limits.load_cpu_max = std::chrono::milliseconds(200);
    RawCheck check(limits, std::move(event));

    for (const fs::path& script : scripts_in(GetParam())) {
        std::ifstream file(script, std::ios::binary);
        std::string source{std::istreambuf_iterator<char>(file), {}};
        source.resize(source.rfind('\n', source.size() - 2) + 1);  // the attack is in the call

        const RawRun run = check.run(source, "plugin/" + script.filename().string(), 2);

        EXPECT_TRUE(run.is_neighbour_well) << script;
        ASSERT_EQ(run.calls.size(), 2U) << script;
        expect_harmless(run.calls[0], script.string());
        expect_harmless(run.calls[1], script.string());
    }
}

INSTANTIATE_TEST_SUITE_P(Suites, RawCheckTest,
                         ::testing::Values("tests/plugins/attacks", "../shared/data/sandbox"));

}  // namespace nocturne::plugins
