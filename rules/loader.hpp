// The rule files: text in, a RuleSet and every problem with its place out.
#pragma once

#include "model/result.hpp"
#include "model/rules_revision.hpp"
#include "rules/rule_set.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

struct Problem {
    // A warning does not keep the rules from loading: a rule that can never match, that another
    // shadows, that is asked for every event.
    enum class Level : std::uint8_t { Error, Warning };

    Level level = Level::Error;
    Error error;       // message and place
    std::string line;  // the line itself
};

// "rules/net.yaml:14:9: error: ...", then the line, then a caret below the place.
std::string to_string(const Problem& problem);

bool has_errors(const std::vector<Problem>& problems);

// Both in one order; of two about one place the first counts. For those of reading and compiling.
std::vector<Problem> join_problems(std::vector<Problem> first, std::vector<Problem> second);

struct CompiledRules {
    std::shared_ptr<const RuleSet> rules;  // shared: swapped whole at reload; never null. What is
                                           // wrong is left out of it
    std::vector<Problem> problems;         // of all files, in the order of their places
};

// A function of the revision alone: no files, no clock.
CompiledRules compile(const model::RulesRevision& revision);

struct ReadRules {
    model::RulesRevision revision;
    std::vector<Problem> problems;  // files that cannot be read, zones that nobody knows
};

// Reads the files (folders: every *.yaml and *.yml below, *.test.yaml aside, by name), the tables
// and the zones that they name. `packs` are names of shipped packs, which come first; `more` are
// files that were read already, which come last.
ReadRules read_rules(const std::vector<std::filesystem::path>& paths,
                     const std::vector<std::string>& packs = {},
                     const std::vector<model::RuleFile>& more = {});

// The shipped packs: name and text.
struct Pack {
    std::string_view name;
    std::string_view text;
};

const std::vector<Pack>& shipped_packs();

// JSON Schemas (2020-12) for editors: of rule files, of tests (`*.test.yaml`), of the
// configuration.
std::string rules_schema();
std::string tests_schema();
std::string configuration_schema();

}  // namespace nocturne::rules
