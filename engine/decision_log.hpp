// DecisionLog: what was decided about each alert, by which rule; what `why` tells.
#pragma once

#include "engine/alert_table.hpp"
#include "model/codec.hpp"
#include "model/reason.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::engine {

// Decided the same again and again: one entry with its count.
struct Decision {
    model::Time at = model::kNoTime;
    model::Time last_at = model::kNoTime;
    std::uint64_t count = 1;
    model::Reason reason = model::Reason::None;
    std::string rule;  // "rules/net.yaml:14 inhibit \"dead switch\""; empty: none
    std::string text;  // what else there is to say, for people
};

// An event that made no alert.
struct DroppedEvent {
    std::string source;
    std::string id;  // the source's own
    std::string resource;
    std::string check;
    Decision decision;
};

class DecisionLog {
   public:
    static constexpr std::size_t kDecisionsMax = 32;  // an alert; beyond it the second oldest goes
    static constexpr std::size_t kDroppedMax = 1024;  // the oldest goes

    void note(Slot alert, Decision decision);
    // So many more are about to be noted.
    void expect(Slot alert, std::size_t count);
    void forget(Slot alert);
    void drop(DroppedEvent event);

    // Oldest first; empty when nothing special was decided.
    const std::vector<Decision>& of(Slot alert) const;

    // Decisions and dropped events that went at the bounds above, since the start.
    std::uint64_t forgotten() const { return forgotten_; }

    std::uint64_t dropped_forgotten() const { return dropped_forgotten_; }

    const std::deque<DroppedEvent>& dropped() const { return dropped_; }

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    std::vector<std::vector<Decision>> decisions_;  // by slot
    std::deque<DroppedEvent> dropped_;
    std::uint64_t forgotten_ = 0;
    std::uint64_t dropped_forgotten_ = 0;
};

}  // namespace nocturne::engine
