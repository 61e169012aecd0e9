// What: rule files and a table. Where: rules/loader.cpp and what it reads by. Input: a rule file;
// behind the first line "---csv", if there is one, the table "t.csv".
#include "model/result.hpp"
#include "rules/loader.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace nocturne;
    constexpr std::string_view kMark = "\n---csv\n";
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    const std::size_t mark = input.find(kMark);
    model::RulesRevision revision;
    revision.rules.push_back({"r.yaml", std::string(input.substr(0, mark)), model::kNoTime});
    if (mark != std::string_view::npos) {
        revision.tables.push_back(
            {"t.csv", std::string(input.substr(mark + kMark.size())), model::from_unix_ms(1)});
    }
    revision.zones.push_back({"Europe/Berlin", {{model::from_unix_ms(0), std::chrono::hours(1)}}});

    const rules::CompiledRules compiled = rules::compile(revision);
    for (const rules::Problem& problem : compiled.problems) {
        NOCTURNE_ASSERT(!rules::to_string(problem).empty());
        NOCTURNE_ASSERT(problem.error.code == ErrorCode::Invalid);  // no exception got this far
    }
    for (const rules::Rule& rule : compiled.rules->rules) {
        NOCTURNE_ASSERT(rule.place.line > 0 && !rule.name.empty());
    }
    // The same text means the same rules.
    const rules::CompiledRules again = rules::compile(revision);
    NOCTURNE_ASSERT(again.rules->rules.size() == compiled.rules->rules.size());
    for (std::size_t i = 0; i < again.rules->rules.size(); ++i) {
        NOCTURNE_ASSERT(again.rules->rules[i].content == compiled.rules->rules[i].content);
    }
    return 0;
}
