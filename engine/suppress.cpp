#include "engine/suppress.hpp"

#include <algorithm>
#include <chrono>

namespace nocturne::engine {

using model::Alert;
using model::AlertState;
using model::Reason;

namespace {

constexpr std::size_t kSilencesMax = 10'000;  // beyond it an ended one makes room; none: refused

}  // namespace

Reason Suppress::suppress(Slot slot) {
    Alert& alert = state_.alerts[slot];
    for (Silence& silence : state_.silences) {
        if (silence.active && matches(state_, alert, silence.matchers)) {
            alert.state = AlertState::Suppressed;
            alert.suppression = Reason::SilencedByOperator;
            alert.suppressed_by = silence.id;
            ++silence.hidden;
            return alert.suppression;
        }
    }
    return Reason::None;
}

void Suppress::add(const model::AddSilence& spec, model::Id id) {
    Result<model::Matchers> matchers = model::parse_matchers(spec.matchers);
    if (!matchers) {
        return;  // the edge refuses these; a journal of another version may hold one
    }
    const Slot slot = find_place();
    if (slot == kNoSlot) {
        return;
    }
    state_.silences[slot] = {id, spec, *std::move(matchers), false, 0};
    Silence& silence = state_.silences[slot];
    if (silence.spec.starts_at == model::kNoTime || silence.spec.starts_at < state_.now) {
        silence.spec.starts_at = state_.now;
    }
    if (silence.spec.ends_at <= silence.spec.starts_at) {
        return;
    }
    if (silence.spec.starts_at > state_.now) {
        state_.deadlines.add(silence.spec.starts_at, Deadline::Kind::Silence, slot);
    } else {
        begin(silence);
    }
    state_.deadlines.add(silence.spec.ends_at, Deadline::Kind::Silence, slot);
}

// Deadlines name silences by their place. One that is left from the silence before looks at the
// new one too early, and finds nothing due.
Slot Suppress::find_place() {
    std::vector<Silence>& silences = state_.silences;
    if (silences.size() < kSilencesMax) {
        silences.emplace_back();
        return static_cast<Slot>(silences.size() - 1);
    }
    const auto is_over = [&](const Silence& old) {
        return !old.active && old.spec.ends_at <= state_.now;
    };
    const auto over = std::find_if(silences.begin(), silences.end(), is_over);
    return over == silences.end() ? kNoSlot : static_cast<Slot>(over - silences.begin());
}

void Suppress::expire(model::Id id, std::vector<Slot>& released) {
    for (Silence& silence : state_.silences) {
        if (silence.id == id && silence.spec.ends_at > state_.now) {
            silence.spec.ends_at = state_.now;
            end(silence, released);
        }
    }
}

void Suppress::look_at(Slot slot, std::vector<Slot>& released) {
    if (slot >= state_.silences.size()) {
        return;
    }
    Silence& silence = state_.silences[slot];
    if (!silence.active && silence.spec.starts_at <= state_.now &&
        silence.spec.ends_at > state_.now) {
        begin(silence);
    } else if (silence.active && silence.spec.ends_at <= state_.now) {
        end(silence, released);
    }
}

void Suppress::begin(Silence& silence) {
    silence.active = true;
    for (Slot slot = 0; slot < state_.alerts.bound(); ++slot) {
        Alert& alert = state_.alerts[slot];
        if (alert.id != model::kNoId && alert.state == AlertState::Firing &&
            matches(state_, alert, silence.matchers)) {
            suppress(slot);
        }
    }
}

void Suppress::end(Silence& silence, std::vector<Slot>& released) {
    silence.active = false;
    for (Slot slot = 0; slot < state_.alerts.bound(); ++slot) {
        Alert& alert = state_.alerts[slot];
        if (alert.id == model::kNoId || alert.state != AlertState::Suppressed ||
            alert.suppressed_by != silence.id) {
            continue;
        }
        alert.state = AlertState::Firing;
        alert.suppression = Reason::None;
        alert.suppressed_by = model::kNoId;
        if (suppress(slot) == Reason::None) {  // another silence may hide it still
            released.push_back(slot);
        }
    }
}

}  // namespace nocturne::engine
