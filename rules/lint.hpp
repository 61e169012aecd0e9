// Lint: rules that are well written and cannot mean what they say.
#pragma once

#include "rules/loader.hpp"

#include <vector>

namespace nocturne::rules {

// Warnings, in the order of rules. Sound, not complete: what it says is so, and it does not see
// all.
std::vector<Problem> lint(const RuleSet& rules);

}  // namespace nocturne::rules
