// Routes and lifecycles: the rules that an incident or an alert goes by, and the routes' budgets.
#pragma once

#include "engine/alert_subject.hpp"
#include "engine/rule_book.hpp"
#include "model/codec.hpp"
#include "model/incident.hpp"

#include <deque>
#include <vector>

namespace nocturne::engine {

// The alert that an incident is judged by: the worst, and of those the first. kNoSlot: it has none.
// Asks only alerts that joined since the last call; forget_worst() is due when an alert left, or
// another severity became the worst of one.
Slot worst_of(const AlertTable& alerts, model::Incident& incident);
void forget_worst(model::Incident& incident);

class Routes {
   public:
    void load(const rules::RuleSet& rules);

    bool empty() const { return rules_ == nullptr || rules_->routes.empty(); }

    // The first rule that matches the incident; nullptr: none. Rules in shadow mode are noted.
    const rules::RouteRule* find(const AlertTable& alerts, model::Incident& incident,
                                 RuleBook& book, model::Time now) const;

    // Takes a word from the rule's budget; false when it is spent.
    bool spend(const rules::RouteRule& rule, model::Time now);

    // The first lifecycle rule that matches the alert; nullptr: none.
    const rules::LifecycleRule* lifecycle_of(const AlertTable& alerts, Slot alert) const;

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    const rules::RuleSet* rules_ = nullptr;  // lent by the RuleBook until the next load
    rules::MatchIndex index_;
    rules::MatchIndex lifecycles_;
    std::vector<std::deque<model::Time>> spent_;  // words within the budget's window, one a rule
};

}  // namespace nocturne::engine
