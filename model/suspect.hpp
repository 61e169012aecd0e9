// Suspect: a ranked candidate cause of an incident, with the evidence that a person can check.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::model {

// One named part of a suspect's score. The parts of a suspect add up to its score.
struct Evidence {
    std::string name;  // "explains", "deviation", "silent", "change", ... (docs/causal-ranking.md)
    double score = 0;  // share of the suspect's score that this part brings; may be negative
    std::string text;  // the same in words: "explains 45 of 47 alerts"
};

// How the suspect's fault reaches one alerting node: nodes from the suspect to the symptom.
struct CausalPath {
    std::vector<std::string> nodes;
    std::string symptom;  // the check that alerts at the end of the path
};

// What kind of fault it looks like.
enum class CauseKind : std::uint8_t { Unknown, Infrastructure, Change, Data, Load };

inline constexpr std::array<std::string_view, 5> kCauseKindNames{"unknown", "infrastructure",
                                                                 "change", "data", "load"};

inline constexpr std::size_t count_of(CauseKind) {
    return kCauseKindNames.size();
}

inline constexpr std::string_view name_of(CauseKind kind) {
    return kCauseKindNames[static_cast<std::size_t>(kind)];
}

struct Suspect {
    std::string resource;
    double score = 0;     // 0..1; the scores of one ranking sum to 1
    bool silent = false;  // raised no alert itself
    std::string reason;   // why it is suspected, in one sentence
    CauseKind kind = CauseKind::Unknown;
    std::string kind_reason;  // what of the evidence says so; empty when it is unknown
    std::vector<Evidence> evidence;
    std::vector<CausalPath> paths;  // the most telling first, at most a few
};

// Who could have caused an incident, best first, and how much that is worth.
struct Ranking {
    std::vector<Suspect> suspects;
    // How likely the first suspect is the cause, as the shares of all candidates tell, shown or
    // not; see docs/causal-ranking.md for how often that came true. 0 without suspects.
    double confidence = 0;
    std::string doubt;  // why the evidence is not enough to name a cause; empty when it is
};

}  // namespace nocturne::model
