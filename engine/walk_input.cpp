#include "engine/walk_input.hpp"

#include "engine/blind_spots.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <map>

namespace nocturne::engine {

using model::Alert;
using model::Incident;
using topology::AlertingNode;
using topology::NodeIndex;

namespace {

constexpr std::size_t kLookThrough = 256;          // dependents of a node, for blind spots
constexpr std::size_t kElsewhereMax = 64;          // nodes of other incidents
constexpr std::size_t kAlertsElsewhereMax = 4096;  // looked through for them
constexpr std::size_t kEdgesMax = 4096;            // followed on the way to them
constexpr std::size_t kSymptomsPerNodeMax = 8;     // the worst; more of the same tell nothing new

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

void tell_symptoms(AlertingNode& told, const NodeAlerts& node, const AlertTable& alerts) {
    told.symptoms.reserve(node.worst.size());
    for (const Slot alert : node.worst) {
        told.symptoms.push_back(symptom_of(alerts[alert], alerts));
    }
}

using Places = boost::unordered_flat_map<NodeIndex, std::size_t>;

AlertingNode& node_at(std::vector<AlertingNode>& alerting, Places& places, NodeIndex node) {
    const auto [place, is_new] = places.try_emplace(node, alerting.size());
    if (is_new) {
        alerting.push_back({node, {}, {}});
    }
    return alerting[place->second];
}

// A node on the way down, and whether nothing alerts there.
struct Step {
    NodeIndex node;
    bool is_silent;
};

// What alerts below the incident's nodes in other incidents, down over what alerts and over one
// silent node at a time: a problem of its own may be what is behind this one. Level by level and by
// number, so that where a limit cuts hangs on nothing else; a node with too many edges is left out.
std::vector<NodeIndex> find_elsewhere(const State& state, const Incident& incident,
                                      const std::vector<AlertingNode>& own) {
    const topology::Graph& graph = state.topology.now();
    std::vector<Step> level;
    boost::unordered_flat_set<NodeIndex> seen;
    for (const AlertingNode& node : own) {
        level.push_back({node.node, false});
        seen.insert(node.node);
    }
    std::vector<NodeIndex> found;
    std::size_t edges = 0;
    const auto by_number = [](const Step& a, const Step& b) { return a.node < b.node; };
    std::sort(level.begin(), level.end(), by_number);
    while (!level.empty() && found.size() < kElsewhereMax) {
        std::vector<Step> next;
        for (const Step& step : level) {
            if (edges + graph.dependency_count(step.node) > kEdgesMax) {
                continue;
            }
            edges += graph.dependency_count(step.node);
            graph.for_each_dependency(step.node, [&](NodeIndex other, const topology::Edge&) {
                const bool is_silent = state.incidents.id_at(other) == model::kNoId;
                if ((!is_silent || !step.is_silent) && seen.insert(other).second) {
                    next.push_back({other, is_silent});
                }
            });
        }
        std::sort(next.begin(), next.end(), by_number);
        for (const Step& step : next) {
            if (!step.is_silent && state.incidents.id_at(step.node) != incident.id) {
                found.push_back(step.node);
            }
        }
        level = std::move(next);
    }
    found.resize(std::min(found.size(), kElsewhereMax));
    return found;
}

void add_elsewhere(const State& state, const Incident& incident,
                   std::vector<AlertingNode>& alerting, Places& places) {
    std::map<model::Id, std::vector<NodeIndex>> wanted;  // by incident
    for (const NodeIndex node : find_elsewhere(state, incident, alerting)) {
        wanted[state.incidents.id_at(node)].push_back(node);
    }
    std::size_t alerts = 0;
    for (auto& [id, nodes] : wanted) {
        const Incident& other = state.incidents[state.incidents.find(id)];
        if (alerts + other.alerts.size() > kAlertsElsewhereMax) {
            continue;
        }
        alerts += other.alerts.size();
        std::sort(nodes.begin(), nodes.end());
        for (const NodeAlerts& node : group_by_node(other, state.alerts)) {
            if (std::binary_search(nodes.begin(), nodes.end(), node.node)) {
                AlertingNode& told = node_at(alerting, places, node.node);
                told.elsewhere = true;
                tell_symptoms(told, node, state.alerts);
            }
        }
    }
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
        tell_symptoms(told, node, state.alerts);
    }
    add_elsewhere(state, incident, alerting, places);
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

}  // namespace nocturne::engine
