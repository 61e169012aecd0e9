// Flapping: alerts that fire and resolve, again and again.
#pragma once

#include "engine/alert_subject.hpp"
#include "engine/deadlines.hpp"
#include "engine/mute.hpp"
#include "engine/rule_book.hpp"
#include "model/codec.hpp"

#include <cstdint>
#include <map>
#include <vector>

namespace nocturne::engine {

// An alert's turns between firing and ended; two thresholds, so that it does not flap between
// flapping and not. The first rule that matches counts; one in shadow mode does not, so what comes
// after it is asked as well.
class Flapping {
   public:
    void load(const rules::RuleSet& rules);

    // The alert fires, or has ended.
    void turned(const AlertTable& alerts, Slot slot, model::Time now, Deadlines& deadlines);
    Mute mutes(Slot slot, RuleBook& book, model::Time now) const;
    // Looks whether the alert flaps no more; true when that is so since now.
    bool look_at(Slot slot, model::Time now, Deadlines& deadlines);

    void forget(Slot slot) { alerts_.erase(slot); }

    bool is_flapping(Slot slot) const;

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    static constexpr std::size_t kTurnsMax = 256;  // kept of one alert; thresholds lie below

    // By one rule.
    struct Turns {
        std::uint32_t rule = 0;  // its place in RuleSet::flappings
        bool flaps = false;
        model::Time due = model::kNoTime;  // while it flaps: when it is looked at
        std::vector<model::Time> at;       // the oldest first
    };

    // What is known of one alert: by the rules in shadow mode that match, and by the first that is
    // not. In the order of rules.
    struct Watched {
        std::uint64_t load = 0;  // under which the rules were found
        std::vector<Turns> by_rule;
    };

    void find_rules(const AlertTable& alerts, Slot slot, Watched& watched) const;
    void prune(Turns& turns, model::Time now) const;
    // Whether it turned from flapping to calm.
    bool look_at(Turns& turns, Slot slot, model::Time now, Deadlines& deadlines) const;
    static void plan(Turns& turns, Slot slot, model::Time due, Deadlines& deadlines);

    bool is_shadow(const Turns& turns) const {
        return rules_->rules[rules_->flappings[turns.rule].rule].mode == rules::Mode::Shadow;
    }

    const rules::RuleSet* rules_ = nullptr;  // lent by the RuleBook until the next load
    rules::MatchIndex index_;
    std::uint64_t load_ = 0;  // counts loads
    std::map<Slot, Watched> alerts_;
};

}  // namespace nocturne::engine
