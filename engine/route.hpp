// Route: decides who is told of an incident, how loudly and when; or why nobody is.
#pragma once

#include "engine/decide.hpp"
#include "engine/state.hpp"

namespace nocturne::engine {

// Lives for one input.
class Route {
   public:
    Route(State& state, Decide& decide) : state_(state), decide_(decide) {}

    // Looks whether a word about the incident is due now, or asks to be reminded when it will be.
    // Without route rules nobody is told but those who listen to the effects.
    void look_at(Slot incident);

   private:
    void tell(Slot incident, const rules::RouteRule& rule);
    void tell_end(Slot incident);
    void wait(Slot incident, model::Time due, model::Reason reason, const rules::RouteRule& rule);
    // Once for each reason in a row.
    void note(model::Incident& incident, model::Reason reason, const std::string& text);

    State& state_;
    Decide& decide_;
};

}  // namespace nocturne::engine
