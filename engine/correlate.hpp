// Correlate: gathers alerts that are one problem into incidents: by the graph and time
// (CauseForest), or as group rules say.
#pragma once

#include "engine/cause_forest.hpp"
#include "engine/dedup.hpp"
#include "engine/incident_life.hpp"
#include "engine/state.hpp"

#include <string>

namespace nocturne::engine {

// Lives for one input.
class Correlate {
   public:
    Correlate(State& state, IncidentLife& life, CauseForest& forest)
        : state_(state), life_(life), forest_(forest) {}

    // An alert that nobody hides was raised, worsened or ended.
    void correlate(const Transition& transition);

   private:
    void gather(Slot alert);
    void gather_by_rule(Slot alert, const rules::GroupRule& rule);
    // An open incident whose summaries look like this one; kNoSlot: none.
    Slot find_alike(const rules::GroupRule& rule, const std::string& text) const;
    bool has_time(const rules::GroupRule& rule, const model::Incident& incident) const;

    State& state_;
    IncidentLife& life_;
    CauseForest& forest_;
};

}  // namespace nocturne::engine
