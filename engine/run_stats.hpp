// What recorded runs say about a playbook: the evidence on which a mode is promoted.
#pragma once

#include "engine/run_table.hpp"
#include "model/plan.hpp"

#include <cstdint>
#include <string>

namespace nocturne::engine {

struct Evidence {
    std::uint64_t ended = 0;  // ran to an end: succeeded, failed, rolled back
    std::uint64_t good = 0;   // succeeded, and nobody and nothing said otherwise later
    double rate = 0;          // good / ended
    double low = 0;           // the lower end of Wilson's 95 % interval of it
};

inline constexpr std::uint64_t kFewRuns = 10;  // fewer say too little
// What `low` must reach before `auto` is worth talking about, by risk; never at high risk. 12 of 12
// reach the first, 35 of 35 the second.
inline constexpr double kAutoLow = 0.75;
inline constexpr double kAutoMedium = 0.9;

Evidence evidence_of(const PlaybookTally& tally);

// One sentence for people: "12 of 12 worked, lower bound 76 %: `auto` for risk low is arguable". It
// changes nothing: configuration does.
std::string advice_on(const PlaybookTally& tally, model::Risk risk);

}  // namespace nocturne::engine
