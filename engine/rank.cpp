#include "engine/rank.hpp"

#include "engine/stir.hpp"
#include "engine/walk_input.hpp"
#include "topology/walk.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::engine {

using model::Alert;
using model::Incident;
using model::Reason;
using topology::AlertingNode;
using topology::NodeIndex;

void Rank::rank_if_due(Slot slot) {
    const Incident& incident = state_.incidents[slot];
    if (incident.id == model::kNoId) {
        return;
    }
    if (incident.is_over()) {
        state_.walk_memories.drop(incident.id);
        return;
    }
    const bool has_grown = incident.ranked_alerts != incident.alerts.size();
    if (!has_grown && !incident.is_stirred) {
        return;
    }
    const bool doubled = has_grown && incident.alerts.size() >= 2 * incident.ranked_alerts;
    const model::Time due = incident.ranked_at == model::kNoTime
                                ? state_.now
                                : incident.ranked_at + state_.settings.rank_interval;
    if (doubled || due <= state_.now) {
        rank(slot);
    } else {
        remind(state_, Deadline::Kind::Incident, slot, due);
    }
}

void Rank::rank(Slot slot) {
    Incident& incident = state_.incidents[slot];
    const std::vector<AlertingNode> alerting = alerting_of(state_, incident);
    topology::WalkLimits limits;
    limits.suspects_max = state_.settings.suspects_max;
    model::Ranking ranking =
        topology::rank(state_.topology.now(), alerting, limits, state_.precedences,
                       state_.walk_memories.of(incident.id));
    incident.suspects = std::move(ranking.suspects);
    incident.confidence = ranking.confidence;
    incident.doubt = std::move(ranking.doubt);
    incident.ranked_at = state_.now;
    incident.is_stirred = false;
    const std::vector<NodeIndex> grown = nodes_since(incident, incident.ranked_alerts);
    incident.ranked_alerts = incident.alerts.size();
    std::vector<NodeIndex> touched;
    for (const AlertingNode& node : alerting) {
        if (!node.symptoms.empty() && !node.elsewhere) {
            touched.push_back(node.node);
        }
    }
    gather_changes(incident, touched);
    incident.title = title_of(incident, touched.size());
    ++state_.counters.rankings;
    news_.push_back({incident.id, model::Effect::Topic::IncidentUpdated, Reason::None});
    stir_above(state_, incident.id, grown);
}

// Of the alerts that came after the first so many.
std::vector<NodeIndex> Rank::nodes_since(const Incident& incident, std::size_t known) const {
    std::vector<NodeIndex> nodes;
    for (std::size_t i = known; i < incident.alerts.size(); ++i) {
        nodes.push_back(state_.alerts[incident.alerts[i]].node);
    }
    return nodes;
}

void Rank::gather_changes(Incident& incident, const std::vector<NodeIndex>& nodes) {
    incident.changes.clear();
    for (const Change& change : state_.changes.all()) {
        const NodeIndex node = state_.topology.now().find(change.resource);
        const bool alerts = std::find(nodes.begin(), nodes.end(), node) != nodes.end();
        const bool suspected =
            std::any_of(incident.suspects.begin(), incident.suspects.end(),
                        [&](const auto& suspect) { return suspect.resource == change.resource; });
        if ((alerts || suspected) &&
            change.time + state_.settings.change_window >= incident.opened_at) {
            incident.changes.push_back({change.resource, change.what, change.summary, change.time});
        }
    }
}

std::string Rank::title_of(const Incident& incident, std::size_t nodes) const {
    if (incident.alerts.size() == 1) {
        const Alert& alert = state_.alerts[incident.alerts.front()];
        return std::string(state_.alerts.text(alert.check)) + " on " +
               std::string(state_.alerts.text(alert.resource));
    }
    const std::string storm = std::to_string(incident.alerts.size()) + " alerts on " +
                              std::to_string(nodes) + (nodes == 1 ? " node" : " nodes");
    return incident.suspects.empty() ? storm : incident.suspects.front().resource + ": " + storm;
}

}  // namespace nocturne::engine
