// WalkWeights: the one configuration of the causal walk, for all estates.
#pragma once

#include "topology/check_kind.hpp"

#include <array>

namespace nocturne::topology {

// What an alert is worth as evidence. Points are natural logarithms of odds: one point more makes
// a suspect e times as likely against the others. docs/causal-ranking.md tells how they were found.
struct WalkWeights {
    // Points of a critical alert (strength 1) against its own node, by CheckKind.
    std::array<double, kCheckKinds> own{4.1, 6.6, 2.8, 1.0, 2.35, 0.15, 1.7};
    double called = 2.5;        // the same of an alert on the calls of one caller to the node
    double more = 0.38;         // each further alert of a node counts so much of the one before
    double rarity = 0.22;       // of an alert's points, lost when its check alerts on every node
    double blip = 0.64;         // kept by an alert that fired once and was over
    double over = 0.5;          // lost by an alert that was over before all that stands elsewhere
    double starved = 0.2;       // kept by an alert on too little traffic: others send less
    double slo_own = 0.26;      // kept by what users feel: a symptom by its nature
    double other_kind = 0.46;   // kept by slowness while users suffer from errors, and the reverse
    double remote = 0.1;        // kept by a node that is only the far end of a call
    double blamed = 0.62;       // of the points of an alert, when a dependency explains it whole
    double silent_blame = 0.4;  // of it at least, by a silent node above which all alert
    double explains = 3.3;      // when it explains all of the storm that stands elsewhere
    double decay = 0.6;         // of what is explained, per hop after the first
    double silent_link = 0.58;  // how surely a silent node passes a fault on
    double sideways = 0.4;      // how surely a saturated node hurts those that share its host
    double overload = 0.4;      // how surely a surge of calls hurts those that are called
    double calling_side = 1.0;  // of an alert on the way, by who is in trouble calling all others
    double slo_factor = 4.2;    // of the storm's weight where users feel it
    double forward = 1.0;       // when all that it calls show trouble on the way to it
    double off_path = 1.1;      // taken off when users suffer and nothing leads from it to them
    double missing = 0.2;       // taken off when none of its dependents alerts
    double silent = 1.1;        // taken off a node without an alert of its own
    double silent_host = 0.4;   // of that, from what carries others and is rarely watched itself
    double first = 0.1;         // when it began before all that it explains
    double precedes = 0.5;      // of the strength of what is known to come first, ln(lift)
    double past = 2.0;          // of an incident with the same alerts that it caused
    double change = 4.0;        // of a change the instant before, where it explains all
};

inline constexpr WalkWeights kWalkWeights{};

}  // namespace nocturne::topology
