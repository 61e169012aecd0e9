// Short words for the stories of the rule loader.
#pragma once

#include "rules/loader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

inline model::RulesRevision revision_of(std::string_view yaml) {
    model::RulesRevision revision;
    revision.rules.push_back({"r.yaml", std::string(yaml), model::kNoTime});
    return revision;
}

// "r.yaml:1:9: error: ...", without the lines.
inline std::vector<std::string> texts_of(const std::vector<Problem>& problems) {
    std::vector<std::string> texts;
    for (const Problem& problem : problems) {
        const std::string text = to_string(problem);
        texts.push_back(text.substr(0, text.find('\n')));
    }
    return texts;
}

inline std::vector<std::string> problems_of(std::string_view yaml) {
    return texts_of(compile(revision_of(yaml)).problems);
}

// The rules of a file that must not have any problem.
inline std::shared_ptr<const RuleSet> rules_of(const model::RulesRevision& revision) {
    CompiledRules compiled = compile(revision);
    for (const Problem& problem : compiled.problems) {
        ADD_FAILURE() << to_string(problem);
    }
    return compiled.rules;
}

inline std::shared_ptr<const RuleSet> rules_of(std::string_view yaml) {
    return rules_of(revision_of(yaml));
}

}  // namespace nocturne::rules
