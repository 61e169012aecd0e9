#include "engine/correlate.hpp"

#include "engine/text_shape.hpp"

namespace nocturne::engine {

using model::Incident;
using model::Reason;

void Correlate::correlate(const Transition& transition) {
    const Slot slot = transition.alert;
    if (transition.is_ended()) {
        life_.alert_ended(slot, transition.reason);
        return;
    }
    const model::Id belongs = state_.alerts[slot].incident;
    const Slot incident = belongs == model::kNoId ? kNoSlot : state_.incidents.find(belongs);
    if (transition.is_raised() || incident == kNoSlot) {
        gather(slot);
    } else {
        life_.alert_worsened(slot, incident, transition.reason);
    }
}

void Correlate::gather(Slot slot) {
    if (life_.rejoin(slot)) {
        return;
    }
    if (state_.settings.one_incident && state_.incidents.size() > 0) {
        life_.join(state_.incidents.by_id().begin()->second, slot, Reason::JoinedByDependency);
        return;
    }
    if (const rules::GroupRule* rule =
            state_.groupings.find(AlertSubject(state_.alerts, slot), state_.book, state_.now)) {
        gather_by_rule(slot, *rule);
        return;
    }
    forest_.gather(slot, {state_.settings.correlation_hops, state_.settings.correlation_window});
}

void Correlate::gather_by_rule(Slot slot, const rules::GroupRule& rule) {
    using By = rules::GroupRule::By;
    if (rule.by == By::Distance) {
        forest_.gather(slot, {rule.hops, rule.window});
        return;
    }
    const AlertSubject subject(state_.alerts, slot);
    model::Fingerprint key;
    std::string text;
    Slot found = kNoSlot;
    Reason reason = Reason::OpenedAlone;
    if (rule.by == By::Fields) {
        reason = Reason::JoinedByFields;
        key = state_.groupings.key_of(rule, subject.view(), text);
        found = state_.incidents.of_group(key);
    } else if (rule.by == By::Likeness) {
        reason = Reason::JoinedByLikeness;
        text = TextShape::of(subject.view().summary).text();
        key = model::fingerprint_of(state_.book.key_of(rule.rule) + text);
        found = find_alike(rule, text);
    }
    const bool is_open = found != kNoSlot && !state_.incidents[found].is_over();
    if (is_open && has_time(rule, state_.incidents[found])) {
        life_.join(found, slot, reason);
        return;
    }
    // Its window is over: it stays open while its alerts burn, and the next one begins beside it.
    const std::string before =
        is_open
            ? "; the window of " +
                  model::format_id(model::kIncidentPrefix, state_.incidents[found].id) + " is over"
            : "";
    if (state_.alerts[slot].severity < state_.settings.incident_severity_min) {
        state_.counters.count(Reason::BelowIncidentSeverity);
        return;
    }
    const Slot opened =
        life_.open(slot, rule.by == By::Alone ? Reason::OpenedAlone : Reason::OpenedNew);
    if (opened == kNoSlot) {
        return;
    }
    Incident& incident = state_.incidents[opened];
    incident.group = key != model::Fingerprint{} ? key : state_.alerts[slot].fingerprint;
    incident.group_rule = state_.book.text_of(rule.rule);
    incident.group_text = text;
    life_.tell(incident, rule.by == By::Alone ? Reason::OpenedAlone : reason, model::kNoId,
               incident.group_rule + (text.empty() ? "" : ": " + text) + before);
    state_.incidents.note_group(opened);
}

Slot Correlate::find_alike(const rules::GroupRule& rule, const std::string& text) const {
    const TextShape shape = TextShape::parse(text);
    const std::string of_rule = state_.book.text_of(rule.rule);
    Slot best = kNoSlot;
    double most = rule.likeness;
    for (const auto& [id, slot] : state_.incidents.by_id()) {
        const Incident& incident = state_.incidents[slot];
        if (incident.is_over() || incident.group_rule != of_rule) {
            continue;
        }
        if (const double likeness = shape.likeness(TextShape::parse(incident.group_text));
            likeness >= most && (best == kNoSlot || likeness > most)) {
            best = slot;
            most = likeness;
        }
    }
    return best;
}

bool Correlate::has_time(const rules::GroupRule& rule, const Incident& incident) const {
    const model::Duration age = state_.now - incident.opened_at;
    switch (rule.window_kind) {
        case rules::GroupRule::Window::Fixed:
            return state_.now.time_since_epoch() / rule.window ==
                   incident.opened_at.time_since_epoch() / rule.window;
        case rules::GroupRule::Window::Sliding: return age < rule.window;
        case rules::GroupRule::Window::Extending:
            return state_.now - incident.grew_at < rule.window && age < rule.cap;
    }
    return false;
}

}  // namespace nocturne::engine
