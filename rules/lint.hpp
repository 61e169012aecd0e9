// Lint: rules that are well written and cannot mean what they say.
#pragma once

#include "rules/problem_list.hpp"
#include "rules/rule_set.hpp"

namespace nocturne::rules {

// Warnings at the rules' places. Sound, not complete: what it says is so, and it does not see all.
void lint(const RuleSet& set, ProblemList& problems);

}  // namespace nocturne::rules
