// What kind of fault a suspect's evidence looks like, and which of the evidence says so.
#pragma once

#include "model/suspect.hpp"
#include "topology/evidence.hpp"

#include <string>

namespace nocturne::topology {

struct CauseGuess {
    model::CauseKind kind = model::CauseKind::Unknown;
    std::string reason;  // empty when it is unknown
};

// A change just before outweighs what the alerts say; then words of data in a check (deadlock,
// corrupt, replication), a surge that nobody's surge explains, saturation of the node itself.
CauseGuess guess_cause_kind(const IncidentGraph& graph, Local node, const Points& points);

}  // namespace nocturne::topology
