#include "cli/rules_reading.hpp"

#include <algorithm>
#include <iterator>

namespace nocturne::cli {

RulesReading read_rules(const std::vector<std::filesystem::path>& paths,
                        const std::vector<std::string>& packs) {
    rules::ReadRules read = rules::read_rules(paths, packs);
    RulesReading reading{std::move(read.revision), std::move(read.problems)};
    std::vector<rules::Problem> found = rules::compile(reading.revision).problems;
    std::move(found.begin(), found.end(), std::back_inserter(reading.problems));
    return reading;
}

Status status_of(const RulesReading& reading) {
    constexpr std::size_t kTold = 10;
    std::string text;
    std::size_t errors = 0;
    for (const rules::Problem& problem : reading.problems) {
        if (problem.level == rules::Problem::Level::Error && ++errors <= kTold) {
            text += (text.empty() ? "" : "; ") + to_string(problem.error);
        }
    }
    if (errors == 0) {
        return {};
    }
    if (errors > kTold) {
        text += "; and " + std::to_string(errors - kTold) + " more (`nocturne check` tells all)";
    }
    return fail(ErrorCode::Invalid, text);
}

}  // namespace nocturne::cli
