#include "engine/correlate.hpp"

#include "topology/neighbourhood.hpp"

#include <algorithm>

namespace nocturne::engine {

using model::Alert;
using model::Incident;
using model::IncidentState;
using model::Reason;
using Topic = model::Effect::Topic;

void Correlate::correlate(const Transition& transition) {
    const Slot slot = transition.alert;
    if (transition.is_ended()) {
        alert_ended(slot, transition.reason);
        return;
    }
    const Alert& alert = state_.alerts[slot];
    const Slot incident =
        alert.incident == model::kNoId ? kNoSlot : state_.incidents.find(alert.incident);
    if (transition.is_raised() || incident == kNoSlot) {
        gather(slot);
        return;
    }
    Incident& worse = state_.incidents[incident];
    if (alert.severity > worse.severity) {
        worse.severity = alert.severity;
        // The last ranking saw it milder: as if one alert were new, it is ranked again when due.
        worse.ranked_alerts = std::min<std::uint64_t>(worse.ranked_alerts, worse.alerts.size() - 1);
        tell(worse, transition.reason, alert.id, describe(slot));
        news_.push_back({worse.id, Topic::IncidentUpdated, transition.reason});
    }
}

void Correlate::gather(Slot slot) {
    if (rejoin(slot)) {
        return;
    }
    const Alert& alert = state_.alerts[slot];
    if (state_.settings.one_incident && state_.incidents.size() > 0) {
        join(state_.incidents.by_id().begin()->second, slot, Reason::JoinedByDependency);
        return;
    }
    if (const Slot here = state_.incidents.at_node(alert.node); here != kNoSlot) {
        join(here, slot, Reason::JoinedSameNode);
        return;
    }
    const std::vector<Slot> near = find_near(slot);
    if (!near.empty()) {
        // The oldest keeps its id: people may have talked about it.
        const Slot oldest = *std::min_element(near.begin(), near.end(), [&](Slot a, Slot b) {
            return state_.incidents[a].id < state_.incidents[b].id;
        });
        join(oldest, slot, Reason::JoinedByDependency);
        for (const Slot other : near) {
            if (other != oldest) {
                merge(oldest, other, slot);
            }
        }
        return;
    }
    if (alert.severity < state_.settings.incident_severity_min) {
        state_.counters.count(Reason::BelowIncidentSeverity);
        return;
    }
    open(slot);
}

bool Correlate::rejoin(Slot slot) {
    Alert& alert = state_.alerts[slot];
    if (alert.incident == model::kNoId) {
        return false;
    }
    const Slot found = state_.incidents.find(alert.incident);
    if (found == kNoSlot) {
        alert.incident = model::kNoId;
        return false;
    }
    Incident& incident = state_.incidents[found];
    if (alert.is_counted && !incident.is_over()) {
        return true;  // a silence came and went over an alert that was in it all the time
    }
    Reason reason = Reason::JoinedAgain;
    if (incident.is_over()) {
        if (state_.now - incident.resolved_at > state_.settings.reopen_window) {
            std::erase(incident.alerts, slot);
            incident.burning -= alert.is_counted ? 1 : 0;
            alert.is_counted = false;
            alert.incident = model::kNoId;
            return false;
        }
        incident.state = IncidentState::Reopened;
        state_.incidents.note_state(found);
        incident.resolved_at = model::kNoTime;
        reason = Reason::ReopenedByAlert;
        for (const Slot member : incident.alerts) {
            if (state_.incidents.at_node(state_.alerts[member].node) == kNoSlot) {
                state_.incidents.set_at_node(state_.alerts[member].node, found);
            }
        }
    }
    incident.burning += alert.is_counted ? 0 : 1;
    alert.is_counted = true;
    incident.ended_at = model::kNoTime;
    incident.severity = std::max(incident.severity, alert.severity);
    incident.updated_at = state_.now;
    state_.counters.count(reason);
    tell(incident, reason, alert.id, describe(slot));
    news_.push_back(
        {incident.id,
         reason == Reason::ReopenedByAlert ? Topic::IncidentReopened : Topic::IncidentUpdated,
         reason});
    return true;
}

std::vector<Slot> Correlate::find_near(Slot slot) {
    topology::NearLimits limits;
    limits.hops = state_.settings.correlation_hops;
    const auto is_alerting = [&](topology::NodeIndex node) {
        return state_.incidents.at_node(node) != kNoSlot;
    };
    std::vector<Slot> found;
    for (const topology::Near& near :
         topology::near(state_.topology.now(), state_.alerts[slot].node, limits, is_alerting)) {
        const Slot incident = state_.incidents.at_node(near.node);
        if (incident != kNoSlot && std::find(found.begin(), found.end(), incident) == found.end() &&
            state_.now - state_.incidents[incident].grew_at <= state_.settings.correlation_window) {
            found.push_back(incident);
        }
    }
    return found;
}

Slot Correlate::open(Slot slot) {
    if (state_.incidents.size() >= state_.settings.incidents_max && !make_room()) {
        state_.counters.count(Reason::IncidentFull);
        return kNoSlot;
    }
    const Alert& alert = state_.alerts[slot];
    const model::Id id{state_.position, next_index_++};
    const Slot created = state_.incidents.create(id);
    Incident& incident = state_.incidents[created];
    incident.opened_at = incident.updated_at = state_.now;
    incident.severity = alert.severity;
    ++state_.counters.incidents_opened;
    news_.push_back({id, Topic::IncidentOpened, Reason::OpenedNew});
    join(created, slot, Reason::OpenedNew);
    return created;
}

void Correlate::join(Slot to, Slot slot, Reason reason) {
    Incident& incident = state_.incidents[to];
    Alert& alert = state_.alerts[slot];
    state_.counters.count(reason);
    if (incident.alerts.size() >= state_.settings.incident_alerts_max) {
        ++incident.alerts_dropped;
        state_.counters.count(Reason::IncidentFull);
        return;
    }
    incident.alerts.push_back(slot);
    ++incident.burning;
    alert.is_counted = true;
    incident.ended_at = model::kNoTime;
    incident.grew_at = incident.updated_at = state_.now;
    incident.severity = std::max(incident.severity, alert.severity);
    alert.incident = incident.id;
    alert.grouping = reason;
    if (state_.incidents.at_node(alert.node) == kNoSlot) {
        state_.incidents.set_at_node(alert.node, to);
    }
    tell(incident, reason, alert.id, describe(slot));
    if (reason != Reason::OpenedNew) {
        news_.push_back({incident.id, Topic::IncidentUpdated, reason});
    }
}

void Correlate::merge(Slot into, Slot from, Slot bridge) {
    Incident& target = state_.incidents[into];
    Incident& source = state_.incidents[from];
    for (const Slot slot : source.alerts) {
        Alert& alert = state_.alerts[slot];
        alert.incident = target.id;
        state_.incidents.clear_node(alert.node, from);
        if (state_.incidents.at_node(alert.node) == kNoSlot) {
            state_.incidents.set_at_node(alert.node, into);
        }
        target.alerts.push_back(slot);
    }
    target.burning += source.burning;
    target.severity = std::max(target.severity, source.severity);
    target.grew_at = target.updated_at = state_.now;
    source.alerts.clear();
    source.burning = 0;
    source.state = IncidentState::Merged;
    state_.incidents.note_state(from);
    source.merged_into = target.id;
    source.resolved_at = source.updated_at = state_.now;
    state_.counters.count(Reason::MergedByBridge);
    tell(target, Reason::MergedByBridge, source.id, describe(bridge));
    tell(source, Reason::MergedByBridge, target.id, describe(bridge));
    news_.push_back({source.id, Topic::IncidentMerged, Reason::MergedByBridge});
    news_.push_back({target.id, Topic::IncidentUpdated, Reason::MergedByBridge});
    remind(state_, Deadline::Kind::Incident, from, state_.now + state_.settings.incident_keep);
}

void Correlate::alert_ended(Slot slot, Reason reason) {
    Alert& alert = state_.alerts[slot];
    const Slot found =
        alert.incident == model::kNoId ? kNoSlot : state_.incidents.find(alert.incident);
    if (found == kNoSlot || !alert.is_counted) {
        return;
    }
    Incident& incident = state_.incidents[found];
    alert.is_counted = false;
    --incident.burning;
    incident.updated_at = state_.now;
    tell(incident, reason, alert.id, describe(slot));
    if (incident.burning == 0 && !incident.is_over()) {
        incident.ended_at = state_.now;
        remind(state_, Deadline::Kind::Incident, found, state_.now + state_.settings.resolve_after);
    }
}

void Correlate::look_at(Slot slot) {
    if (state_.incidents[slot].id == model::kNoId) {
        return;
    }
    const Incident& incident = state_.incidents[slot];
    if (incident.is_over()) {
        const model::Time due = incident.resolved_at + state_.settings.incident_keep;
        if (due <= state_.now) {
            forget(slot);
        } else {
            remind(state_, Deadline::Kind::Incident, slot, due);
        }
        return;
    }
    if (incident.ended_at == model::kNoTime) {
        return;
    }
    if (const model::Time due = incident.ended_at + state_.settings.resolve_after;
        due > state_.now) {
        remind(state_, Deadline::Kind::Incident, slot, due);
        return;
    }
    finish(slot, Reason::AllAlertsEnded, "");
}

void Correlate::finish(Slot slot, Reason reason, const std::string& by) {
    Incident& incident = state_.incidents[slot];
    incident.state = IncidentState::Resolved;
    state_.incidents.note_state(slot);
    incident.resolved_at = incident.updated_at = state_.now;
    for (const Slot member : incident.alerts) {
        state_.incidents.clear_node(state_.alerts[member].node, slot);
    }
    state_.counters.count(reason);
    tell(incident, reason, model::kNoId, by);
    news_.push_back({incident.id, Topic::IncidentResolved, reason});
    remind(state_, Deadline::Kind::Incident, slot, state_.now + state_.settings.incident_keep);
}

void Correlate::forget(Slot slot) {
    const Incident& incident = state_.incidents[slot];
    for (const Slot member : incident.alerts) {
        Alert& alert = state_.alerts[member];
        alert.incident = model::kNoId;
        alert.is_counted = false;
        if (!alert.is_burning()) {
            remind(state_, Deadline::Kind::Alert, member,
                   alert.ended_at + state_.settings.resolved_keep);
        }
    }
    state_.incidents.remove(slot);
}

bool Correlate::make_room() {
    const Slot oldest = state_.incidents.oldest_over();
    if (oldest == kNoSlot) {
        return false;
    }
    forget(oldest);
    return true;
}

void Correlate::find_nodes() {
    state_.incidents.clear_nodes();
    for (const auto& [id, slot] : state_.incidents.by_id()) {
        if (state_.incidents[slot].is_over()) {
            continue;
        }
        for (const Slot member : state_.incidents[slot].alerts) {
            if (const auto node = state_.alerts[member].node;
                state_.incidents.at_node(node) == kNoSlot) {
                state_.incidents.set_at_node(node, slot);
            }
        }
    }
}

void Correlate::acknowledge(const model::AcknowledgeIncident& command) {
    const Slot slot = state_.incidents.find(command.incident);
    if (slot == kNoSlot || state_.incidents[slot].is_over()) {
        return;
    }
    Incident& incident = state_.incidents[slot];
    incident.state = IncidentState::Acknowledged;
    incident.updated_at = state_.now;
    state_.counters.count(Reason::AcknowledgedByOperator);
    tell(incident, Reason::AcknowledgedByOperator, model::kNoId, command.by);
    news_.push_back({incident.id, Topic::IncidentAcknowledged, Reason::AcknowledgedByOperator});
}

void Correlate::resolve(const model::ResolveIncident& command) {
    const Slot slot = state_.incidents.find(command.incident);
    if (slot != kNoSlot && !state_.incidents[slot].is_over()) {
        finish(slot, Reason::ResolvedByOperator, command.by);
    }
}

void Correlate::label(const model::LabelIncident& command) {
    const Slot slot = state_.incidents.find(command.incident);
    if (slot == kNoSlot) {
        return;
    }
    Incident& incident = state_.incidents[slot];
    incident.cause = command.cause;
    incident.updated_at = state_.now;
    state_.counters.count(Reason::LabelledByOperator);
    tell(incident, Reason::LabelledByOperator, model::kNoId, command.by + ": " + command.cause);
    news_.push_back({incident.id, Topic::IncidentUpdated, Reason::LabelledByOperator});
}

void Correlate::tell(Incident& incident, Reason reason, model::Id subject, std::string text) {
    if (incident.timeline.size() >= Incident::kTimelineMax) {
        ++incident.timeline_dropped;
        return;
    }
    incident.timeline.push_back({state_.now, reason, subject, std::move(text)});
}

std::string Correlate::describe(Slot slot) const {
    const Alert& alert = state_.alerts[slot];
    return std::string(state_.alerts.text(alert.resource)) + " " +
           std::string(state_.alerts.text(alert.check));
}

}  // namespace nocturne::engine
