// Suppress: decides whether an alert's raising is hidden, and by what. Never hides a resolution.
#pragma once

#include "engine/state.hpp"

#include <vector>

namespace nocturne::engine {

class Suppress {
   public:
    explicit Suppress(State& state) : state_(state) {}

    // None, or why the raising of this alert is hidden; the alert carries what hides it.
    model::Reason suppress(Slot slot);

    // From now on the silence counts (or from its start). Hides what burns already.
    void add(const model::AddSilence& spec, model::Id id);
    // Ends the silence. The alerts that nothing hides any more are appended to `released`, once.
    void expire(model::Id id, std::vector<Slot>& released);
    // Begins and ends silences as time passes; slots are their places in State::silences.
    void look_at(Slot silence, std::vector<Slot>& released);

   private:
    // Where a new silence goes; kNoSlot when all places are taken by silences that are not over.
    Slot find_place();
    void begin(Silence& silence);
    void end(Silence& silence, std::vector<Slot>& released);

    State& state_;
};

}  // namespace nocturne::engine
