// BlindSpots: where nobody would tell of trouble now, since who would has fallen silent.
#pragma once

#include "engine/state.hpp"
#include "rules/condition.hpp"

#include <string>
#include <vector>

namespace nocturne::engine {

// By the heartbeat rules, those in shadow mode aside. A node is blind when it is covered itself
// (its name is the resource, its labels are the labels), or when an alert on it is; so a graph
// without labels knows blind spots too. Follows from the state alone; lives for one question.
class BlindSpots {
   public:
    // Who fell silent.
    struct Silent {
        std::string source;  // the value of the rule's first `by`
        rules::RuleIndex rule = rules::kNoRule;
        model::Time heard_at = model::kNoTime;  // for the last time, or expected since
        rules::Condition covers;
    };

    explicit BlindSpots(const State& state);

    // Nothing is blind.
    bool empty() const { return silent_.empty(); }

    // In the order of rules, and of silence.
    const std::vector<Silent>& silent() const { return silent_; }

    // Who would tell of the node, by its name and labels; nullptr: it is not blind.
    const Silent* over(topology::NodeIndex node) const;
    // The same for an alert and its node.
    const Silent* over_alert(Slot alert) const;

    // By their names, labels and alerts; 0 at once when nothing is silent.
    std::size_t count_nodes() const;

   private:
    const State& state_;
    std::vector<Silent> silent_;
};

}  // namespace nocturne::engine
