// PluginComparison: what a new version of a plugin, in shadow, would have done otherwise.
#pragma once

#include "model/codec.hpp"
#include "model/event.hpp"
#include "model/time.hpp"
#include "plugins/plugin.hpp"

#include <cstdint>
#include <deque>
#include <string>

namespace nocturne::engine {

// What a call wanted, in one line: "annotate owner=team-shop; severity=major; score 0.83".
std::string describe(const plugins::CallResult& result);

struct PluginComparison {
    static constexpr std::size_t kExamplesMax = 20;  // the latest
    static constexpr double kScoreTolerance = 0.01;  // scores nearer than this are the same

    struct Example {
        model::Time at = model::kNoTime;
        std::string about;  // "db-1 latency"
        std::string before;
        std::string after;
    };

    std::uint64_t calls = 0;  // that either of the two was there for
    std::uint64_t same = 0;
    std::uint64_t only_old = 0;  // the new version wanted nothing
    std::uint64_t only_new = 0;
    std::uint64_t differ = 0;  // both wanted something, not the same
    std::uint64_t scores_differ = 0;
    model::Time since = model::kNoTime;
    std::deque<Example> examples;

    // nullptr: that version was not called, or failed.
    void note(const plugins::CallResult* before, const plugins::CallResult* after,
              const std::string& about, model::Time now);

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);
};

}  // namespace nocturne::engine
