#include "cli/rules_reading.hpp"

namespace nocturne::cli {

RulesReading read_rules(const std::vector<std::filesystem::path>& paths,
                        const std::vector<std::string>& packs,
                        const std::vector<model::RuleFile>& more) {
    rules::ReadRules read = rules::read_rules(paths, packs, more);
    std::vector<rules::Problem> compiled = rules::compile(read.revision).problems;
    return {std::move(read.revision),
            rules::join_problems(std::move(read.problems), std::move(compiled))};
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
