#include "engine/dedup.hpp"

#include "model/json_writer.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace nocturne::engine {

using model::Alert;
using model::Reason;

namespace {

constexpr std::size_t kSourcesMax =
    16;  // names of tools that told of one alert; further ones are not listed

// The number in an annotation, or 0.
double number_of(const model::AnnotationView& annotation) {
    double value = 0;
    const char* end = annotation.value.data() + annotation.value.size();
    const auto [rest, error] = std::from_chars(annotation.value.data(), end, value);
    return error == std::errc() && rest == end && std::isfinite(value) ? value : 0;
}

void write_annotations(std::string& out, std::span<const model::AnnotationView> annotations) {
    out = "{";
    for (const model::AnnotationView& annotation : annotations) {
        if (out.size() > 1) {
            out += ',';
        }
        model::append_json_text(out, annotation.name);
        out += ':';
        if (annotation.type == model::AnnotationView::Type::Text) {
            model::append_json_text(out, annotation.value);
        } else {
            out += annotation.value;
        }
    }
    out += '}';
}

bool is_slo(const model::EventView& event) {
    return std::any_of(event.labels.begin(), event.labels.end(), [](const model::LabelView& label) {
        return label.name == "slo" && label.value == "true";
    });
}

}  // namespace

Transition Dedup::dedup(const model::EventView& event, model::Time time, std::uint32_t index) {
    if (state_.book.rules().dedups.empty()) {
        return fold(event, event.fingerprint, time, index);
    }
    const rules::SubjectView subject = rules::subject_of(event);
    const std::uint32_t number = state_.identities.find_rule(subject, state_.book, state_.now);
    if (number == Identities::kNoNumber || state_.identities.is_unmerged(event.fingerprint)) {
        return fold(event, event.fingerprint, time, index);
    }
    const rules::DedupRule& rule = state_.book.rules().dedups[number];
    model::EventView merged = event;
    const bool clears =
        rule.clears && event.status == model::EventStatus::Firing && rule.clears->holds(subject);
    if (clears) {
        merged.status = model::EventStatus::Resolved;
    }
    Transition transition = fold(merged, Identities::identity_of(rule, subject), time, index);
    if (transition.alert != kNoSlot) {
        state_.identities.note(transition.alert, event);
    }
    if (clears && transition.reason == Reason::ResolvedBySource) {
        transition.reason = Reason::ClearedByRule;
        state_.decisions.note(transition.alert,
                              {state_.now, state_.now, 1, Reason::ClearedByRule,
                               state_.book.text_of(rule.rule), "by " + std::string(event.check)});
    }
    return transition;
}

Transition Dedup::fold(const model::EventView& event, const model::Fingerprint& identity,
                       model::Time time, std::uint32_t index) {
    const Slot slot = state_.alerts.find(identity);
    return slot == kNoSlot ? create(event, identity, time, index) : update(slot, event, time);
}

Transition Dedup::create(const model::EventView& event, const model::Fingerprint& identity,
                         model::Time time, std::uint32_t index) {
    // An alias of a node: the alert of the node's own name is meant.
    const topology::NodeIndex known = state_.topology.now().find(event.resource);
    model::Fingerprint fingerprint = identity;
    std::string resource(event.resource);
    if (known != topology::kNoNode && state_.topology.now().node(known).name != event.resource) {
        resource = state_.topology.now().node(known).name;
        if (identity == event.fingerprint) {
            fingerprint = model::identity_of(resource, event.check, event.labels);
        }
        if (const Slot slot = state_.alerts.find(fingerprint); slot != kNoSlot) {
            return update(slot, event, time);
        }
    }
    if (event.status == model::EventStatus::Resolved) {
        state_.identities.note_early_end(fingerprint, time, state_.now, state_.settings.lateness);
        return {kNoSlot, Reason::ResolvedUnknown};
    }
    if (state_.identities.has_ended_early(fingerprint, time, state_.now,
                                          state_.settings.lateness)) {
        return {kNoSlot, Reason::ResolvedEarly};
    }
    if (state_.alerts.size() >= state_.settings.alerts_max) {
        return {kNoSlot, Reason::AlertLimitReached};
    }
    const Slot slot = state_.alerts.create(fingerprint);
    Alert& alert = state_.alerts[slot];
    alert.id = {state_.position, index};
    alert.resource = state_.alerts.symbols().acquire(resource);
    alert.check = state_.alerts.symbols().acquire(event.check);
    alert.labels.reserve(event.labels.size());
    for (const model::LabelView& label : event.labels) {
        alert.labels.push_back({state_.alerts.symbols().acquire(label.name),
                                state_.alerts.symbols().acquire(label.value)});
    }
    alert.slo = is_slo(event);
    alert.node = state_.topology.observe(resource, state_.now);
    if (known == topology::kNoNode) {
        state_.maintenances.node_came(resource);
    }
    ++state_.alerts_on_node[alert.node];
    take_facts(alert, event);
    begin_episode(slot, time);
    return {slot, Reason::NewIdentity};
}

Transition Dedup::update(Slot slot, const model::EventView& event, model::Time time) {
    Alert& alert = state_.alerts[slot];
    if (time < alert.changed_at) {
        ++alert.count;
        if (alert.is_burning() && event.status == model::EventStatus::Firing) {
            alert.first_seen = std::min(alert.first_seen, time);  // it overtook what began it
        }
        return {slot, Reason::StaleEvent};
    }
    if (event.status == model::EventStatus::Resolved) {
        if (!alert.is_burning()) {
            return {slot, Reason::RepeatedIdentity};
        }
        alert.last_seen = std::max(alert.last_seen, time);
        const Transition ended{slot, Reason::ResolvedBySource, alert.suppression,
                               alert.suppressed_by};
        end_episode(slot, model::AlertState::Resolved, time);
        return ended;
    }
    const model::Severity before = alert.severity;
    const bool burned = alert.is_burning();
    const bool has_new_facts = take_facts(alert, event);
    if (!burned) {
        begin_episode(slot, time);
        return {slot, Reason::FiredAgain};
    }
    ++alert.count;
    alert.last_seen = std::max(alert.last_seen, time);
    alert.touched_at = state_.now;
    Transition goes_on{slot, Reason::RepeatedIdentity};
    goes_on.reason = alert.severity == before ? Reason::RepeatedIdentity : Reason::SeverityChanged;
    goes_on.has_new_facts = has_new_facts;
    return goes_on;
}

void Dedup::begin_episode(Slot slot, model::Time time) {
    Alert& alert = state_.alerts[slot];
    alert.state = model::AlertState::Firing;
    set_worst(alert, alert.severity);
    alert.first_seen = alert.last_seen = alert.changed_at = time;
    alert.touched_at = state_.now;
    alert.ended_at = model::kNoTime;
    alert.count = 1;
    remind(state_, Deadline::Kind::Alert, slot, state_.now + time_to_live(slot));
}

void Dedup::set_worst(Alert& alert, model::Severity severity) {
    if (alert.severity_worst == severity) {
        return;
    }
    alert.severity_worst = severity;
    if (alert.incident != model::kNoId) {
        if (const Slot incident = state_.incidents.find(alert.incident); incident != kNoSlot) {
            forget_worst(state_.incidents[incident]);
        }
    }
}

model::Duration Dedup::time_to_live(Slot slot) const {
    const rules::LifecycleRule* rule = state_.routes.lifecycle_of(state_.alerts, slot);
    return rule != nullptr && rule->expire_after ? *rule->expire_after : state_.settings.alert_ttl;
}

void Dedup::end_episode(Slot slot, model::AlertState state, model::Time time) {
    Alert& alert = state_.alerts[slot];
    alert.state = state;
    alert.changed_at = time;
    alert.ended_at = state_.now;
    alert.suppression = Reason::None;
    alert.suppressed_by = model::kNoId;
    state_.alerts.assign(alert.suppressed_rule, "");
    remind(state_, Deadline::Kind::Alert, slot, state_.now + state_.settings.resolved_keep);
}

// How far off normal it is, if the source tells: the worst stays.
void Dedup::take_deviation(Alert& alert, const model::EventView& event) {
    std::optional<double> deviation;
    std::optional<double> baseline;
    for (const model::AnnotationView& annotation : event.annotations) {
        if (annotation.name == "z") {
            deviation = std::abs(number_of(annotation));
        } else if (annotation.name == "baseline") {
            baseline = number_of(annotation);
        }
    }
    if (deviation && static_cast<float>(*deviation) >= alert.deviation) {
        alert.deviation = static_cast<float>(*deviation);
        const bool is_measured = baseline && event.has_value;
        alert.excess = is_measured ? static_cast<float>(event.value - *baseline) : 0.0F;
        alert.baseline = is_measured ? static_cast<float>(*baseline) : 0.0F;
    }
}

bool Dedup::take_facts(Alert& alert, const model::EventView& event) {
    AlertTable& alerts = state_.alerts;
    bool has_new_facts = false;
    alert.severity = event.severity;
    set_worst(alert, std::max(alert.severity_worst, event.severity));
    if (event.has_value) {
        alert.value = event.value;
        alert.has_value = true;
    }
    if (!event.summary.empty() && event.summary != alerts.text(alert.summary)) {
        alerts.assign(alert.summary, event.summary);
        has_new_facts = true;
    }
    if (!event.annotations.empty()) {
        take_deviation(alert, event);
        write_annotations(scratch_, event.annotations);
        alerts.assign(alert.annotations, scratch_);
    }
    const auto is_this = [&](model::Symbol source) { return alerts.text(source) == event.source; };
    if (std::none_of(alert.sources.begin(), alert.sources.end(), is_this) &&
        alert.sources.size() < kSourcesMax) {
        alert.sources.push_back(alerts.symbols().acquire(event.source));
        has_new_facts = true;
    }
    return has_new_facts;
}

Transition Dedup::expire(Slot slot) {
    Alert& alert = state_.alerts[slot];
    if (alert.is_burning()) {
        if (const model::Time due = alert.touched_at + time_to_live(slot); due > state_.now) {
            remind(state_, Deadline::Kind::Alert, slot, due);
            return {slot, Reason::None};
        }
        const Transition ended{slot, Reason::ExpiredUnseen, alert.suppression, alert.suppressed_by};
        end_episode(slot, model::AlertState::Expired, std::max(alert.changed_at, alert.last_seen));
        return ended;
    }
    const model::Time due = alert.ended_at + state_.settings.resolved_keep;
    if (due > state_.now) {
        remind(state_, Deadline::Kind::Alert, slot, due);
    } else if (alert.incident == model::kNoId) {  // else its incident reminds us when it goes
        forget(slot);
    }
    return {slot, Reason::None};
}

void Dedup::forget(Slot slot) {
    const topology::NodeIndex node = state_.alerts[slot].node;
    state_.decisions.forget(slot);
    state_.flapping.forget(slot);
    state_.identities.forget(slot);
    state_.alerts.remove(slot);
    if (--state_.alerts_on_node[node] == 0) {
        state_.alerts_on_node.erase(node);
        state_.topology.forget(node);
        if (!state_.topology.now().is_alive(node)) {
            state_.maintenances.node_went(node);
        }
    }
}

void Dedup::find_nodes() {
    state_.alerts_on_node.clear();
    for (Slot slot = 0; slot < state_.alerts.bound(); ++slot) {
        if (state_.alerts.is_used(slot)) {
            Alert& alert = state_.alerts[slot];
            alert.node = state_.topology.observe(state_.alerts.text(alert.resource), state_.now);
            ++state_.alerts_on_node[alert.node];
        }
    }
}

}  // namespace nocturne::engine
