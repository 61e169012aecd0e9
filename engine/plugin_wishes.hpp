// What becomes of a plugin's wishes for an event: granted, or, by its mode, only recorded.
#pragma once

#include "engine/event_in_hand.hpp"
#include "plugins/plugin.hpp"

#include <cstdint>

namespace nocturne::engine {

struct State;

// An event that plugins sent is shown to plugins to this depth; what those send then ends there.
inline constexpr std::uint32_t kEmitDepthMax = 2;
// So many events of our own may follow one event of a source.
inline constexpr std::size_t kOwnEventsMax = 64;

// Whether one more event of our own may follow the one in hand; if not, it is counted.
bool may_send(State& state, std::uint32_t plugin, const EventInHand& hand, const OwnEvents& own);

// Takes over what the plugin of that number in the rack wants.
void take_wishes(State& state, std::uint32_t plugin, const plugins::CallResult& result,
                 EventInHand& hand, OwnEvents& own);

}  // namespace nocturne::engine
