// RuleComparison: what other rules would have made of the same events.
#pragma once

#include "cli/output.hpp"

#include <string>
#include <vector>

namespace nocturne::cli {

struct ComparisonInputs {
    std::vector<std::string> events;
    std::vector<std::string> changes;
    std::vector<std::string> topology;
    std::string journal;    // instead of the three above
    std::string old_rules;  // a path, "none", or with a journal "journal": those of the time
    std::string new_rules;
};

// Runs both, prints the difference: words to people, alerts hidden, incidents opened, missed, split
// and merged. Exit code 1 when there is any.
int compare_rules(const ComparisonInputs& inputs, Format format);

}  // namespace nocturne::cli
