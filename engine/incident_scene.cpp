#include "engine/incident_scene.hpp"

#include "engine/plugin_world.hpp"
#include "engine/state.hpp"
#include "engine/view.hpp"

#include <algorithm>

namespace nocturne::engine {

std::unique_ptr<const IncidentScene> IncidentScene::of(const Core& core, model::Id id,
                                                       Wanted wanted) {
    const State& state = core.state();
    const Slot slot = state.incidents.find(id);
    if (slot == kNoSlot || state.incidents[slot].is_over()) {
        return nullptr;
    }
    const model::Incident& incident = state.incidents[slot];
    std::unique_ptr<IncidentScene> scene(new IncidentScene);
    scene->now_ = state.now;
    scene->graph_ = topology_of(core);
    if (wanted.changes) {
        scene->copy_changes(state);
    }
    if (wanted.past) {
        scene->alike_ = PluginWorld(state, slot).alike(kAlikeMax);
    }
    scene->suspects_ = incident.suspects;
    scene->copy_alerts(state, incident);
    scene->sight_ = {scene->keep(model::format_id(model::kIncidentPrefix, id)),
                     scene->keep(incident.title),
                     incident.severity,
                     incident.opened_at,
                     incident.confidence,
                     scene->alerts_,
                     scene->suspects_,
                     incident.state};
    return scene;
}

std::string_view IncidentScene::keep(std::string_view text) {
    return texts_.emplace_back(text);
}

void IncidentScene::copy_changes(const State& state) {
    for (const Change& change : state.changes.all()) {
        changes_.push_back({change.time, change.resource, change.what, change.summary});
    }
    std::stable_sort(changes_.begin(), changes_.end(),
                     [](const auto& a, const auto& b) { return a.time > b.time; });
}

void IncidentScene::copy_alerts(const State& state, const model::Incident& incident) {
    const std::size_t count = std::min(incident.alerts.size(), kAlertsMax);
    alerts_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const model::Alert& alert = state.alerts[incident.alerts[i]];
        alerts_.push_back({keep(model::format_id(model::kAlertPrefix, alert.id)),
                           keep(state.alerts.text(alert.resource)),
                           keep(state.alerts.text(alert.check)),
                           keep(state.alerts.text(alert.summary)), alert.severity,
                           alert.is_burning(), alert.first_seen});
    }
}

std::vector<plugins::SeenChange> IncidentScene::changes_on(std::string_view node,
                                                           std::size_t max) const {
    const std::vector<std::string_view> names = names_of(*graph_, node);
    std::vector<plugins::SeenChange> seen;
    for (const plugins::SeenChange& change : changes_) {
        if (seen.size() == max) {
            break;
        }
        if (std::find(names.begin(), names.end(), change.resource) != names.end()) {
            seen.push_back(change);
        }
    }
    return seen;
}

std::vector<plugins::SeenIncident> IncidentScene::alike(std::size_t max) const {
    return {alike_.begin(),
            alike_.begin() + static_cast<std::ptrdiff_t>(std::min(max, alike_.size()))};
}

std::vector<model::Id> open_incidents(const Core& core) {
    std::vector<model::Id> open;
    const State& state = core.state();
    for (const auto& [id, slot] : state.incidents.by_id()) {
        if (!state.incidents[slot].is_over()) {
            open.push_back(id);
        }
    }
    return open;
}

}  // namespace nocturne::engine
