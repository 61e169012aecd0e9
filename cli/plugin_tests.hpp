// Tests of plugins: reads a *_test.lua and what it needs, and runs it.
#pragma once

#include "cli/rule_test.hpp"
#include "plugins/line_coverage.hpp"

#include <string>
#include <vector>

namespace nocturne::cli {

// "plugins/owner_test.lua"
bool is_plugin_test(const std::string& file);

// A result a test, "owner: adds the owner". The plugin is owner.lua beside the file; t.plugin may
// name others of the folder, or shipped ones. Tables are given by the tests. `coverage` may be
// null.
std::vector<RuleTestResult> run_plugin_tests(const std::string& file,
                                             plugins::LineCoverage* coverage);

// A line a plugin: the share of its lines that ran, and those that did not.
std::string coverage_page(const plugins::LineCoverage& coverage);

// "7, 12-15"
std::string line_ranges(const std::vector<int>& lines);

}  // namespace nocturne::cli
