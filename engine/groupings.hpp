// Groupings: which group rule gathers an alert, and by what key.
#pragma once

#include "engine/alert_subject.hpp"
#include "engine/rule_book.hpp"
#include "rules/rule_set.hpp"

#include <string>

namespace nocturne::engine {

// Follows from the rules alone.
class Groupings {
   public:
    void load(const rules::RuleSet& rules);

    // The first rule that matches, those in shadow mode aside, or nullptr.
    const rules::GroupRule* find(const AlertSubject& subject, RuleBook& book,
                                 model::Time now) const;

    // What the rule's fields say of the alert, as a key and in words ("cluster=a, check=b").
    model::Fingerprint key_of(const rules::GroupRule& rule, const rules::SubjectView& subject,
                              std::string& text) const;

   private:
    const rules::RuleSet* rules_ = nullptr;  // lent by the RuleBook until the next load
    rules::MatchIndex index_;
};

}  // namespace nocturne::engine
