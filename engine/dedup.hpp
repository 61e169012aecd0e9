// Dedup: folds an event into the alert of its identity, and tells what that changed.
#pragma once

#include "engine/state.hpp"
#include "model/event.hpp"

#include <string>

namespace nocturne::engine {

// What happened to an alert. Only raised, worsened and ended concern the later stages.
struct Transition {
    Slot alert = kNoSlot;
    model::Reason reason = model::Reason::None;
    model::Reason hidden_by = model::Reason::None;  // until it ended
    model::Id hidden_by_id{};
    bool has_new_facts = false;  // goes on burning with another summary or source

    bool is_new() const {
        return reason == model::Reason::NewIdentity || reason == model::Reason::FiredAgain;
    }

    bool is_raised() const { return is_new() || model::is_release(reason); }

    bool is_ended() const {
        return reason == model::Reason::ResolvedBySource ||
               reason == model::Reason::ClearedByRule || reason == model::Reason::ExpiredUnseen;
    }
};

class Dedup {
   public:
    explicit Dedup(State& state) : state_(state) {}

    // `index` is the event's in its input: the id of a new alert.
    Transition dedup(const model::EventView& event, model::Time time, std::uint32_t index);
    // Looks whether the alert has to expire or can be forgotten; ExpiredUnseen is the one
    // transition.
    Transition expire(Slot slot);
    // After a change of the graph: the alerts' nodes by their names.
    void find_nodes();

   private:
    Transition fold(const model::EventView& event, const model::Fingerprint& identity,
                    model::Time time, std::uint32_t index);
    Transition create(const model::EventView& event, const model::Fingerprint& identity,
                      model::Time time, std::uint32_t index);
    Transition update(Slot slot, const model::EventView& event, model::Time time);
    void begin_episode(Slot slot, model::Time time);
    void end_episode(Slot slot, model::AlertState state, model::Time time);
    void take_deviation(model::Alert& alert, const model::EventView& event);
    void set_worst(model::Alert& alert, model::Severity severity);
    // Whether its summary or sources are others now.
    bool take_facts(model::Alert& alert, const model::EventView& event);
    void forget(Slot slot);
    model::Duration time_to_live(Slot slot) const;

    State& state_;
    std::string scratch_;
};

}  // namespace nocturne::engine
