#include "cli/replayer.hpp"

#include "engine/state.hpp"
#include "engine/view.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::cli {

using model::Effect;
using model::Time;

namespace {

constexpr std::size_t kBatchEventsMax = 1024;

bool ends_incident(Effect::Topic topic) {
    return topic == Effect::Topic::IncidentResolved || topic == Effect::Topic::IncidentMerged;
}

}  // namespace

Replayer::Replayer(model::Settings settings, const engine::PluginRun& run) : core_(settings, run) {}

Replayer::Replayer(engine::Core core) : core_(std::move(core)) {}

void Replayer::apply(model::Input::Body body, Time at) {
    flush();
    tick_until(at);
    apply_now({core_.position() + 1, at, std::move(body)});
    apply_kills(at);
}

void Replayer::add(const model::EventView& event, Time at) {
    if (!batch_.empty() && (at != batch_at_ || batch_.size() >= kBatchEventsMax)) {
        flush();
    }
    batch_at_ = at;
    batch_.add(event);
}

void Replayer::flush() {
    if (!batch_.empty()) {
        tick_until(batch_at_);
        apply_now({core_.position() + 1, batch_at_, std::exchange(batch_, {})});
        apply_kills(batch_at_);
    }
}

void Replayer::apply_recorded(const model::Input& input) {
    apply_now(input);
}

void Replayer::pass_until(Time time) {
    flush();
    tick_until(time);
}

void Replayer::settle(model::Duration span) {
    flush();
    tick_until(core_.now() + span);
}

// A tick at each deadline, as the loop of a daemon makes them.
void Replayer::tick_until(Time end) {
    Time last = core_.now();
    for (Time due = core_.next_deadline(); due <= end; due = core_.next_deadline()) {
        // A deadline that does not go away must not hold the clock.
        last = std::max(due, last + model::Duration(1));
        if (last > end) {
            return;
        }
        apply_now({core_.position() + 1, last, model::Tick{}});
        apply_kills(last);
    }
}

// As a daemon's loop journals them, but right away.
void Replayer::apply_kills(Time at) {
    if (!core_.has_plugins()) {
        return;
    }
    for (model::PluginKilled& kill : core_.take_kills()) {
        apply_now({core_.position() + 1, at, std::move(kill)});
    }
}

void Replayer::apply_now(const model::Input& input) {
    effects_.clear();
    core_.apply(input, effects_);
    for (const Effect& effect : effects_) {
        if (!model::is_about_incident(effect.topic)) {
            continue;
        }
        if (effect.topic >= Effect::Topic::NotifyPage) {
            const engine::IncidentTable& incidents = core_.state().incidents;
            const engine::Slot slot = incidents.find(effect.subject);
            words_.push_back({effect.topic, effect.reason, effect.subject, core_.now(),
                              slot == engine::kNoSlot ? "" : incidents[slot].receiver});
        }
        std::string& told = told_[effect.subject];
        if (ends_incident(effect.topic)) {
            told = engine::render_incident(core_, effect.subject).value_or(told);
        }
    }
}

std::vector<std::string> Replayer::incidents() const {
    std::vector<std::string> all;
    for (const auto& [id, told] : told_) {
        std::optional<std::string> json = engine::render_incident(core_, id);
        if (json || !told.empty()) {
            all.push_back(json ? *std::move(json) : told);
        }
    }
    return all;
}

}  // namespace nocturne::cli
