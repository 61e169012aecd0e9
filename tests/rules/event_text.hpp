// Rules and events in the words that tests and users write.
#pragma once

#include "model/event.hpp"
#include "model/event_json.hpp"
#include "rules/loader.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::rules {

inline std::shared_ptr<const RuleSet> rules_of(std::string yaml,
                                               std::vector<model::RuleFile> tables = {}) {
    const CompiledRules compiled =
        compile({{{"test.yaml", std::move(yaml), model::kNoTime}}, std::move(tables), {}});
    for (const Problem& problem : compiled.problems) {
        EXPECT_NE(problem.level, Problem::Level::Error) << to_string(problem);
    }
    return compiled.rules;
}

inline model::EventBatch batch_of(std::string_view json) {
    model::Decoded decoded = model::EventDecoder().decode(json);
    for (const model::Rejection& rejection : decoded.rejected) {
        ADD_FAILURE() << rejection.error << " in " << rejection.input;
    }
    return std::move(decoded.batch);
}

// "alert firing warning db1 DiskFull from nagios: summary {a=b, c=d} {note=text}".
inline std::string text_of(const model::EventView& event) {
    std::string text;
    const auto word = [&](std::string_view one) {
        text += (text.empty() ? "" : " ") + std::string(one);
    };
    word(model::name_of(event.kind));
    word(model::name_of(event.status));
    word(model::name_of(event.severity));
    word(event.resource);
    word(event.check);
    word("from " + std::string(event.source) + ": " + std::string(event.summary));
    const auto members = [&](const auto& all) {
        std::string list;
        for (const auto& one : all) {
            list +=
                (list.empty() ? "" : ", ") + std::string(one.name) + "=" + std::string(one.value);
        }
        text += " {" + list + "}";
    };
    members(event.labels);
    members(event.annotations);
    return text;
}

}  // namespace nocturne::rules
