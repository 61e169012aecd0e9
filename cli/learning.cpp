#include "cli/learning.hpp"

#include "topology/graph.hpp"

#include <algorithm>

namespace nocturne::cli {

void take(topology::AlertHistory& history, const model::EventView& event, model::Time arrived) {
    if (event.kind == model::Kind::Alert && event.status == model::EventStatus::Firing &&
        event.severity != model::Severity::Ok) {
        const model::Time at = event.time == model::kNoTime ? arrived : event.time;
        history.add(std::min(at, arrived), event.resource, event.check);
    }
}

topology::Mined mine_with(const topology::AlertHistory& history,
                          const model::TopologyChange& change, const topology::TellShare& tell) {
    topology::LiveGraph graph;
    graph.apply(change, model::from_unix_ms(0));
    return topology::mine(history, graph.now(), {}, tell);
}

}  // namespace nocturne::cli
