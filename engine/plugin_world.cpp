#include "engine/plugin_world.hpp"

#include "engine/state.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::engine {

model::Time PluginWorld::now() const {
    return state_.now;
}

const topology::Graph& PluginWorld::graph() const {
    return state_.topology.now();
}

std::vector<plugins::SeenChange> PluginWorld::changes_on(std::string_view node,
                                                         std::size_t max) const {
    const std::vector<std::string_view> names = names_of(graph(), node);
    std::vector<plugins::SeenChange> seen;
    for (const Change* change : state_.changes.on(std::move(names))) {
        seen.push_back({change->time, change->resource, change->what, change->summary});
    }
    std::stable_sort(seen.begin(), seen.end(),
                     [](const auto& a, const auto& b) { return a.time > b.time; });
    seen.resize(std::min(seen.size(), max));
    return seen;
}

std::vector<std::string_view> names_of(const topology::Graph& graph, std::string_view node) {
    std::vector<std::string_view> names{node};
    if (const topology::NodeIndex index = graph.find(node); index != topology::kNoNode) {
        names.emplace_back(graph.node(index).name);
        names.insert(names.end(), graph.node(index).aliases.begin(),
                     graph.node(index).aliases.end());
    }
    return names;
}

std::vector<plugins::SeenIncident> PluginWorld::alike(std::size_t max) const {
    if (incident_ == kNoSlot) {
        return {};
    }
    std::vector<plugins::SeenIncident> seen;
    for (const PastIncidents::Likeness& past :
         state_.past.compare(state_.incidents[incident_], state_.alerts)) {
        seen.push_back(
            {model::format_id(model::kIncidentPrefix, past.id), past.at, past.cause, past.share});
    }
    std::stable_sort(seen.begin(), seen.end(),
                     [](const auto& a, const auto& b) { return a.likeness > b.likeness; });
    seen.resize(std::min(seen.size(), max));
    return seen;
}

}  // namespace nocturne::engine
