// Ranking: the suspects of what recorded events show, taken as one incident.
#pragma once

#include "model/event.hpp"
#include "model/settings.hpp"
#include "model/suspect.hpp"
#include "model/topology_change.hpp"
#include "topology/learned.hpp"

#include <string>
#include <vector>

namespace nocturne::cli {

// Settings for one incident that takes every alert, and that time does not touch.
model::Settings one_incident();

// All events arrive together, at the time of the last one, so that the walk sees the whole picture
// once: the worst that each alert was, and who was first. Empty when nothing alerts.
model::Ranking rank_events(const model::TopologyChange& topology, model::EventBatch events,
                           model::Time at);

// {"ranking":[a suspect as the API tells it, ...],"confidence":0.7,"doubt":null}; with pairs also
// "pairs":[[cause,effect],...], what tends to precede what on one node. Null: nothing was learned.
std::string render_ranking(const model::Ranking& ranking,
                           const std::vector<topology::Precedence>* pairs = nullptr);

}  // namespace nocturne::cli
