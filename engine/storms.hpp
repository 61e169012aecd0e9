// Storms: when so much is raised that telling each alert by itself helps nobody.
#pragma once

#include "engine/alert_subject.hpp"
#include "engine/deadlines.hpp"
#include "engine/rule_book.hpp"
#include "model/codec.hpp"

#include <cstdint>
#include <deque>
#include <vector>

namespace nocturne::engine {

// Holds back the word about an alert, never the alert: in a storm all still becomes incidents. What
// is worst has a lane of its own.
class Storms {
   public:
    struct Storm {
        bool rages = false;
        bool is_told = false;  // of its beginning, hence of its end: not in shadow mode
        model::Time began_at = model::kNoTime;
        std::uint64_t raised = 0;              // in this storm
        std::uint64_t withheld = 0;            // of them not told one by one
        std::deque<model::Time> lately;        // raisings within the window
        model::Time lane_at = model::kNoTime;  // when the present lanes began
        std::uint32_t told = 0;
        std::uint32_t told_reserved = 0;
    };

    // What a raising did to a storm; numbers are places in RuleSet::storms.
    struct Verdict {
        bool tells = true;
        std::vector<std::uint32_t> begun;
        rules::RuleIndex rule = rules::kNoRule;  // that withholds the word
    };

    void load(const rules::RuleSet& rules);
    Verdict raised(const AlertTable& alerts, Slot slot, RuleBook& book, model::Time now,
                   Deadlines& deadlines);
    // Whether the storm is over since now, and that is to be told.
    bool look_at(Slot storm, model::Time now, Deadlines& deadlines);

    const std::vector<Storm>& all() const { return storms_; }

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    const rules::RuleSet* rules_ = nullptr;  // lent by the RuleBook until the next load
    rules::MatchIndex index_;
    std::vector<Storm> storms_;  // one a rule
};

}  // namespace nocturne::engine
