#include "engine/rank.hpp"

#include "topology/walk.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>

namespace nocturne::engine {

using model::Alert;
using model::Incident;
using model::Reason;
using topology::AlertingNode;
using topology::NodeIndex;

namespace {

constexpr std::size_t kSymptomsPerNodeMax = 8;  // the worst; more of the same tell nothing new

// Alerts of one node, before their texts are copied.
struct NodeAlerts {
    NodeIndex node;
    std::vector<Slot> worst;
};

// Whether `a` tells more about its node than `b`.
bool tells_more(const Alert& a, const Alert& b) {
    if (a.severity_worst != b.severity_worst) {
        return a.severity_worst > b.severity_worst;
    }
    if (a.deviation != b.deviation) {
        return a.deviation > b.deviation;
    }
    return a.first_seen < b.first_seen;
}

void keep_worst(std::vector<Slot>& worst, Slot slot, const AlertTable& alerts) {
    const auto place = std::find_if(worst.begin(), worst.end(), [&](Slot other) {
        return tells_more(alerts[slot], alerts[other]);
    });
    worst.insert(place, slot);
    if (worst.size() > kSymptomsPerNodeMax) {
        worst.pop_back();
    }
}

std::vector<NodeAlerts> group_by_node(const Incident& incident, const AlertTable& alerts) {
    std::vector<NodeAlerts> nodes;
    boost::unordered_flat_map<NodeIndex, std::size_t> places;
    for (const Slot slot : incident.alerts) {
        const NodeIndex node = alerts[slot].node;
        const auto [place, is_new] = places.try_emplace(node, nodes.size());
        if (is_new) {
            nodes.push_back({node, {}});
        }
        keep_worst(nodes[place->second].worst, slot, alerts);
    }
    return nodes;
}

model::Symptom symptom_of(const Alert& alert, const AlertTable& alerts) {
    model::Symptom symptom;
    symptom.check = alerts.text(alert.check);
    symptom.severity = alert.severity_worst;
    symptom.deviation = static_cast<double>(alert.deviation);
    symptom.slo = alert.slo;
    symptom.firing = alert.is_burning();
    symptom.first_seen = alert.first_seen;
    symptom.count = alert.count;
    return symptom;
}

}  // namespace

void Rank::rank_if_due(Slot slot) {
    const Incident& incident = state_.incidents[slot];
    if (incident.id == model::kNoId || incident.is_over() ||
        incident.ranked_alerts == incident.alerts.size()) {
        return;
    }
    const bool doubled = incident.alerts.size() >= 2 * incident.ranked_alerts;
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
    std::vector<AlertingNode> alerting;
    for (const NodeAlerts& node : group_by_node(incident, state_.alerts)) {
        AlertingNode& told = alerting.emplace_back();
        told.node = node.node;
        for (const Slot alert : node.worst) {
            told.symptoms.push_back(symptom_of(state_.alerts[alert], state_.alerts));
        }
    }
    const std::size_t nodes = alerting.size();
    for (const Change& change : state_.changes) {
        const NodeIndex node = state_.topology.now().find(change.resource);
        if (node == topology::kNoNode ||
            change.time + state_.settings.change_window < incident.opened_at) {
            continue;
        }
        const auto is_there = [&](const AlertingNode& told) { return told.node == node; };
        auto place = std::find_if(alerting.begin(), alerting.end(), is_there);
        if (place == alerting.end()) {
            place = alerting.insert(alerting.end(), AlertingNode{node, {}, {}});
        }
        place->changes.push_back({change.what, change.summary, change.time});
    }
    topology::WalkLimits limits;
    limits.suspects_max = state_.settings.suspects_max;
    incident.suspects = topology::rank(state_.topology.now(), alerting, limits);
    incident.ranked_at = state_.now;
    incident.ranked_alerts = incident.alerts.size();
    std::vector<NodeIndex> touched;
    for (std::size_t i = 0; i < nodes; ++i) {
        touched.push_back(alerting[i].node);
    }
    gather_changes(incident, touched);
    incident.title = title_of(incident, nodes);
    ++state_.counters.rankings;
    news_.push_back({incident.id, model::Effect::Topic::IncidentUpdated, Reason::None});
}

void Rank::gather_changes(Incident& incident, const std::vector<NodeIndex>& nodes) {
    incident.changes.clear();
    for (const Change& change : state_.changes) {
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
