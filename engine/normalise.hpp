// Normalise: brings an event into the shape that the later stages rely on, or turns it away.
#pragma once

#include "engine/state.hpp"
#include "model/event.hpp"

namespace nocturne::engine {

class Normalise {
   public:
    explicit Normalise(State& state) : state_(state) {}

    // The event's time (arrival when it gave none, and never ahead of the core's clock) into
    // `time`. None: the event goes on; otherwise why it ends here.
    model::Reason admit(const model::EventView& event, model::Time& time);
    // Takes note of what is no alert. None: it is one, and goes on.
    model::Reason note(const model::EventView& event, model::Time time);

   private:
    void note_change(const model::EventView& event, model::Time time);

    State& state_;
};

}  // namespace nocturne::engine
