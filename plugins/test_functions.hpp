// The t of plugin tests: t.plugin, t.event, t.equal, ... as functions of the test's own sandbox.
#pragma once

#include "plugins/lua_headers.hpp"
#include "plugins/test_bench.hpp"

namespace nocturne::plugins {

// Pushes the table, read-only. The bench must outlive the state. Times are seconds since 1970, or
// RFC 3339.
void push_test_functions(lua_State* L, TestBench& bench);

// What a test may use up itself; what plugins do in it has the plugin's own budgets.
Limits test_limits();

// ---- of the functions, in files of their own ----

// t.equal, t.truthy, t.near, t.error: added to the table on top of the stack.
void add_expectations(lua_State* L);
// t.incident, t.plan.
void add_incident_functions(lua_State* L, TestBench& bench);

// Pushes { called =, annotations = {}, labels = {}, emitted = {}, severity =, resource = }.
void push_result(lua_State* L, const CallResult& result);
// Or fails the test.
const CallResult& result_of(lua_State* L, const Result<const CallResult*>& result);

// While it lives the test's own call is not watched: calls do not nest, and the plugin's is.
class UnwatchedTest {
   public:
    explicit UnwatchedTest(lua_State* L);
    ~UnwatchedTest();
    UnwatchedTest(const UnwatchedTest&) = delete;
    UnwatchedTest& operator=(const UnwatchedTest&) = delete;

   private:
    lua_State* L_;
};

}  // namespace nocturne::plugins
