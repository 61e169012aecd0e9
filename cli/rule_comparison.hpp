// RuleComparison: what other rules, or other plugins, would have made of the same events.
#pragma once

#include "cli/output.hpp"
#include "model/plugins_revision.hpp"

#include <string>
#include <vector>

namespace nocturne::cli {

struct ComparisonInputs {
    std::vector<std::string> events;
    std::vector<std::string> changes;
    std::vector<std::string> topology;
    std::string journal;    // instead of the three above, and of plugins
    std::string old_rules;  // a path, "none", or with a journal "journal": those of the time
    std::string new_rules;
    std::string old_plugins = {};  // a path, "none", or "" for none
    std::string new_plugins = {};
    std::vector<model::PluginValue> values = {};  // of the new plugins
    bool compares_plugins = false;                // alerts and what stands on them count, too
};

// Runs both, prints the difference: words to people, alerts hidden, incidents opened, missed, split
// and merged; of plugins also alerts raised, missing and changed. Exit code 1 when there is any.
int compare_runs(const ComparisonInputs& inputs, Format format);

}  // namespace nocturne::cli
