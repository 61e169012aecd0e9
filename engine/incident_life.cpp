#include "engine/incident_life.hpp"

#include "engine/stir.hpp"

#include <algorithm>

namespace nocturne::engine {

using model::Alert;
using model::Incident;
using model::IncidentState;
using model::Reason;
using Topic = model::Effect::Topic;

Slot IncidentLife::open(Slot slot, Reason reason) {
    const Slot created = create(reason);
    if (created != kNoSlot) {
        join(created, slot, reason);
    }
    return created;
}

Slot IncidentLife::create(Reason reason) {
    if (state_.incidents.size() >= state_.settings.incidents_max && !make_room()) {
        state_.counters.count(Reason::IncidentFull);
        return kNoSlot;
    }
    const model::Id id{state_.position, next_index_++};
    const Slot created = state_.incidents.create(id);
    Incident& incident = state_.incidents[created];
    incident.opened_at = incident.updated_at = state_.now;
    incident.severity = model::Severity::Ok;
    ++state_.counters.incidents_opened;
    news_.push_back({id, Topic::IncidentOpened, reason});
    return created;
}

void IncidentLife::join(Slot to, Slot slot, Reason reason) {
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
    tell(incident, reason, alert.id, describe(slot));
    if (reason != Reason::OpenedNew && reason != Reason::OpenedAlone) {
        news_.push_back({incident.id, Topic::IncidentUpdated, reason});
    }
}

bool IncidentLife::rejoin(Slot slot) {
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
        if (state_.now - incident.resolved_at >= lifecycle_of(found).reopen_window) {
            std::erase(incident.alerts, slot);
            forget_worst(incident);
            incident.burning -= alert.is_counted ? 1 : 0;
            alert.is_counted = false;
            alert.incident = model::kNoId;
            return false;
        }
        incident.state = IncidentState::Reopened;
        state_.incidents.note_state(found);
        incident.resolved_at = model::kNoTime;
        reason = Reason::ReopenedByAlert;
        if (incident.group == model::Fingerprint{}) {
            for (const Slot member : incident.alerts) {
                if (state_.incidents.standing_of(state_.alerts[member].node) == nullptr) {
                    stand(member, found);
                }
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

void IncidentLife::stand(Slot slot, Slot incident) {
    const Alert& alert = state_.alerts[slot];
    state_.incidents.stand(alert.node,
                           {incident, topology::kNoNode, topology::kNoNode, 0, alert.first_seen});
}

void IncidentLife::move_alerts(Slot from, Slot into, const std::vector<Slot>& alerts, Reason reason,
                               const std::string& why) {
    Incident& source = state_.incidents[from];
    Incident& target = state_.incidents[into];
    for (const Slot slot : alerts) {
        Alert& alert = state_.alerts[slot];
        alert.incident = target.id;
        target.alerts.push_back(slot);
        if (alert.is_counted) {
            --source.burning;
            ++target.burning;
        }
        target.severity = std::max(target.severity, alert.severity);
        if (const IncidentTable::Standing* standing = state_.incidents.standing_of(alert.node);
            standing != nullptr && standing->incident == from) {
            IncidentTable::Standing moved_standing = *standing;
            moved_standing.incident = into;
            state_.incidents.stand(alert.node, moved_standing);
        }
    }
    std::vector<Slot> moved = alerts;
    std::sort(moved.begin(), moved.end());
    forget_worst(source);
    std::erase_if(source.alerts,
                  [&](Slot slot) { return std::binary_search(moved.begin(), moved.end(), slot); });
    target.ended_at = target.burning > 0 ? model::kNoTime : target.ended_at;
    target.grew_at = target.updated_at = source.updated_at = state_.now;
    source.ranked_alerts = 0;  // the last ranking saw another incident
    state_.counters.count(reason);
    tell(target, reason, source.id, why);
    tell(source, reason, target.id, why);
    news_.push_back({target.id, Topic::IncidentUpdated, reason});
    if (!source.alerts.empty()) {
        news_.push_back({source.id, Topic::IncidentUpdated, reason});
        if (source.burning == 0 && !source.is_over() && source.ended_at == model::kNoTime) {
            source.ended_at = state_.now;
            remind(state_, Deadline::Kind::Incident, from,
                   state_.now + lifecycle_of(from).resolve_after);
        }
        return;
    }
    source.state = IncidentState::Merged;
    state_.incidents.note_state(from);
    source.merged_into = target.id;
    source.resolved_at = state_.now;
    news_.push_back({source.id, Topic::IncidentMerged, reason});
    remind(state_, Deadline::Kind::Incident, from, state_.now + state_.settings.incident_keep);
}

void IncidentLife::alert_worsened(Slot slot, Slot in, Reason reason) {
    const Alert& alert = state_.alerts[slot];
    Incident& incident = state_.incidents[in];
    // The last ranking saw it milder: as if one alert were new, it is ranked again when due.
    incident.ranked_alerts =
        std::min<std::uint64_t>(incident.ranked_alerts, incident.alerts.size() - 1);
    stir_above(state_, incident.id, {alert.node});
    if (alert.severity <= incident.severity) {
        remind(state_, Deadline::Kind::Incident, in,
               std::max(state_.now, incident.ranked_at + state_.settings.rank_interval));
        return;
    }
    incident.severity = alert.severity;
    tell(incident, reason, alert.id, describe(slot));
    news_.push_back({incident.id, Topic::IncidentUpdated, reason});
}

void IncidentLife::alert_ended(Slot slot, Reason reason) {
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
        remind(state_, Deadline::Kind::Incident, found,
               state_.now + lifecycle_of(found).resolve_after);
    }
}

IncidentLife::Lifecycle IncidentLife::lifecycle_of(Slot slot) const {
    Lifecycle lifecycle{state_.settings.resolve_after, state_.settings.reopen_window, true};
    const Slot worst = worst_of(state_.alerts, state_.incidents[slot]);
    const rules::LifecycleRule* rule =
        worst == kNoSlot ? nullptr : state_.routes.lifecycle_of(state_.alerts, worst);
    if (rule != nullptr) {
        lifecycle.resolve_after = rule->resolve_after.value_or(lifecycle.resolve_after);
        lifecycle.reopen_window = rule->reopen_window.value_or(lifecycle.reopen_window);
        lifecycle.auto_resolve = rule->auto_resolve;
    }
    return lifecycle;
}

void IncidentLife::look_at(Slot slot) {
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
    const Lifecycle lifecycle = lifecycle_of(slot);
    if (incident.ended_at == model::kNoTime || !lifecycle.auto_resolve) {
        return;
    }
    if (const model::Time due = incident.ended_at + lifecycle.resolve_after; due > state_.now) {
        remind(state_, Deadline::Kind::Incident, slot, due);
        return;
    }
    finish(slot, Reason::AllAlertsEnded, "");
}

void IncidentLife::finish(Slot slot, Reason reason, const std::string& by) {
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

void IncidentLife::forget(Slot slot) {
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

bool IncidentLife::make_room() {
    const Slot oldest = state_.incidents.oldest_over();
    if (oldest == kNoSlot) {
        return false;
    }
    forget(oldest);
    return true;
}

Slot IncidentLife::find_open(model::Id id) const {
    const Slot slot = state_.incidents.find(id);
    return slot == kNoSlot || state_.incidents[slot].is_over() ? kNoSlot : slot;
}

bool IncidentLife::merge(const model::MergeIncidents& command) {
    const Slot into = find_open(command.into);
    const Slot from = find_open(command.from);
    if (into == kNoSlot || from == kNoSlot || into == from) {
        return false;
    }
    state_.incidents[into].by_hand = true;
    const std::vector<Slot> alerts = state_.incidents[from].alerts;
    move_alerts(from, into, alerts, Reason::MergedByOperator, command.by);
    return true;
}

bool IncidentLife::split(const model::SplitIncident& command) {
    const Slot from = find_open(command.incident);
    if (from == kNoSlot) {
        return false;
    }
    std::vector<Slot> moving;
    for (const Slot member : state_.incidents[from].alerts) {
        if (std::find(command.alerts.begin(), command.alerts.end(), state_.alerts[member].id) !=
            command.alerts.end()) {
            moving.push_back(member);
        }
    }
    if (moving.empty() || moving.size() == state_.incidents[from].alerts.size()) {
        return false;
    }
    const Slot created = create(Reason::SplitByOperator);
    if (created == kNoSlot) {
        return false;
    }
    state_.incidents[created].by_hand = state_.incidents[from].by_hand = true;
    move_alerts(from, created, moving, Reason::SplitByOperator, command.by);
    return true;
}

bool IncidentLife::acknowledge(const model::AcknowledgeIncident& command) {
    const Slot slot = find_open(command.incident);
    if (slot == kNoSlot) {
        return false;
    }
    Incident& incident = state_.incidents[slot];
    incident.state = IncidentState::Acknowledged;
    incident.updated_at = state_.now;
    state_.counters.count(Reason::AcknowledgedByOperator);
    tell(incident, Reason::AcknowledgedByOperator, model::kNoId, command.by);
    news_.push_back({incident.id, Topic::IncidentAcknowledged, Reason::AcknowledgedByOperator});
    return true;
}

bool IncidentLife::resolve(const model::ResolveIncident& command) {
    const Slot slot = find_open(command.incident);
    if (slot == kNoSlot) {
        return false;
    }
    finish(slot, Reason::ResolvedByOperator, command.by);
    return true;
}

bool IncidentLife::label(const model::LabelIncident& command) {
    const Slot slot = state_.incidents.find(command.incident);
    if (slot == kNoSlot) {
        return false;
    }
    Incident& incident = state_.incidents[slot];
    incident.cause = command.cause;
    incident.updated_at = state_.now;
    state_.past.remember(incident, state_.alerts);
    state_.counters.count(Reason::LabelledByOperator);
    tell(incident, Reason::LabelledByOperator, model::kNoId, command.by + ": " + command.cause);
    news_.push_back({incident.id, Topic::IncidentUpdated, Reason::LabelledByOperator});
    return true;
}

void IncidentLife::tell(Incident& incident, Reason reason, model::Id subject, std::string text) {
    if (incident.timeline.size() >= Incident::kTimelineMax) {
        ++incident.timeline_dropped;
        return;
    }
    incident.timeline.push_back({state_.now, reason, subject, std::move(text)});
}

std::string IncidentLife::describe(Slot slot) const {
    const Alert& alert = state_.alerts[slot];
    return std::string(state_.alerts.text(alert.resource)) + " " +
           std::string(state_.alerts.text(alert.check));
}

}  // namespace nocturne::engine
