// RuleTest: runs one test of rules against the engine, on a clock of its own.
#pragma once

#include "rules/test_case.hpp"

#include <string>
#include <vector>

namespace nocturne::cli {

struct RuleTestResult {
    std::string name;
    std::string file;
    // "tests/db.test.yaml:14: incident_count: expected 1, found 2", each perhaps with lines that
    // show what is there. Empty: it passed.
    std::vector<std::string> failures;
};

// Reads the file, the rules and the topology that it names, and runs it. What cannot be read is a
// failure.
RuleTestResult run_rule_test(const std::string& file);

}  // namespace nocturne::cli
