// Ranking: the suspects of what recorded events show, taken as one incident.
#pragma once

#include "model/event.hpp"
#include "model/suspect.hpp"
#include "model/topology_change.hpp"
#include "topology/learned.hpp"

#include <string>
#include <vector>

namespace nocturne::cli {

// All events arrive together, at the time of the last one, so that the walk sees the whole picture
// once: the worst that each alert was, and who was first. Empty when nothing alerts.
std::vector<model::Suspect> rank_events(const model::TopologyChange& topology,
                                        model::EventBatch events, model::Time at);

// {"ranking":[{"resource":...,"score":...,"silent":...,"evidence":[...],"paths":[...]},...]}
std::string render_ranking(const std::vector<model::Suspect>& suspects);
// The same, and "pairs":[[cause,effect],...]: what tends to precede what on one node.
std::string render_ranking(const std::vector<model::Suspect>& suspects,
                           const std::vector<topology::Precedence>& pairs);

}  // namespace nocturne::cli
