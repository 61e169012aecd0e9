// Learning: a history of alerts from recorded events, and what it teaches.
#pragma once

#include "cli/recorded_events.hpp"
#include "model/topology_change.hpp"
#include "topology/mine.hpp"

namespace nocturne::cli {

// Adds a firing alert; leaves anything else. What is dated ahead of its arrival happened then.
void take(topology::AlertHistory& history, const model::EventView& event, model::Time arrived);

// Mines with the graph that the change makes.
topology::Mined mine_with(const topology::AlertHistory& history,
                          const model::TopologyChange& change,
                          const topology::TellShare& tell = {});

}  // namespace nocturne::cli
