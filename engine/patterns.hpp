// Patterns: events that mean something together, in one after the other, or by their absence.
#pragma once

#include "engine/alert_table.hpp"
#include "engine/deadlines.hpp"
#include "engine/rule_book.hpp"
#include "model/codec.hpp"
#include "model/event.hpp"
#include "rules/match_index.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <deque>
#include <list>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace nocturne::engine {

// An event that a pattern raises; it goes the way of any event, but into no pattern.
struct EmittedEvent {
    std::string resource;
    std::string check;
    std::string summary;
    std::vector<std::pair<std::string, std::string>> labels;  // sorted by name
    model::Severity severity = model::Severity::Warning;
    model::EventStatus status = model::EventStatus::Firing;
    rules::RuleIndex rule = rules::kNoRule;

    // Borrows from this and from `labels_room`.
    model::EventView view(std::vector<model::LabelView>& labels_room) const;
};

// Windows are counted by arrival. Heartbeat rules are patterns of absence.
class Patterns {
   public:
    // Carries over what rules that stay as they are have seen; plans what the clock starts.
    void load(const rules::RuleSet& rules, model::Time now, Deadlines* deadlines);

    // What the event completes. True when a pattern keeps it to itself: it is no alert.
    bool take(const rules::SubjectView& event, RuleBook& book, model::Time now,
              Deadlines& deadlines, std::vector<EmittedEvent>& emitted);
    // What time alone completes for the pattern of that number.
    void look_at(Slot pattern, RuleBook& book, model::Time now, Deadlines& deadlines,
                 std::vector<EmittedEvent>& emitted);

    // Calls visit(number of the heartbeat rule, SourceSilent as it was told, since when) for each
    // source that is silent now, those longest silent first.
    template <typename Visit>
    void for_each_silent(Visit&& visit) const {
        if (rules_ == nullptr) {
            return;
        }
        for (std::size_t i = rules_->patterns.size(); i < patterns_.size(); ++i) {
            // What was heard of later stands behind it, and is not silent.
            for (const Entry& entry : patterns_[i].entries) {
                if (!entry.is_open) {
                    break;
                }
                visit(i - rules_->patterns.size(), entry.first, entry.since);
            }
        }
    }

    std::size_t key_count() const;

    std::uint64_t given_up() const { return given_up_; }

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    enum class Role : std::uint8_t { Match, Then, Unless, Member };

    struct Place {
        std::uint32_t pattern = 0;
        Role role = Role::Match;
        std::uint32_t member = 0;
    };

    // What is known of one combination of values.
    struct Entry {
        model::Fingerprint key;
        bool is_open = false;  // waits for what comes next; above the threshold; silent
        model::Time since = model::kNoTime;
        model::Time muted_until = model::kNoTime;
        model::Time due = model::kNoTime;
        std::vector<std::deque<model::Time>> hits;  // one, or one a member
        EmittedEvent first;                         // rendered from the event that began it
        EmittedEvent then;
    };

    struct Pattern {
        rules::PatternRule rule;
        model::Fingerprint content;
        std::list<Entry> entries;  // the quietest first
        boost::unordered_flat_map<model::Fingerprint, std::list<Entry>::iterator,
                                  model::FingerprintHash>
            by_key;
        std::set<std::pair<model::Time, model::Fingerprint>> due;
        model::Time planned = model::kNoTime;  // the deadline that was asked for
    };

    // So many times are kept of one key; more of them decide nothing.
    static std::size_t hits_max(const rules::PatternRule& rule, std::uint32_t member);
    static rules::PatternRule pattern_of(const rules::HeartbeatRule& rule);
    Entry& entry_of(Pattern& pattern, const model::Fingerprint& key);
    void expect(Pattern& pattern, const std::string& value, model::Time now);
    void set_due(Pattern& pattern, Entry& entry, model::Time due);
    void plan(std::uint32_t number, Deadlines& deadlines);
    EmittedEvent render(const rules::PatternRule& rule, const std::optional<rules::Emit>& emit,
                        const rules::SubjectView& event, std::size_t count) const;
    void matched(Pattern& pattern, Entry& entry, const Place& place,
                 const rules::SubjectView& event, model::Time now,
                 std::vector<EmittedEvent>& emitted);
    void counted(Pattern& pattern, Entry& entry, std::uint32_t member,
                 const rules::SubjectView& event, model::Time now,
                 std::vector<EmittedEvent>& emitted);
    void passed(Pattern& pattern, Entry& entry, model::Time now,
                std::vector<EmittedEvent>& emitted);
    // Takes away what rules in shadow mode emitted.
    static void settle(std::vector<EmittedEvent>& emitted, std::size_t from, RuleBook& book,
                       model::Time now);

    const rules::RuleSet* rules_ = nullptr;  // lent by the RuleBook until the next load
    rules::MatchIndex index_;
    std::vector<Place> places_;  // what index_ numbers
    std::vector<Pattern> patterns_;
    std::uint64_t given_up_ = 0;
    std::vector<std::uint32_t> found_;  // kept for its memory
};

}  // namespace nocturne::engine
