// PluginComparison: what a new version of a plugin, in shadow, would have done otherwise.
#pragma once

#include "model/codec.hpp"
#include "model/event.hpp"
#include "model/time.hpp"
#include "plugins/plugin.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

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

    // An anomaly that a version told of: it scored kAnomalyMin or above, or sent an event that
    // fires.
    struct Told {
        model::Time at = model::kNoTime;  // the event's
        std::string resource;
        std::string check;
        bool by_old = false;
        bool by_new = false;
    };

    // What a call was about. Borrows.
    struct About {
        std::string_view resource;  // of on_incident the incident's id
        std::string_view check;
        model::Time time = model::kNoTime;  // kNoTime: when it arrived
    };

    static constexpr std::size_t kToldMax = 1000;  // the latest
    static constexpr double kAnomalyMin = 0.5;     // of a score

    std::uint64_t calls = 0;  // that either of the two was there for
    std::uint64_t same = 0;
    std::uint64_t only_old = 0;  // the new version wanted nothing
    std::uint64_t only_new = 0;
    std::uint64_t differ = 0;  // both wanted something, not the same
    std::uint64_t scores_differ = 0;
    model::Time since = model::kNoTime;
    std::deque<Example> examples;
    std::deque<Told> told;

    // nullptr: that version was not called, or failed.
    void note(const plugins::CallResult* before, const plugins::CallResult* after,
              const About& about, model::Time now);

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    void note_told(const plugins::CallResult& before, const plugins::CallResult& after,
                   const About& about, model::Time now);
};

}  // namespace nocturne::engine
