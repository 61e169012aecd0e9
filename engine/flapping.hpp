// Flapping: alerts that fire and resolve, again and again.
#pragma once

#include "engine/alert_subject.hpp"
#include "engine/deadlines.hpp"
#include "engine/mute.hpp"
#include "engine/rule_book.hpp"
#include "model/codec.hpp"

#include <cstdint>
#include <deque>
#include <map>

namespace nocturne::engine {

// An alert's turns between firing and ended; two thresholds, so that it does not flap between
// flapping and not.
class Flapping {
   public:
    void load(const rules::RuleSet& rules);

    // The alert fires, or has ended.
    void turned(const AlertTable& alerts, Slot slot, model::Time now, Deadlines& deadlines);
    Mute mutes(Slot slot, RuleBook& book, model::Time now) const;
    // Looks whether the alert flaps no more; true when that is so since now.
    bool look_at(Slot slot, model::Time now, Deadlines& deadlines);

    void forget(Slot slot) { turns_.erase(slot); }

    bool is_flapping(Slot slot) const;

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    static constexpr std::size_t kTurnsMax = 256;  // kept of one alert; thresholds lie below

    struct Turns {
        std::uint32_t rule = 0;  // its place in RuleSet::flappings
        bool flaps = false;
        std::deque<model::Time> at;
    };

    void prune(Turns& turns, model::Time now) const;

    const rules::RuleSet* rules_ = nullptr;  // lent by the RuleBook until the next load
    rules::MatchIndex index_;
    std::map<Slot, Turns> turns_;
};

}  // namespace nocturne::engine
