#include "engine/maintenances.hpp"

#include "topology/neighbourhood.hpp"

#include <algorithm>

namespace nocturne::engine {

using rules::MaintenanceRule;

namespace {

constexpr std::size_t kCoveredMax = 100'000;  // nodes of one window; those further away are not

}  // namespace

Maintenances::Run Maintenances::run_at(std::uint32_t window, model::Time now) const {
    const MaintenanceRule& rule = rules_->maintenances[window];
    if (rule.from != model::kNoTime) {
        return rule.until > now ? Run{rule.from, rule.until} : Run{};
    }
    const model::ZoneTable& zone = rules_->zones[rule.zone];
    const model::Time last = rule.schedule.last(now, zone);
    if (last != model::kNoTime && last + rule.lasts > now) {
        return {last, last + rule.lasts};
    }
    const model::Time next = rule.schedule.next(now, zone);
    return next == model::Time::max() ? Run{} : Run{next, next + rule.lasts};
}

void Maintenances::load(const rules::RuleSet& rules, model::Time now) {
    rules_ = &rules;
    active_.assign(rules.maintenances.size(), false);
    for (std::uint32_t window = 0; window < active_.size(); ++window) {
        const Run run = run_at(window, now);
        active_[window] = run.from != model::kNoTime && run.from <= now;
    }
    is_indexed_ = false;
}

void Maintenances::plan(model::Time now, Deadlines& deadlines) {
    for (std::uint32_t window = 0; window < active_.size(); ++window) {
        plan(window, now, deadlines);
    }
}

void Maintenances::plan(std::uint32_t window, model::Time now, Deadlines& deadlines) {
    const Run run = run_at(window, now);
    if (run.from != model::kNoTime) {
        deadlines.add(run.from > now ? run.from : run.until, Deadline::Kind::Maintenance, window);
    }
}

Maintenances::Turn Maintenances::look_at(Slot window, model::Time now, Deadlines& deadlines) {
    if (window >= active_.size()) {
        return Turn::None;  // of rules that were there before
    }
    const Run run = run_at(window, now);
    const bool is_active = run.from != model::kNoTime && run.from <= now;
    if (is_active == active_[window]) {
        return Turn::None;
    }
    active_[window] = is_active;
    plan(window, now, deadlines);
    is_indexed_ = false;
    return is_active ? Turn::Begins : Turn::Ends;
}

void Maintenances::index(const topology::Graph& graph) {
    std::vector<const rules::Condition*> conditions;
    numbers_.clear();
    covering_.clear();
    for (std::uint32_t window = 0; window < active_.size(); ++window) {
        const MaintenanceRule& rule = rules_->maintenances[window];
        if (!active_[window]) {
            continue;
        }
        if (rule.nodes.empty()) {
            conditions.push_back(&rule.match);
            numbers_.push_back(window);
            continue;
        }
        for (const std::string& name : rule.nodes) {
            const topology::NodeIndex node = graph.find(name);
            if (node == topology::kNoNode) {
                continue;  // it may come with the next change of the graph
            }
            for (const topology::NodeIndex covered :
                 topology::dependents(graph, node, rule.dependents, kCoveredMax)) {
                std::vector<std::uint32_t>& windows = covering_[covered];
                if (windows.empty() || windows.back() != window) {
                    windows.push_back(window);
                }
            }
        }
    }
    index_ = rules::MatchIndex(conditions);
    is_indexed_ = true;
}

Mute Maintenances::mutes(const AlertSubject& subject, const model::Alert& alert,
                         const topology::Graph& graph, RuleBook& book, model::Time now) {
    if (!is_indexed_) {
        index(graph);
    }
    if (numbers_.empty() && covering_.empty()) {
        return {};
    }
    std::vector<std::uint32_t> windows;
    subject.find(index_, windows);
    for (std::uint32_t& window : windows) {
        window = numbers_[window];
    }
    if (const auto found = covering_.find(alert.node); found != covering_.end()) {
        for (const std::uint32_t window : found->second) {
            if (subject.matches(rules_->maintenances[window].match)) {
                windows.push_back(window);
            }
        }
    }
    for (const std::uint32_t window : windows) {
        const MaintenanceRule& rule = rules_->maintenances[window];
        if (book.note(rule.rule, now)) {
            return {model::Reason::InMaintenance, rule.rule, model::kNoId,
                    "until " + model::format_time(run_at(window, now).until)};
        }
    }
    return {};
}

}  // namespace nocturne::engine
