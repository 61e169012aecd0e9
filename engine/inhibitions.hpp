// Inhibitions: alerts that others explain, by rules of two conditions and equal labels.
#pragma once

#include "engine/alert_subject.hpp"
#include "engine/mute.hpp"
#include "engine/rule_book.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <compare>
#include <cstdint>
#include <vector>

namespace nocturne::engine {

// Knows the burning alerts that are source or target of a rule, by the values that both must share;
// so a raise costs the rules that concern the alert, however many alerts burn. All of it follows
// from the rules and the burning alerts: snapshots do not keep it.
class Inhibitions {
   public:
    void load(const rules::RuleSet& rules);

    // The alert burns from now on. Appends burning alerts that it may hide.
    void burns(const AlertTable& alerts, Slot slot, std::vector<Slot>& targets);
    // It burns no more. Appends burning alerts that it may have hidden.
    void ended(Slot slot, std::vector<Slot>& targets);

    // What hides the alert, which burns; a rule in shadow mode hides nothing, and is noted.
    Mute mutes(const AlertTable& alerts, Slot slot, RuleBook& book, model::Time now) const;

   private:
    struct Key {
        std::uint32_t rule = 0;  // its place in RuleSet::inhibits
        model::Fingerprint values;

        friend auto operator<=>(const Key&, const Key&) = default;
    };

    struct KeyHash {
        std::size_t operator()(const Key& key) const {
            return key.values.low ^ (std::size_t{key.rule} * 0x9E3779B97F4A7C15ULL);
        }
    };

    struct Source {
        Slot alert = kNoSlot;
        std::uint32_t condition = 0;  // of InhibitRule::sources
        bool is_target = false;       // such a one hides no alert that is source and target too
    };

    struct Group {
        std::vector<Source> sources;
        std::vector<Slot> targets;
    };

    // The key of an alert on one side; false when a value is missing.
    enum class Side : std::uint8_t { Source, Target };
    bool key_of(const rules::SubjectView& subject, std::uint32_t rule, Side side, Key& key) const;

    const rules::RuleSet* rules_ = nullptr;  // lent by the RuleBook until the next load
    rules::MatchIndex sources_;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> source_places_;  // rule, condition
    rules::MatchIndex targets_;
    boost::unordered_flat_map<Key, Group, KeyHash> groups_;
    boost::unordered_flat_map<Slot, std::vector<Key>> keys_;  // of each alert that is in a group
};

}  // namespace nocturne::engine
