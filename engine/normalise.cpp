#include "engine/normalise.hpp"

namespace nocturne::engine {

model::Reason Normalise::admit(const model::EventView& event, model::Time& time) {
    if (event.message != model::Fingerprint{} &&
        !state_.messages.remember(event.message, state_.settings.message_ids_max)) {
        return model::Reason::RepeatedMessage;
    }
    time = event.time == model::kNoTime ? state_.now : event.time;
    if (time > state_.now) {
        time = state_.now;
        state_.counters.count(model::Reason::FutureTimeClamped);
    }
    return model::Reason::None;
}

model::Reason Normalise::note(const model::EventView& event, model::Time time) {
    switch (event.kind) {
        case model::Kind::Alert: return model::Reason::None;
        case model::Kind::Change: note_change(event, time); return model::Reason::ChangeNoted;
        case model::Kind::Metric:
        case model::Kind::Heartbeat: return model::Reason::HeartbeatNoted;
    }
    return model::Reason::None;
}

void Normalise::note_change(const model::EventView& event, model::Time time) {
    const model::Time too_old =
        state_.now - state_.settings.change_window - state_.settings.correlation_window;
    std::string summary(event.summary);
    for (const model::LabelView& label : event.labels) {
        if (label.name == "version") {
            summary += (summary.empty() ? "version " : ", version ") + std::string(label.value);
        }
    }
    state_.changes_given_up += state_.changes.add(
        {time, std::string(event.resource), std::string(event.check), std::move(summary)}, too_old);
}

}  // namespace nocturne::engine
