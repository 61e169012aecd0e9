// Inhibitions: alerts that others explain, by rules of two conditions and equal labels.
#pragma once

#include "engine/alert_subject.hpp"
#include "engine/mute.hpp"
#include "engine/rule_book.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <compare>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace nocturne::engine {

// Knows the burning alerts that are source or target of a rule, by the values that both must share;
// so a raise costs the rules that concern the alert, however many alerts burn. All of it follows
// from the rules and the burning alerts: snapshots do not keep it.
class Inhibitions {
   public:
    void load(const rules::RuleSet& rules);

    // The alert burns from now on, or goes on burning with other facts. Appends burning alerts that
    // it may hide, or may hide no more.
    void burns(const AlertTable& alerts, Slot slot, const AlertSubject& subject,
               std::vector<Slot>& targets);
    // It burns no more. Appends burning alerts that it may have hidden.
    void ended(const AlertTable& alerts, Slot slot, std::vector<Slot>& targets);

    // What hides the alert, which burns; a rule in shadow mode hides nothing, and is noted.
    Mute mutes(const AlertTable& alerts, Slot slot, RuleBook& book, model::Time now) const;

    // Whether a rule asks for what a repeated event may change.
    bool asks_for_facts() const { return asks_for_facts_; }

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

    // In this order; so the earliest of each class is found without asking the others.
    struct Source {
        std::uint32_t condition = 0;  // of InhibitRule::sources
        bool is_target = false;       // such a one hides no alert that is source and target too
        model::Id id;
        Slot alert = kNoSlot;

        friend auto operator<=>(const Source&, const Source&) = default;
    };

    struct Group {
        std::set<Source> sources;
        boost::unordered_flat_set<Slot> targets;
    };

    // What an alert is in one group: target, source, or both by two parts.
    struct Part {
        static constexpr std::uint32_t kTarget = UINT32_MAX;

        Key key;
        std::uint32_t condition = kTarget;  // of InhibitRule::sources
        bool is_target = false;

        friend bool operator==(const Part&, const Part&) = default;
    };

    // The key of an alert on one side; false when a value is missing.
    enum class Side : std::uint8_t { Source, Target };
    bool key_of(const rules::SubjectView& subject, std::uint32_t rule, Side side, Key& key) const;
    std::vector<Part> parts_of(const AlertSubject& subject) const;
    void enter(const AlertTable& alerts, Slot slot, const Part& part, std::vector<Slot>& targets);
    void leave(const AlertTable& alerts, Slot slot, const Part& part, std::vector<Slot>& targets);
    // Whether no other of its class is earlier: else it changes nothing for the targets.
    static bool is_first(const Group& group, const Source& source);
    // The earliest source of that condition that hides an alert; kNoSlot: none.
    static Slot source_of(const Group& group, std::uint32_t condition, bool is_source_too);

    const rules::RuleSet* rules_ = nullptr;  // lent by the RuleBook until the next load
    bool asks_for_facts_ = false;
    rules::MatchIndex sources_;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> source_places_;  // rule, condition
    rules::MatchIndex targets_;
    boost::unordered_flat_map<Key, Group, KeyHash> groups_;
    boost::unordered_flat_map<Slot, std::vector<Part>> parts_;  // of each alert that is in a group
};

}  // namespace nocturne::engine
