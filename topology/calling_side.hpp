// CallingSide: callers that have trouble on the way to several of those that they call.
#pragma once

#include "topology/incident_graph.hpp"
#include "topology/walk_weights.hpp"

#include <vector>

namespace nocturne::topology {

// What the ways to several nodes have in common is where they begin: slow ways from one caller to
// many are the caller's trouble, or its network's, rather than that of each it calls.
class CallingSide {
   public:
    // Borrows both.
    CallingSide(const IncidentGraph& graph, const WalkWeights& weights);

    // The share of all that it calls that show trouble on the way to it, 0..1; of one alone, 0.
    double trouble_of(Local caller) const { return trouble_[caller]; }

    // How much of an alert on the way to `called`, or on what `caller` sees of it, the caller
    // explains, 0..1. What all callers share is one caller's by its part.
    double explains(Local caller, Local called, const WeighedSymptom& symptom) const;

    // The same of all alerts of `called`.
    double explains(Local caller, Local called) const;

   private:
    bool is_hard_to_reach(Local called, Local caller) const;
    double measure(Local caller) const;

    const IncidentGraph& graph_;
    const WalkWeights& weights_;
    std::vector<double> trouble_;  // by node
};

}  // namespace nocturne::topology
