// What: tests of rules. Where: rules/test_case.cpp. Input: a file `*.test.yaml`.
#include "model/result.hpp"
#include "rules/test_case.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace nocturne;
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);

    const rules::ReadTestCase read = rules::parse_test_case(input, "fuzz/a.test.yaml");
    for (const rules::Problem& problem : read.problems) {
        NOCTURNE_ASSERT(!rules::to_string(problem).empty());
    }
    // Rules in it compile as a file of their own, whose places are those of the test.
    model::RulesRevision revision;
    revision.rules = read.test.inline_rules;
    for (const rules::Problem& problem : rules::compile(revision).problems) {
        NOCTURNE_ASSERT(problem.error.code == ErrorCode::Invalid);
    }
    return 0;
}
