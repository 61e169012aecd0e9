#include "engine/rank.hpp"

#include "engine/blind_spots.hpp"
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

constexpr std::size_t kLookThrough = 256;       // dependents of a node, for blind spots
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
    for (const model::LabelSymbols& label : alert.labels) {
        if (alerts.text(label.name) == "caller") {
            symptom.caller = alerts.text(label.value);
        }
    }
    symptom.severity = alert.severity_worst;
    symptom.deviation = static_cast<double>(alert.deviation);
    symptom.excess = static_cast<double>(alert.excess);
    symptom.baseline = static_cast<double>(alert.baseline);
    symptom.slo = alert.slo;
    symptom.first_seen = alert.first_seen;
    symptom.ended = alert.is_burning() ? model::kNoTime : alert.changed_at;
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

namespace {

using Places = boost::unordered_flat_map<NodeIndex, std::size_t>;

AlertingNode& node_at(std::vector<AlertingNode>& alerting, Places& places, NodeIndex node) {
    const auto [place, is_new] = places.try_emplace(node, alerting.size());
    if (is_new) {
        alerting.push_back({node, {}, {}});
    }
    return alerting[place->second];
}

// Of the alerting nodes and of those next to them, the ones that nobody would tell of: not to be
// missed among what a suspect would have hurt.
void mark_blind(const State& state, std::vector<AlertingNode>& alerting, Places& places) {
    const BlindSpots blind(state);
    if (blind.empty()) {
        return;
    }
    std::vector<NodeIndex> near;
    const topology::Graph& graph = state.topology.now();
    for (const AlertingNode& node : alerting) {
        near.push_back(node.node);
        auto note = [&](NodeIndex other, const topology::Edge&) { near.push_back(other); };
        if (graph.dependent_count(node.node) <= kLookThrough) {
            graph.for_each_dependent(node.node, note);
        }
        graph.for_each_dependency(node.node, note);
    }
    std::sort(near.begin(), near.end());
    near.erase(std::unique(near.begin(), near.end()), near.end());
    for (const NodeIndex node : near) {
        if (blind.over(node) != nullptr) {
            node_at(alerting, places, node).blind = true;
        }
    }
}

}  // namespace

std::vector<AlertingNode> alerting_of(const State& state, const Incident& incident) {
    std::vector<AlertingNode> alerting;
    Places places;
    for (const NodeAlerts& node : group_by_node(incident, state.alerts)) {
        places.emplace(node.node, alerting.size());
        AlertingNode& told = alerting.emplace_back();
        told.node = node.node;
        told.symptoms.reserve(node.worst.size());
        for (const Slot alert : node.worst) {
            told.symptoms.push_back(symptom_of(state.alerts[alert], state.alerts));
        }
    }
    for (const Change& change : state.changes.all()) {
        const NodeIndex node = state.topology.now().find(change.resource);
        if (node == topology::kNoNode ||
            change.time + state.settings.change_window < incident.opened_at) {
            continue;
        }
        node_at(alerting, places, node)
            .changes.push_back({change.what, change.summary, change.time});
    }
    for (PastIncidents::Likeness& like : state.past.compare(incident, state.alerts)) {
        const NodeIndex node = state.topology.now().find(like.cause);
        if (node != topology::kNoNode) {
            node_at(alerting, places, node).past = {like.share, like.at};
        }
    }
    mark_blind(state, alerting, places);
    return alerting;
}

void Rank::rank(Slot slot) {
    Incident& incident = state_.incidents[slot];
    const std::vector<AlertingNode> alerting = alerting_of(state_, incident);
    topology::WalkLimits limits;
    limits.suspects_max = state_.settings.suspects_max;
    model::Ranking ranking =
        topology::rank(state_.topology.now(), alerting, limits, state_.precedences);
    incident.suspects = std::move(ranking.suspects);
    incident.confidence = ranking.confidence;
    incident.doubt = std::move(ranking.doubt);
    incident.ranked_at = state_.now;
    incident.ranked_alerts = incident.alerts.size();
    std::vector<NodeIndex> touched;
    for (const AlertingNode& node : alerting) {
        if (!node.symptoms.empty()) {
            touched.push_back(node.node);
        }
    }
    gather_changes(incident, touched);
    incident.title = title_of(incident, touched.size());
    ++state_.counters.rankings;
    news_.push_back({incident.id, model::Effect::Topic::IncidentUpdated, Reason::None});
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
