#include "engine/correlate.hpp"

#include "engine/stir.hpp"
#include "engine/text_shape.hpp"
#include "topology/neighbourhood.hpp"

#include <algorithm>
#include <tuple>

namespace nocturne::engine {

using model::Alert;
using model::Incident;
using model::IncidentState;
using model::Reason;
using topology::NodeIndex;
using Topic = model::Effect::Topic;

namespace {

constexpr std::size_t kHubDependentsMax = 32;  // what more depend on says nothing when it is silent
constexpr std::size_t kPointingShare = 4;      // a quarter of its dependents must alert
constexpr std::size_t kChainMax = 4096;        // steps from a symptom to its root

}  // namespace

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
        stir_above(state_, worse.id, {alert.node});
        tell(worse, transition.reason, alert.id, describe(slot));
        news_.push_back({worse.id, Topic::IncidentUpdated, transition.reason});
    }
}

void Correlate::seen_earlier(Slot slot) {
    const Alert& alert = state_.alerts[slot];
    const Standing* here = state_.incidents.standing_of(alert.node);
    if (here == nullptr || alert.incident != state_.incidents[here->incident].id ||
        alert.first_seen >= here->first_seen) {
        return;
    }
    Standing earlier = *here;
    earlier.first_seen = alert.first_seen;
    state_.incidents.stand(alert.node, earlier);
    take_followers(alert.node, slot,
                   {state_.settings.correlation_hops, state_.settings.correlation_window});
}

void Correlate::gather(Slot slot) {
    if (rejoin(slot)) {
        return;
    }
    if (state_.settings.one_incident && state_.incidents.size() > 0) {
        join(state_.incidents.by_id().begin()->second, slot, Reason::JoinedByDependency);
        return;
    }
    if (const rules::GroupRule* rule =
            state_.groupings.find(AlertSubject(state_.alerts, slot), state_.book, state_.now)) {
        gather_by_rule(slot, *rule);
        return;
    }
    gather_by_graph(slot, {state_.settings.correlation_hops, state_.settings.correlation_window});
}

void Correlate::gather_by_rule(Slot slot, const rules::GroupRule& rule) {
    using By = rules::GroupRule::By;
    if (rule.by == By::Distance) {
        gather_by_graph(slot, {rule.hops, rule.window});
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
        join(found, slot, reason);
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
    const Slot opened = open(slot, rule.by == By::Alone ? Reason::OpenedAlone : Reason::OpenedNew);
    if (opened == kNoSlot) {
        return;
    }
    Incident& incident = state_.incidents[opened];
    incident.group = key != model::Fingerprint{} ? key : state_.alerts[slot].fingerprint;
    incident.group_rule = state_.book.text_of(rule.rule);
    incident.group_text = text;
    tell(incident, rule.by == By::Alone ? Reason::OpenedAlone : reason, model::kNoId,
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

// ---- on the graph ----

bool Correlate::is_in_reach(const Standing& standing, const Reach& reach) const {
    return state_.now - state_.incidents[standing.incident].grew_at < reach.window;
}

bool Correlate::is_better(const Cause& a, const Cause& b) const {
    if (a.distance != b.distance || a.first_seen != b.first_seen) {
        return std::tie(a.distance, a.first_seen) < std::tie(b.distance, b.first_seen);
    }
    const topology::Graph& graph = state_.topology.now();
    return graph.node(a.node).name < graph.node(b.node).name;
}

Correlate::Cause Correlate::find_cause(NodeIndex node, const Reach& reach) const {
    topology::NearLimits limits;
    limits.hops = reach.hops;
    Cause best;
    for (const topology::Near& near : topology::below(state_.topology.now(), node, limits)) {
        if (best.node != topology::kNoNode && near.distance > best.distance) {
            break;
        }
        const Standing* standing = state_.incidents.standing_of(near.node);
        if (standing == nullptr || !is_in_reach(*standing, reach)) {
            continue;
        }
        const Cause cause{near.node, near.distance, standing->first_seen};
        if (best.node == topology::kNoNode || is_better(cause, best)) {
            best = cause;
        }
    }
    return best;
}

std::vector<Correlate::Cause> Correlate::find_followers(NodeIndex node, const Reach& reach) const {
    topology::NearLimits limits;
    limits.hops = reach.hops;
    const Standing* here = state_.incidents.standing_of(node);
    std::vector<Cause> followers;
    for (const topology::Near& near : topology::above(state_.topology.now(), node, limits)) {
        const Standing* standing = state_.incidents.standing_of(near.node);
        if (standing == nullptr || standing->cause == node || !is_in_reach(*standing, reach) ||
            state_.incidents[standing->incident].by_hand) {
            continue;
        }
        const Standing* cause = standing->cause == topology::kNoNode
                                    ? nullptr
                                    : state_.incidents.standing_of(standing->cause);
        if (cause == nullptr ||
            is_better({node, near.distance, here->first_seen},
                      {standing->cause, standing->distance, cause->first_seen})) {
            followers.push_back({near.node, near.distance, standing->first_seen});
        }
    }
    return followers;
}

bool Correlate::is_root(NodeIndex node) const {
    const Standing* standing = state_.incidents.standing_of(node);
    return standing != nullptr && (standing->cause == topology::kNoNode ||
                                   state_.incidents.standing_of(standing->cause) == nullptr);
}

std::size_t Correlate::count_alerting(NodeIndex shared, const Reach& reach) const {
    std::size_t alerting = 0;
    state_.topology.now().for_each_dependent(shared, [&](NodeIndex other, const topology::Edge&) {
        const Standing* standing = state_.incidents.standing_of(other);
        alerting += standing != nullptr && is_in_reach(*standing, reach) ? 1U : 0U;
    });
    return alerting;
}

NodeIndex Correlate::find_shared(NodeIndex node, const Reach& reach) const {
    const topology::Graph& graph = state_.topology.now();
    NodeIndex best = topology::kNoNode;
    std::size_t best_alerting = 0;
    std::size_t best_dependents = 1;
    graph.for_each_dependency(node, [&](NodeIndex shared, const topology::Edge&) {
        const std::size_t dependents = graph.dependent_count(shared);
        if (dependents < 2 || dependents > kHubDependentsMax ||
            state_.incidents.standing_of(shared) != nullptr) {
            return;
        }
        const std::size_t alerting = count_alerting(shared, reach);
        if (alerting < 2 || alerting * kPointingShare < dependents) {
            return;
        }
        // The larger share, then by name.
        const std::size_t mine = alerting * best_dependents;
        const std::size_t others = best_alerting * dependents;
        if (best == topology::kNoNode || mine > others ||
            (mine == others && graph.node(shared).name < graph.node(best).name)) {
            best = shared;
            best_alerting = alerting;
            best_dependents = dependents;
        }
    });
    return best;
}

Slot Correlate::incident_of_shared(NodeIndex shared, NodeIndex but) const {
    Slot found = kNoSlot;
    state_.topology.now().for_each_dependent(shared, [&](NodeIndex other, const topology::Edge&) {
        const Standing* standing = state_.incidents.standing_of(other);
        if (other == but || standing == nullptr || standing->shared != shared || !is_root(other) ||
            state_.incidents[standing->incident].by_hand) {
            return;
        }
        if (found == kNoSlot ||
            state_.incidents[standing->incident].id < state_.incidents[found].id) {
            found = standing->incident;
        }
    });
    return found;
}

void Correlate::gather_by_graph(Slot slot, const Reach& reach) {
    const NodeIndex node = state_.alerts[slot].node;
    const model::Time first_seen = state_.alerts[slot].first_seen;
    if (const Standing* here = state_.incidents.standing_of(node)) {
        Standing before = *here;
        join(before.incident, slot, Reason::JoinedSameNode);
        if (first_seen < before.first_seen) {
            before.first_seen = first_seen;
            state_.incidents.stand(node, before);
            take_followers(node, slot, reach);
        }
        return;
    }
    const Cause cause = find_cause(node, reach);
    Slot into = cause.node == topology::kNoNode
                    ? find_followed(node, reach)
                    : state_.incidents.standing_of(cause.node)->incident;
    const bool is_new = into == kNoSlot;
    if (is_new) {
        if (state_.alerts[slot].severity < state_.settings.incident_severity_min) {
            state_.counters.count(Reason::BelowIncidentSeverity);
            return;
        }
        into = open(slot, Reason::OpenedNew);
        if (into == kNoSlot) {
            return;
        }
    } else {
        join(into, slot, Reason::JoinedByDependency);
    }
    state_.incidents.stand(node, {into, cause.node, topology::kNoNode, cause.distance, first_seen});
    take_followers(node, slot, reach);
    look_at_siblings(node, slot, reach);
}

Slot Correlate::find_followed(NodeIndex node, const Reach& reach) const {
    topology::NearLimits limits;
    limits.hops = reach.hops;
    Slot oldest = kNoSlot;
    for (const topology::Near& near : topology::above(state_.topology.now(), node, limits)) {
        const Standing* standing = state_.incidents.standing_of(near.node);
        if (standing == nullptr || !is_in_reach(*standing, reach) || !is_root(near.node) ||
            state_.incidents[standing->incident].by_hand ||
            !all_hang_on(standing->incident, near.node)) {
            continue;
        }
        if (oldest == kNoSlot ||
            state_.incidents[standing->incident].id < state_.incidents[oldest].id) {
            oldest = standing->incident;
        }
    }
    return oldest;
}

void Correlate::take_followers(NodeIndex node, Slot bridge, const Reach& reach) {
    for (const Cause& follower : find_followers(node, reach)) {
        const Slot into = state_.incidents.standing_of(node)->incident;
        bring(follower.node, into, bridge);
        const Standing* standing = state_.incidents.standing_of(follower.node);
        state_.incidents.stand(follower.node, {standing->incident, node, topology::kNoNode,
                                               follower.distance, standing->first_seen});
    }
}

// Only what shares a dependency with the node can now point elsewhere.
void Correlate::look_at_siblings(NodeIndex node, Slot bridge, const Reach& reach) {
    if (reach.hops < 2) {
        return;
    }
    const topology::Graph& graph = state_.topology.now();
    std::vector<NodeIndex> roots;
    graph.for_each_dependency(node, [&](NodeIndex shared, const topology::Edge&) {
        if (graph.dependent_count(shared) > kHubDependentsMax) {
            return;
        }
        graph.for_each_dependent(shared, [&](NodeIndex other, const topology::Edge&) {
            const Standing* standing = state_.incidents.standing_of(other);
            if (standing != nullptr && is_root(other) && is_in_reach(*standing, reach) &&
                !state_.incidents[standing->incident].by_hand) {
                roots.push_back(other);
            }
        });
    });
    std::sort(roots.begin(), roots.end());
    roots.erase(std::unique(roots.begin(), roots.end()), roots.end());
    for (const NodeIndex root : roots) {
        Standing standing = *state_.incidents.standing_of(root);
        const NodeIndex shared = find_shared(root, reach);
        if (shared == standing.shared) {
            continue;
        }
        standing.shared = shared;
        state_.incidents.stand(root, standing);
        const Slot with = shared == topology::kNoNode ? kNoSlot : incident_of_shared(shared, root);
        if (with != kNoSlot) {
            bring(root, with, bridge);
        } else if (!all_hang_on(standing.incident, root)) {
            part(root, bridge);
        }
    }
}

void Correlate::stand(Slot slot, Slot incident, NodeIndex cause) {
    const Alert& alert = state_.alerts[slot];
    state_.incidents.stand(alert.node, {incident, cause, topology::kNoNode, 0, alert.first_seen});
}

bool Correlate::hangs_on(NodeIndex node, NodeIndex cause) const {
    for (std::size_t steps = 0; steps < kChainMax; ++steps) {
        if (node == cause) {
            return true;
        }
        const Standing* standing = state_.incidents.standing_of(node);
        if (standing == nullptr || standing->cause == topology::kNoNode) {
            return false;
        }
        node = standing->cause;
    }
    return false;
}

bool Correlate::all_hang_on(Slot incident, NodeIndex node) const {
    const std::vector<Slot>& members = state_.incidents[incident].alerts;
    return std::all_of(members.begin(), members.end(),
                       [&](Slot member) { return hangs_on(state_.alerts[member].node, node); });
}

std::vector<Slot> Correlate::hanging_on(NodeIndex node) const {
    std::vector<Slot> hanging;
    for (const Slot member :
         state_.incidents[state_.incidents.standing_of(node)->incident].alerts) {
        if (hangs_on(state_.alerts[member].node, node)) {
            hanging.push_back(member);
        }
    }
    return hanging;
}

void Correlate::bring(NodeIndex node, Slot into, Slot bridge) {
    const Slot from = state_.incidents.standing_of(node)->incident;
    if (from == into || state_.incidents[into].by_hand) {
        return;
    }
    const bool is_whole = all_hang_on(from, node);
    if (is_whole && state_.incidents[from].id < state_.incidents[into].id) {
        // The two are one, and the older keeps its id: people may have talked about it.
        const std::vector<Slot> alerts = state_.incidents[into].alerts;
        move_alerts(into, from, alerts, Reason::MergedByBridge, describe(bridge));
        return;
    }
    move_alerts(from, into, hanging_on(node),
                is_whole ? Reason::MergedByBridge : Reason::MovedToCause, describe(bridge));
}

void Correlate::part(NodeIndex node, Slot bridge) {
    const std::vector<Slot> alerts = hanging_on(node);
    const Slot from = state_.incidents.standing_of(node)->incident;
    if (const Slot created = create(Reason::MovedToCause); created != kNoSlot) {
        move_alerts(from, created, alerts, Reason::MovedToCause, describe(bridge));
    }
}

// Empty: its alerts come from another.
Slot Correlate::create(Reason reason) {
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

void Correlate::move_alerts(Slot from, Slot into, const std::vector<Slot>& alerts, Reason reason,
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
        if (const Standing* standing = state_.incidents.standing_of(alert.node);
            standing != nullptr && standing->incident == from) {
            Standing moved_standing = *standing;
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
                    stand(member, found, topology::kNoNode);
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

Slot Correlate::open(Slot slot, Reason reason) {
    const Slot created = create(reason);
    if (created != kNoSlot) {
        join(created, slot, reason);
    }
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
    tell(incident, reason, alert.id, describe(slot));
    if (reason != Reason::OpenedNew && reason != Reason::OpenedAlone) {
        news_.push_back({incident.id, Topic::IncidentUpdated, reason});
    }
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
        remind(state_, Deadline::Kind::Incident, found,
               state_.now + lifecycle_of(found).resolve_after);
    }
}

Correlate::Lifecycle Correlate::lifecycle_of(Slot slot) const {
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
        if (state_.incidents[slot].is_over() ||
            state_.incidents[slot].group != model::Fingerprint{}) {
            continue;
        }
        for (const Slot member : state_.incidents[slot].alerts) {
            const Alert& alert = state_.alerts[member];
            const Standing* standing = state_.incidents.standing_of(alert.node);
            if (standing == nullptr || alert.first_seen < standing->first_seen) {
                stand(member, standing == nullptr ? slot : standing->incident, topology::kNoNode);
            }
        }
    }
    // What explains what, within what is one incident already.
    const Reach reach{state_.settings.correlation_hops, model::Duration::max()};
    for (const auto& [id, slot] : state_.incidents.by_id()) {
        for (const Slot member : state_.incidents[slot].alerts) {
            const NodeIndex node = state_.alerts[member].node;
            const Standing* standing = state_.incidents.standing_of(node);
            if (standing == nullptr || standing->incident != slot) {
                continue;
            }
            const Cause cause = find_cause(node, reach);
            if (cause.node != topology::kNoNode &&
                state_.incidents.standing_of(cause.node)->incident == slot) {
                state_.incidents.stand(node, {slot, cause.node, topology::kNoNode, cause.distance,
                                              standing->first_seen});
            }
        }
    }
}

bool Correlate::merge(const model::MergeIncidents& command) {
    const Slot into = state_.incidents.find(command.into);
    const Slot from = state_.incidents.find(command.from);
    if (into == kNoSlot || from == kNoSlot || into == from || state_.incidents[into].is_over() ||
        state_.incidents[from].is_over()) {
        return false;
    }
    state_.incidents[into].by_hand = true;
    const std::vector<Slot> alerts = state_.incidents[from].alerts;
    move_alerts(from, into, alerts, Reason::MergedByOperator, command.by);
    return true;
}

bool Correlate::split(const model::SplitIncident& command) {
    const Slot from = state_.incidents.find(command.incident);
    if (from == kNoSlot || state_.incidents[from].is_over()) {
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

bool Correlate::acknowledge(const model::AcknowledgeIncident& command) {
    const Slot slot = state_.incidents.find(command.incident);
    if (slot == kNoSlot || state_.incidents[slot].is_over()) {
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

bool Correlate::resolve(const model::ResolveIncident& command) {
    const Slot slot = state_.incidents.find(command.incident);
    if (slot == kNoSlot || state_.incidents[slot].is_over()) {
        return false;
    }
    finish(slot, Reason::ResolvedByOperator, command.by);
    return true;
}

bool Correlate::label(const model::LabelIncident& command) {
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
