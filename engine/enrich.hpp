// Enrich: lets enrichers say what they know about an event, before anything is decided about it.
#pragma once

#include "engine/event_in_hand.hpp"
#include "engine/plugin_caller.hpp"

#include <cstdint>

namespace nocturne::engine {

class Enrich {
   public:
    explicit Enrich(State& state) : state_(state), caller_(state) {}

    // By name; each sees what those before it made of the event. `number` is the event's index in
    // its input.
    void enrich(EventInHand& hand, std::uint32_t number, OwnEvents& own);

   private:
    State& state_;
    PluginCaller caller_;
};

}  // namespace nocturne::engine
