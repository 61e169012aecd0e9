// The rules that a command works with: read, compiled, and all that is wrong with them.
#pragma once

#include "rules/loader.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace nocturne::cli {

struct RulesReading {
    model::RulesRevision revision;
    std::vector<rules::Problem> problems;  // with an error among them, do not use the rest

    bool is_usable() const { return !rules::has_errors(problems); }
};

// As rules::read_rules.
RulesReading read_rules(const std::vector<std::filesystem::path>& paths,
                        const std::vector<std::string>& packs = {},
                        const std::vector<model::RuleFile>& more = {});

// All errors as one, for whoever can only say one thing; warnings aside.
Status status_of(const RulesReading& reading);

}  // namespace nocturne::cli
