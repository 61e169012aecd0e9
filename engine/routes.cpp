#include "engine/routes.hpp"

#include <map>
#include <utility>

namespace nocturne::engine {

Slot worst_of(const AlertTable& alerts, model::Incident& incident) {
    for (; incident.worst_among < incident.alerts.size(); ++incident.worst_among) {
        const Slot slot = incident.alerts[incident.worst_among];
        if (incident.worst == kNoSlot ||
            alerts[slot].severity_worst > alerts[incident.worst].severity_worst) {
            incident.worst = slot;
        }
    }
    return incident.worst;
}

void forget_worst(model::Incident& incident) {
    incident.worst = kNoSlot;
    incident.worst_among = 0;
}

void Routes::load(const rules::RuleSet& rules) {
    std::map<model::Fingerprint, std::deque<model::Time>> same;
    for (std::size_t i = 0; i < spent_.size(); ++i) {
        same.emplace(rules_->rules[rules_->routes[i].rule].content, std::move(spent_[i]));
    }
    rules_ = &rules;
    spent_.assign(rules.routes.size(), {});
    std::vector<const rules::Condition*> conditions;
    for (std::size_t i = 0; i < rules.routes.size(); ++i) {
        conditions.push_back(&rules.routes[i].match);
        if (const auto found = same.find(rules.rules[rules.routes[i].rule].content);
            found != same.end()) {
            spent_[i] = std::move(found->second);
        }
    }
    index_ = rules::MatchIndex(conditions);
    conditions.clear();
    for (const rules::LifecycleRule& rule : rules.lifecycles) {
        conditions.push_back(&rule.match);
    }
    lifecycles_ = rules::MatchIndex(conditions);
}

const rules::RouteRule* Routes::find(const AlertTable& alerts, model::Incident& incident,
                                     RuleBook& book, model::Time now) const {
    const Slot worst = worst_of(alerts, incident);
    if (worst == kNoSlot) {
        return nullptr;
    }
    const AlertSubject subject(alerts, worst);
    rules::SubjectView view = subject.view();
    view.severity = incident.severity;
    std::vector<std::uint32_t> found;
    index_.find(view, found);
    for (const std::uint32_t number : found) {
        const rules::RouteRule& rule = rules_->routes[number];
        if (!book.is_shadow(rule.rule)) {
            return &rule;
        }
        (void)book.note(rule.rule, now);
    }
    return nullptr;
}

bool Routes::spend(const rules::RouteRule& rule, model::Time now) {
    if (rule.budget == 0) {
        return true;
    }
    std::deque<model::Time>& spent =
        spent_[static_cast<std::size_t>(&rule - rules_->routes.data())];
    while (!spent.empty() && now - spent.front() >= rule.budget_window) {
        spent.pop_front();
    }
    if (spent.size() >= rule.budget) {
        return false;
    }
    spent.push_back(now);
    return true;
}

const rules::LifecycleRule* Routes::lifecycle_of(const AlertTable& alerts, Slot alert) const {
    if (rules_ == nullptr || rules_->lifecycles.empty()) {
        return nullptr;
    }
    std::vector<std::uint32_t> found;
    AlertSubject(alerts, alert).find(lifecycles_, found);
    for (const std::uint32_t number : found) {
        const rules::LifecycleRule& rule = rules_->lifecycles[number];
        if (rules_->rules[rule.rule].mode == rules::Mode::On) {
            return &rule;
        }
    }
    return nullptr;
}

void Routes::encode(model::Writer& out) const {
    out.varint(spent_.size());
    for (const std::deque<model::Time>& spent : spent_) {
        out.varint(spent.size());
        for (const model::Time at : spent) {
            out.zigzag(model::to_unix_ms(at));
        }
    }
}

void Routes::decode(model::Reader& in) {
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        std::deque<model::Time> spent;
        for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
            spent.push_back(model::from_unix_ms(in.zigzag()));
        }
        if (i < spent_.size()) {
            spent_[i] = std::move(spent);
        }
    }
}

}  // namespace nocturne::engine
