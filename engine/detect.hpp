// Detect: shows events to detectors, and turns the scores of metrics into alerts.
#pragma once

#include "engine/event_in_hand.hpp"
#include "engine/plugin_caller.hpp"

#include <cstdint>

namespace nocturne::engine {

class Detect {
   public:
    static constexpr double kScoreMin = 0.5;          // at and above it a sample is an anomaly
    static constexpr std::uint32_t kClearAfter = 10;  // samples below it end the alert

    explicit Detect(State& state) : state_(state), caller_(state) {}

    // `number` is the event's index in its input.
    void detect(EventInHand& hand, std::uint32_t number, OwnEvents& own);

   private:
    void weigh(std::uint32_t plugin, double score, EventInHand& hand, OwnEvents& own);
    void raise(std::uint32_t plugin, double score, EventInHand& hand, OwnEvents& own);
    void clear(std::uint32_t plugin, EventInHand& hand, OwnEvents& own);
    bool is_held_by_another(std::uint32_t plugin, const model::Fingerprint& series) const;

    State& state_;
    PluginCaller caller_;
};

}  // namespace nocturne::engine
