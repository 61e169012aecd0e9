// Identities: which events are one alert where a rule says so, and what was folded into what.
#pragma once

#include "engine/alert_table.hpp"
#include "engine/rule_book.hpp"
#include "model/codec.hpp"
#include "model/event.hpp"
#include "rules/match_index.hpp"
#include "rules/rule_set.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace nocturne::engine {

class Identities {
   public:
    static constexpr std::uint32_t kNoNumber = UINT32_MAX;
    static constexpr std::size_t kMergedMax = 16;         // listed of one alert
    static constexpr std::size_t kUnmergedMax = 10'000;   // beyond it the smallest is given up
    static constexpr std::size_t kEarlyEndsMax = 65'536;  // beyond it the oldest is forgotten

    // An identity as its source sent it.
    struct Merged {
        model::Fingerprint identity;
        std::string text;  // "zabbix: disk full on db1"
        std::uint64_t count = 0;
    };

    void load(const rules::RuleSet& rules);

    // The dedup rule for the event, its place in RuleSet::dedups; kNoNumber when none matches but
    // in shadow mode.
    std::uint32_t find_rule(const rules::SubjectView& subject, RuleBook& book,
                            model::Time now) const;
    // The identity that the rule gives it; the same as that of an event that has only these fields.
    static model::Fingerprint identity_of(const rules::DedupRule& rule,
                                          const rules::SubjectView& subject);

    void note(Slot alert, const model::EventView& event);
    const std::vector<Merged>& merged_into(Slot alert) const;

    // What was given up at the bounds above, since the start.
    struct GivenUp {
        std::uint64_t merged = 0;  // identities not listed
        std::uint64_t unmerged = 0;
        std::uint64_t early_ends = 0;  // before they were too old
    };

    const GivenUp& given_up() const { return given_up_; }

    void forget(Slot alert) { merged_.erase(alert); }

    // From now on dedup rules leave the identity alone.
    void unmerge(const model::Fingerprint& identity);

    bool is_unmerged(const model::Fingerprint& identity) const {
        return !unmerged_.empty() && unmerged_.contains(identity);
    }

    // A resolution of what has not fired yet, by the source's time: its event is then old news.
    void note_early_end(const model::Fingerprint& identity, model::Time time, model::Time now,
                        model::Duration lateness);
    bool has_ended_early(const model::Fingerprint& identity, model::Time time, model::Time now,
                         model::Duration lateness);

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    struct EarlyEnd {
        model::Fingerprint identity;
        model::Time time;
        model::Time noted_at;
    };

    void keep_early_end(const EarlyEnd& end);
    void forget_early_ends(model::Time now, model::Duration lateness);

    rules::MatchIndex index_;
    GivenUp given_up_;
    std::map<Slot, std::vector<Merged>> merged_;
    std::set<model::Fingerprint> unmerged_;
    std::deque<EarlyEnd> early_ends_;  // in the order of arrival

    // Of one identity in early_ends_.
    struct EarlyTime {
        model::Time time;  // of the last that came
        std::size_t count = 0;
    };

    boost::unordered_flat_map<model::Fingerprint, EarlyTime, model::FingerprintHash> early_times_;
};

}  // namespace nocturne::engine
