// From what plan() returned to a model::Plan: strictly, raw, and nothing of the plugin's runs.
//
// The plain form of an action, which nocturne.action.* make too, is that of the HTTP interface:
//   { effector = "command", target = "restart-unit", arguments = { unit = "cart-1" },
//     timeout = "30s" }
#pragma once

#include "model/plan.hpp"
#include "plugins/lua_headers.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::plugins {

// Why it is none, with its place (`steps[2].run.timeout: found "5x"; expected ...`), or nothing.
using PlanProblem = std::optional<std::string>;

// The value at `index` into target, summary, steps and preconditions of the plan, whose other
// members are the caller's. `plan.target` on entry: what is taken when the table names none.
// Without preconditions of its own the plan gets `standard`.
PlanProblem read_plan(lua_State* L, int index, const std::map<std::string, std::string>& standard,
                      model::Plan& plan);

// ---- actions ----

PlanProblem read_action(lua_State* L, int index, model::Action& action);
// Pushes the table that read_action() takes.
void push_action(lua_State* L, const model::Action& action);
// Whether the effector could take it: known arguments, those that it needs, bounds of times.
PlanProblem check_action(const model::Action& action);

enum class FirstEntry : std::uint8_t { IsRefused, IsSkipped };

// The keys of a table, all texts but for [1] where it is skipped; sorted; at most so many.
PlanProblem read_keys(lua_State* L, int index, std::size_t max, std::vector<std::string>& keys,
                      FirstEntry first = FirstEntry::IsRefused);
// A text, a whole or finite number, or a boolean, as the text of an argument.
PlanProblem read_argument(lua_State* L, int index, std::string& value);
// A text such as "30s".
PlanProblem read_timeout(lua_State* L, int index, model::Duration& timeout);

inline constexpr std::size_t kArgumentCountMax = 64;

}  // namespace nocturne::plugins
