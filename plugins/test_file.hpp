// TestFile: runs a *_test.lua, which returns a table of named functions; each is a test. It may
// require() the modules that its source has.
//
//   return {
//     ["adds the owner"] = function(t)
//       t.graph{ { name = "web", owner = "shop" } }
//       local result = t.event{ resource = "web", check = "latency" }
//       t.equal(result.annotations.owner, "shop")
//     end,
//   }
#pragma once

#include "plugins/line_coverage.hpp"
#include "plugins/plugin.hpp"
#include "plugins/test_bench.hpp"

#include <string>
#include <vector>

namespace nocturne::plugins {

struct TestOutcome {
    std::string name;
    int line = 0;         // of its function
    std::string failure;  // "owner_test.lua:12: expected ..., found ..."; empty: it passed
};

// In the order of the file. What is wrong with the file itself is one failure without a name.
// Each test is run twice, see TestBench, in sandboxes of its own; the first run alone counts for
// `coverage`, which may be null. On a thread of its own; blocks until all is done.
std::vector<TestOutcome> run_test_file(const PluginSource& file, const FindPlugin& find,
                                       LineCoverage* coverage);

}  // namespace nocturne::plugins
