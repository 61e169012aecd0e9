// A suspect's evidence in words, for a person at night.
#pragma once

#include "topology/evidence.hpp"

#include <string>

namespace nocturne::topology {

class WalkWords {
   public:
    WalkWords(const IncidentGraph& graph, const EvidenceWalk& walk, Local node, const Reach& reach)
        : graph_(graph), walk_(walk), node_(node), reach_(reach) {}

    // What one part of the evidence says; empty when it says nothing.
    std::string part(Part part) const;
    // "query_time is critical, 14 times normal, since 02:13:05, 47 s after deploy 7f3a; explains 45
    // of 47 alerts, through orders and checkout; no alert on payments, which it would have hurt"
    std::string sentence() const;

   private:
    std::string own() const;
    std::string blamed() const;
    std::string off_path() const;
    std::string explains() const;
    std::string missing() const;
    std::string first() const;
    std::string precedes() const;
    std::string change() const;
    std::string through() const;
    std::size_t alerts_elsewhere() const;

    const IncidentGraph& graph_;
    const EvidenceWalk& walk_;
    const Local node_;
    const Reach& reach_;
};

}  // namespace nocturne::topology
