// Proposals: learned pairs as rules that a person may accept. Nothing here switches a rule on.
#pragma once

#include "model/result.hpp"
#include "topology/learned.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::cli {

// What a pair must show to be worth a person's look.
struct ProposalLimits {
    std::uint64_t support_min = 10;
    double lift_min = 3;
    double association_min = 3;
    double order_min = 0.6;  // below it the direction is a guess
    double explained_min =
        0.5;  // of the effect's runs: a rule that hides must explain most of them
    std::size_t most = 100;
};

struct Proposal {
    std::size_t number = 0;  // from 1 on; what --accept takes
    std::size_t pair = 0;    // index into the pairs
    std::string section;     // of the rule file: inhibit, dependency, group, precedence
    std::string name;        // of the rule
    std::string yaml;        // the rule as an item of the section's list, indented by two
};

// In the order of the pairs. On one node an inhibition, on a dependent a dependency rule, on other
// relations a group, which hides nothing; and of pairs along an edge a precedence, which is
// evidence for who caused an incident.
std::vector<Proposal> propose(std::span<const topology::Precedence> pairs,
                              const ProposalLimits& limits = {});

// A whole rule file.
std::string rule_file_of(std::span<const Proposal> proposals);

// The text of a rule file with the proposal at the end of its section; the rest stays as it is,
// comments too. An Error when the section is there but not written as a block list.
Result<std::string> with_rule(const std::string& file, const Proposal& proposal);

}  // namespace nocturne::cli
