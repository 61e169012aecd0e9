#include "engine/suppress.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::engine {

using model::Alert;
using model::AlertState;
using model::Reason;

namespace {

// Why an alert is raised that was hidden for that reason.
Reason end_of(Reason reason) {
    switch (reason) {
        case Reason::SilencedByOperator: return Reason::SilenceEnded;
        case Reason::InhibitedByAlert: return Reason::InhibitionEnded;
        case Reason::InMaintenance: return Reason::MaintenanceEnded;
        case Reason::Flapping: return Reason::FlappingEnded;
        case Reason::ExplainedByDependency: return Reason::DependencyEnded;
        case Reason::DuringChange: return Reason::ChangeWindowEnded;
        default: return Reason::RulesChanged;
    }
}

}  // namespace

// The order of the documentation: what people asked for, what was planned, what is known to be
// noise, what others explain.
Mute Suppress::find_mute(Slot slot, const AlertSubject& subject, Ask ask) {
    const Alert& alert = state_.alerts[slot];
    const topology::Graph& graph = state_.topology.now();
    (void)state_.book.take_shadowed();  // of other stages: they hide nothing
    std::vector<rules::RuleIndex> shadowed;
    Mute mute = state_.silences.mutes(subject);
    if (!mute) {
        mute = state_.maintenances.mutes(subject, alert, graph, state_.book, state_.now);
    }
    if (!mute && (ask == Ask::Raise || alert.suppression == Reason::DuringChange)) {
        bool closed = false;
        mute = state_.change_windows.mutes(
            state_.alerts, slot, graph, state_.book, state_.now,
            ask == Ask::Raise ? ChangeWindows::Count::Yes : ChangeWindows::Count::No, closed);
        if (closed) {
            state_.counters.count(Reason::ChangeWindowExceeded);
            shadowed = state_.book.take_shadowed();
            reconsider_hidden(Reason::DuringChange);
        }
    }
    if (!mute) {
        mute = state_.flapping.mutes(slot, state_.book, state_.now);
    }
    if (!mute) {
        mute = state_.inhibitions.mutes(state_.alerts, slot, state_.book, state_.now);
    }
    if (!mute) {
        mute = state_.dependencies.mutes(state_.alerts, slot, graph, state_.book, state_.now);
    }
    const std::vector<rules::RuleIndex> more = state_.book.take_shadowed();
    shadowed.insert(shadowed.end(), more.begin(), more.end());
    for (const rules::RuleIndex rule : shadowed) {
        state_.counters.count(Reason::WouldBeHidden);
        state_.decisions.note(slot, {state_.now, state_.now, 1, Reason::WouldBeHidden,
                                     state_.book.text_of(rule), ""});
    }
    return mute;
}

void Suppress::hide(Slot slot, const Mute& mute) {
    Alert& alert = state_.alerts[slot];
    if (alert.suppression == Reason::SilencedByOperator &&
        (mute.reason != Reason::SilencedByOperator || mute.by != alert.suppressed_by)) {
        (void)state_.silences.let_go(alert.suppressed_by, state_.now);
    }
    const bool is_same = alert.suppression == mute.reason && alert.suppressed_by == mute.by;
    alert.state = AlertState::Suppressed;
    alert.suppression = mute.reason;
    alert.suppressed_by = mute.by;
    const bool has_rule = mute.rule != rules::kNoRule;
    state_.alerts.assign(alert.suppressed_rule,
                         has_rule ? state_.book.key_of(mute.rule) : std::string());
    if (is_same) {
        return;
    }
    if (mute.reason == Reason::SilencedByOperator) {
        state_.silences.took(mute.by, state_.now);
    }
    state_.decisions.note(slot, {state_.now, state_.now, 1, mute.reason,
                                 has_rule ? state_.book.text_of(mute.rule) : "", mute.text});
}

Reason Suppress::suppress(Slot slot) {
    std::vector<Slot> others;
    const AlertSubject subject(state_.alerts, slot);
    state_.inhibitions.burns(state_.alerts, slot, subject, others);
    state_.dependencies.burns(state_.alerts, slot, state_.topology.now(), others);
    state_.flapping.turned(state_.alerts, slot, state_.now, state_.deadlines);
    const Mute mute = find_mute(slot, subject, Ask::Raise);
    if (mute) {
        hide(slot, mute);
    }
    std::erase(others, slot);
    reconsider(std::move(others));
    return mute.reason;
}

void Suppress::changed(Slot slot) {
    std::vector<Slot> others;
    const AlertSubject subject(state_.alerts, slot);
    state_.inhibitions.burns(state_.alerts, slot, subject, others);
    state_.dependencies.burns(state_.alerts, slot, state_.topology.now(), others);
    std::erase(others, slot);
    reconsider(std::move(others));
    if (state_.alerts[slot].state == AlertState::Suppressed) {
        reconsider(slot);
        if (state_.alerts[slot].state == AlertState::Firing) {
            turned_.released.back().second = Reason::WorsenedWhileHidden;
        }
    }
}

void Suppress::ended(const Transition& transition) {
    std::vector<Slot> others;
    state_.inhibitions.ended(state_.alerts, transition.alert, others);
    state_.dependencies.ended(state_.alerts, transition.alert, state_.topology.now(), others);
    state_.flapping.turned(state_.alerts, transition.alert, state_.now, state_.deadlines);
    if (transition.hidden_by == Reason::SilencedByOperator) {
        (void)state_.silences.let_go(transition.hidden_by_id, state_.now);
    }
    std::erase(others, transition.alert);
    reconsider(std::move(others));
}

void Suppress::reconsider(Slot slot) {
    Alert& alert = state_.alerts[slot];
    if (!state_.alerts.is_used(slot) || !alert.is_burning()) {
        return;
    }
    const bool was_hidden = alert.state == AlertState::Suppressed;
    const Mute mute = find_mute(slot, AlertSubject(state_.alerts, slot), Ask::Again);
    if (mute) {
        hide(slot, mute);
        if (!was_hidden) {
            turned_.hidden.push_back(slot);
        }
        return;
    }
    if (!was_hidden) {
        return;
    }
    const Reason reason = end_of(alert.suppression);
    if (alert.suppression == Reason::SilencedByOperator) {
        (void)state_.silences.let_go(alert.suppressed_by, state_.now);
    }
    alert.state = AlertState::Firing;
    alert.suppression = Reason::None;
    alert.suppressed_by = model::kNoId;
    state_.alerts.assign(alert.suppressed_rule, "");
    state_.decisions.note(slot, {state_.now, state_.now, 1, reason, "", "released, once"});
    turned_.released.emplace_back(slot, reason);
}

void Suppress::reconsider(std::vector<Slot> slots) {
    std::sort(slots.begin(), slots.end());
    slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
    for (const Slot slot : slots) {
        reconsider(slot);
    }
}

void Suppress::reconsider_hidden(Reason reason) {
    for (Slot slot = 0; slot < state_.alerts.bound(); ++slot) {
        if (state_.alerts.is_used(slot) && state_.alerts[slot].suppression == reason) {
            reconsider(slot);
        }
    }
}

void Suppress::reconsider_all() {
    for (Slot slot = 0; slot < state_.alerts.bound(); ++slot) {
        if (state_.alerts.is_used(slot)) {
            reconsider(slot);
        }
    }
}

void Suppress::add(const model::AddSilence& spec, model::Id id) {
    const Slot place = state_.silences.add(spec, id, state_.now, state_.deadlines);
    if (place != kNoSlot) {
        look_at({state_.now, Deadline::Kind::Silence, place});
        settle();
    }
}

void Suppress::expire(model::Id silence) {
    const Slot place = state_.silences.expire(silence, state_.now);
    if (place != kNoSlot) {
        look_at({state_.now, Deadline::Kind::Silence, place});
        settle();
    }
}

void Suppress::note_change(const model::EventView& change) {
    state_.change_windows.note(change, state_.now, state_.topology.now(), state_.book,
                               state_.deadlines);
}

void Suppress::look_at(const Deadline& deadline) {
    switch (deadline.kind) {
        case Deadline::Kind::Silence:
            switch (state_.silences.look_at(deadline.slot, state_.now)) {
                case Silences::Turn::Begins: begun_silences_.push_back(deadline.slot); break;
                case Silences::Turn::Ends: silence_ended_ = true; break;
                case Silences::Turn::None: break;
            }
            break;
        case Deadline::Kind::Maintenance:
            switch (state_.maintenances.look_at(deadline.slot, state_.now, state_.deadlines)) {
                case Maintenances::Turn::Begins: window_begun_ = true; break;
                case Maintenances::Turn::Ends: window_ended_ = true; break;
                case Maintenances::Turn::None: break;
            }
            break;
        case Deadline::Kind::ChangeWindow:
            if (state_.change_windows.look_at(deadline.slot, state_.now)) {
                reconsider_hidden(Reason::DuringChange);
            }
            break;
        case Deadline::Kind::Flapping:
            if (state_.flapping.look_at(deadline.slot, state_.now, state_.deadlines)) {
                reconsider(deadline.slot);
            }
            break;
        default: break;
    }
}

void Suppress::settle() {
    if (begun_silences_.empty() && !silence_ended_ && !window_begun_ && !window_ended_) {
        return;
    }
    std::vector<const rules::Condition*> conditions;
    for (const Slot place : begun_silences_) {
        conditions.push_back(&state_.silences[place].condition);
    }
    const rules::MatchIndex begun(conditions);
    begun_silences_.clear();
    for (Slot slot = 0; slot < state_.alerts.bound(); ++slot) {
        if (state_.alerts.is_used(slot) && state_.alerts[slot].is_burning() &&
            is_concerned(slot, begun)) {
            reconsider(slot);
        }
    }
    silence_ended_ = window_begun_ = window_ended_ = false;
}

bool Suppress::is_concerned(Slot slot, const rules::MatchIndex& begun) {
    const Alert& alert = state_.alerts[slot];
    if (silence_ended_ && alert.suppression == Reason::SilencedByOperator &&
        !state_.silences.is_active(alert.suppressed_by)) {
        return true;
    }
    if (window_ended_ && alert.suppression == Reason::InMaintenance) {
        return true;
    }
    if (begun.empty() && !window_begun_) {
        return false;
    }
    const AlertSubject subject(state_.alerts, slot);
    if (window_begun_ && state_.maintenances.covers(subject, alert, state_.topology.now())) {
        return true;
    }
    std::vector<std::uint32_t> found;
    subject.find(begun, found);
    return !found.empty();
}

void Suppress::reload() {
    load_rules(state_, &state_.deadlines);
    restore(state_);
    reconsider_all();
}

void Suppress::restore(State& state) {
    std::vector<Slot> ignored;
    for (Slot slot = 0; slot < state.alerts.bound(); ++slot) {
        if (state.alerts.is_used(slot) && state.alerts[slot].is_burning()) {
            state.inhibitions.burns(state.alerts, slot, AlertSubject(state.alerts, slot), ignored);
            state.dependencies.learn(state.alerts, slot);
            ignored.clear();
        }
    }
}

void Suppress::find_nodes() {
    state_.maintenances.find_nodes();
    state_.dependencies.clear();
    for (Slot slot = 0; slot < state_.alerts.bound(); ++slot) {
        if (state_.alerts.is_used(slot) && state_.alerts[slot].is_burning()) {
            state_.dependencies.learn(state_.alerts, slot);
        }
    }
    const rules::RuleSet& rules = state_.book.rules();
    if (!rules.dependencies.empty() || !rules.maintenances.empty()) {
        reconsider_all();
    }
}

}  // namespace nocturne::engine
