#include "engine/pipeline.hpp"

#include <utility>

namespace nocturne::engine {

using model::AlertState;
using model::Reason;
using Topic = model::Effect::Topic;

Pipeline::Pipeline(State& state, std::vector<model::Effect>& effects)
    : state_(state), normalise_(state), dedup_(state), suppress_(state), correlate_(state, news_),
      rank_(state, news_), decide_(state, effects) {}

// The pipeline, as the documentation promises it: normalise, dedup, suppress, correlate; then, once
// an input, rank and decide.
void Pipeline::take(const model::EventView& event, std::uint32_t index) {
    model::Time time = model::kNoTime;
    if (const Reason reason = normalise_.normalise(event, time); reason != Reason::None) {
        state_.counters.count(reason);
        return;
    }
    const Transition transition = dedup_.dedup(event, time, index);
    state_.counters.count(transition.reason);
    if (transition.reason != Reason::RepeatedIdentity && transition.alert != kNoSlot) {
        follow(transition);
    }
}

void Pipeline::follow(const Transition& transition) {
    if (transition.is_ended()) {  // never suppressed
        decide_.alert(transition.reason == Reason::ExpiredUnseen ? Topic::AlertExpired
                                                                 : Topic::AlertResolved,
                      transition.reason, transition.alert);
        correlate_.correlate(transition);
        return;
    }
    if (transition.is_raised()) {
        if (const Reason hidden = suppress_.suppress(transition.alert); hidden != Reason::None) {
            state_.counters.count(hidden);
            decide_.alert(Topic::AlertSuppressed, hidden, transition.alert);
            return;
        }
        decide_.alert(Topic::AlertFiring, transition.reason, transition.alert);
    }
    const bool worsened = transition.reason == Reason::SeverityChanged &&
                          state_.alerts[transition.alert].state == AlertState::Firing;
    if (transition.is_raised() || worsened) {
        correlate_.correlate(transition);
    }
}

void Pipeline::take(const model::EventBatch& batch) {
    std::uint32_t index = 0;
    for (const model::EventView& event : batch.events()) {
        take(event, index++);
    }
    state_.counters.events += batch.size();
}

void Pipeline::take(const model::TopologyChange& change) {
    state_.topology.apply(change, state_.now);
    dedup_.find_nodes();
    correlate_.find_nodes();
}

void Pipeline::take(const model::Command& command) {
    struct Doer {
        Pipeline& pipeline;

        void operator()(const model::AddSilence& it) {
            pipeline.suppress_.add(it, {pipeline.state_.position, 0});
        }

        void operator()(const model::ExpireSilence& it) {
            std::vector<Slot> released;
            pipeline.suppress_.expire(it.silence, released);
            pipeline.release(released);
        }

        void operator()(const model::AcknowledgeIncident& it) {
            pipeline.correlate_.acknowledge(it);
        }

        void operator()(const model::ResolveIncident& it) { pipeline.correlate_.resolve(it); }

        void operator()(const model::LabelIncident& it) { pipeline.correlate_.label(it); }
    };

    std::visit(Doer{*this}, command);
}

void Pipeline::take(const model::Settings& settings) {
    state_.settings = settings;
}

void Pipeline::release(const std::vector<Slot>& released) {
    for (const Slot slot : released) {
        state_.counters.count(Reason::SilenceEnded);
        follow({slot, Reason::SilenceEnded});
    }
}

void Pipeline::pass_time() {
    Deadline deadline{};
    while (state_.deadlines.take_due(state_.now, deadline)) {
        switch (deadline.kind) {
            case Deadline::Kind::Alert: {
                if (!state_.alerts.is_used(deadline.slot) ||
                    state_.alerts[deadline.slot].reminder != deadline.due) {
                    break;  // of an alert that has gone, or superseded by an earlier one
                }
                state_.alerts[deadline.slot].reminder = model::kNoTime;
                if (const Transition transition = dedup_.expire(deadline.slot);
                    transition.is_ended()) {
                    state_.counters.count(transition.reason);
                    follow(transition);
                }
                break;
            }
            case Deadline::Kind::Incident: {
                model::Incident& incident = state_.incidents[deadline.slot];
                if (incident.id == model::kNoId || incident.reminder != deadline.due) {
                    break;
                }
                incident.reminder = model::kNoTime;
                rank_.rank_if_due(deadline.slot);
                correlate_.look_at(deadline.slot);
                break;
            }
            case Deadline::Kind::Silence: {
                std::vector<Slot> released;
                suppress_.look_at(deadline.slot, released);
                release(released);
                break;
            }
        }
    }
}

void Pipeline::conclude() {
    for (std::size_t i = 0; i < news_.size(); ++i) {  // ranking adds news
        if (const Slot slot = state_.incidents.find(news_[i].incident); slot != kNoSlot) {
            rank_.rank_if_due(slot);
        }
    }
    decide_.incidents(news_);
}

}  // namespace nocturne::engine
