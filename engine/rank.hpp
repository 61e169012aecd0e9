// Rank: asks the causal walk who may be behind an incident, again as the incident grows.
#pragma once

#include "engine/incident_life.hpp"
#include "engine/state.hpp"
#include "topology/graph.hpp"

#include <vector>

namespace nocturne::engine {

class Rank {
   public:
    Rank(State& state, std::vector<IncidentNews>& news) : state_(state), news_(news) {}

    // Ranks the incident if it grew enough since the last time (to the double, or any growth after
    // Settings::rank_interval; or when an incident below grew), or asks to be reminded: a storm
    // costs a logarithm of its size at once, and then one ranking per interval.
    void rank_if_due(Slot incident);

   private:
    void rank(Slot incident);
    std::vector<topology::NodeIndex> nodes_since(const model::Incident& incident,
                                                 std::size_t known) const;
    void gather_changes(model::Incident& incident, const std::vector<topology::NodeIndex>& nodes);
    std::string title_of(const model::Incident& incident, std::size_t nodes) const;

    State& state_;
    std::vector<IncidentNews>& news_;
};

}  // namespace nocturne::engine
