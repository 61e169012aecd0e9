// PluginCaller: calls a plugin at its place in the order of things, and takes what comes of it into
// the books: faults, kills, and what its version on trial would have done.
#pragma once

#include "engine/alert_table.hpp"
#include "engine/plugin_rack.hpp"
#include "model/event.hpp"
#include "plugins/world.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace nocturne::engine {

struct State;

class PluginCaller {
   public:
    explicit PluginCaller(State& state) : state_(state) {}

    // Each gives what the call wanted: until the next call of that plugin. nullptr: it was not
    // called, does not care, or failed. `number` is the event's index in its input.
    const plugins::CallResult* on_event(RackedPlugin& racked, const model::EventView& event,
                                        std::uint32_t number);
    const plugins::CallResult* on_sample(RackedPlugin& racked, const model::EventView& event,
                                         std::uint32_t number);
    // `number` is that of the call in its input.
    const plugins::CallResult* on_incident(RackedPlugin& racked,
                                           const plugins::IncidentSight& incident, Slot slot,
                                           std::uint32_t number);

   private:
    template <typename Call, typename About>
    const plugins::CallResult* both(RackedPlugin& racked, std::string_view handler,
                                    std::uint32_t number, const Call& call, const About& about);
    template <typename Call>
    const plugins::CallResult* one(RackedPlugin& racked, PluginVersion& version,
                                   std::string_view handler, std::uint32_t number,
                                   const Call& call);
    const plugins::CallResult* settle(RackedPlugin& racked, PluginVersion& version,
                                      const plugins::CallResult& result, std::string_view handler,
                                      std::uint32_t number);
    model::PluginKilled name_call(const RackedPlugin& racked, const PluginVersion& version,
                                  std::string_view handler, std::uint32_t number) const;

    State& state_;
};

}  // namespace nocturne::engine
