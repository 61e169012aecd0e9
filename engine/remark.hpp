// Remark: asks plugins what they have to say of an incident; their notes land on it.
#pragma once

#include "engine/incident_life.hpp"
#include "engine/plugin_caller.hpp"
#include "model/incident.hpp"

#include <cstdint>
#include <vector>

namespace nocturne::engine {

class Remark {
   public:
    static constexpr std::size_t kNotesMax = 64;    // of an incident
    static constexpr std::size_t kAlertsMax = 100;  // that a plugin is shown, the first to join

    // `news` gets word of incidents that have new notes.
    Remark(State& state, std::vector<IncidentNews>& news)
        : state_(state), news_(news), caller_(state) {}

    // When it was opened, or its first suspect is another one than when plugins were asked last.
    void remark_if_due(Slot incident);

   private:
    // True when something was noted.
    bool take(RackedPlugin& racked, const plugins::CallResult& result, model::Incident& incident);

    State& state_;
    std::vector<IncidentNews>& news_;
    PluginCaller caller_;
    std::uint32_t next_call_ = 0;
};

}  // namespace nocturne::engine
