// Normaliser: what sources say, turned into our words by the normalise rules.
#pragma once

#include "model/event.hpp"
#include "model/time.hpp"
#include "rules/event_draft.hpp"
#include "rules/match_index.hpp"
#include "rules/rule_set.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

// A function of the rules, the event and `now`. Reuses its memory: an event that no rule concerns
// costs one question to the index and no allocation. Not for several threads at once.
class Normaliser {
   public:
    enum class Outcome : std::uint8_t { Unchanged, Changed, Dropped };

    // What normalise() did, by rule; RuleSet::rules names them.
    struct Applied {
        std::vector<RuleIndex> rules;     // matched, in order, also when all stayed the same
        std::vector<RuleIndex> shadowed;  // matched in shadow mode: changed nothing
        std::vector<RuleIndex> refused;  // once for each field left as it was, because the new text
                                         // was not one of its words, or empty

        void clear();
    };

    explicit Normaliser(std::shared_ptr<const RuleSet> rules);

    // Rules apply in order, each to the event as the rules before have left it. `out` borrows from
    // `in` and from `scratch`; it is `in` unless the outcome is Changed. A table's rows are as old
    // as `now` says. `applied` is cleared first.
    Outcome normalise(const model::EventView& in, model::Time now, model::EventView& out,
                      model::Arena& scratch, Applied& applied);

   private:
    // The texts of the groups of one rule's expressions, by name.
    void extract(const NormaliseRule& rule);
    void look_up(const NormaliseRule& rule, model::Time now, Applied& applied);
    void change(const NormaliseRule& rule, model::Time now, Applied& applied);
    void set(const NormaliseRule& rule, const Field& field, std::string_view value,
             Applied& applied);

    std::shared_ptr<const RuleSet> rules_;  // shared as the loader gives it
    MatchIndex index_;
    EventDraft draft_;
    std::vector<std::uint32_t> found_;
    std::vector<std::string_view> captured_;
    ExtraView groups_;
    std::string text_;
};

}  // namespace nocturne::rules
