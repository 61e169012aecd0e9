// Suspect: a ranked candidate cause of an incident, with the evidence that a person can check.
#pragma once

#include <string>
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

struct Suspect {
    std::string resource;
    double score = 0;     // 0..1; the scores of one ranking sum to 1
    bool silent = false;  // raised no alert itself
    std::vector<Evidence> evidence;
    std::vector<CausalPath> paths;  // the most telling first, at most a few
};

}  // namespace nocturne::model
