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
    planned_.assign(active_.size(), model::kNoTime);
    for (std::uint32_t window = 0; window < active_.size(); ++window) {
        const Run run = run_at(window, now);
        active_[window] = run.from != model::kNoTime && run.from <= now;
        planned_[window] = turn_after(window, now);
    }
    named_.clear();
    for (const MaintenanceRule& rule : rules.maintenances) {
        named_.insert(named_.end(), rule.nodes.begin(), rule.nodes.end());
    }
    std::sort(named_.begin(), named_.end());
    is_indexed_ = false;
}

void Maintenances::plan(Deadlines& deadlines) const {
    for (std::uint32_t window = 0; window < planned_.size(); ++window) {
        if (planned_[window] != model::kNoTime) {
            deadlines.add(planned_[window], Deadline::Kind::Maintenance, window);
        }
    }
}

model::Time Maintenances::turn_after(std::uint32_t window, model::Time now) const {
    const Run run = run_at(window, now);
    return run.from > now ? run.from : run.until;
}

Maintenances::Turn Maintenances::look_at(Slot window, model::Time now, Deadlines& deadlines) {
    if (window >= active_.size()) {
        return Turn::None;  // of rules that were there before
    }
    // One run may end where the next begins; a deadline may be left from rules before.
    if (const model::Time turn = turn_after(window, now); turn != planned_[window]) {
        planned_[window] = turn;
        if (turn != model::kNoTime) {
            deadlines.add(turn, Deadline::Kind::Maintenance, window);
        }
    }
    const Run run = run_at(window, now);
    const bool is_active = run.from != model::kNoTime && run.from <= now;
    if (is_active == active_[window]) {
        return Turn::None;
    }
    active_[window] = is_active;
    turned_.push_back(window);
    return is_active ? Turn::Begins : Turn::Ends;
}

void Maintenances::node_came(std::string_view name) {
    if (std::binary_search(named_.begin(), named_.end(), name)) {
        is_indexed_ = false;
    }
}

void Maintenances::index(const topology::Graph& graph) {
    std::vector<const rules::Condition*> conditions;
    numbers_.clear();
    covering_.clear();
    turned_.clear();
    for (std::uint32_t window = 0; window < active_.size(); ++window) {
        const MaintenanceRule& rule = rules_->maintenances[window];
        if (rule.nodes.empty()) {
            conditions.push_back(&rule.match);
            numbers_.push_back(window);
        } else if (active_[window]) {
            cover(window, graph);
        }
    }
    index_ = rules::MatchIndex(conditions);
    is_indexed_ = true;
}

void Maintenances::cover(std::uint32_t window, const topology::Graph& graph) {
    const MaintenanceRule& rule = rules_->maintenances[window];
    for (const std::string& name : rule.nodes) {
        const topology::NodeIndex node = graph.find(name);
        if (node == topology::kNoNode) {
            continue;  // it may come with the next change of the graph, or with an event
        }
        const std::vector<topology::NodeIndex> dependents =
            topology::dependents(graph, node, rule.dependents, kCoveredMax);
        cut_ += active_[window] && dependents.size() >= kCoveredMax ? 1U : 0U;
        for (const topology::NodeIndex covered : dependents) {
            std::vector<std::uint32_t>& windows = covering_[covered];
            const auto place = std::lower_bound(windows.begin(), windows.end(), window);
            const bool is_there = place != windows.end() && *place == window;
            if (active_[window] && !is_there) {
                windows.insert(place, window);
            } else if (!active_[window] && is_there) {
                windows.erase(place);
            }
            if (windows.empty()) {
                covering_.erase(covered);
            }
        }
    }
}

void Maintenances::find(const AlertSubject& subject, const model::Alert& alert,
                        const topology::Graph& graph, std::vector<std::uint32_t>& windows) {
    if (!is_indexed_) {
        index(graph);
    }
    for (const std::uint32_t window : turned_) {
        cover(window, graph);
    }
    turned_.clear();
    windows.clear();
    if (numbers_.empty() && covering_.empty()) {
        return;
    }
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
        std::sort(windows.begin(), windows.end());
    }
    std::erase_if(windows, [&](std::uint32_t window) { return !active_[window]; });
}

bool Maintenances::covers(const AlertSubject& subject, const model::Alert& alert,
                          const topology::Graph& graph) {
    std::vector<std::uint32_t> windows;
    find(subject, alert, graph, windows);
    return !windows.empty();
}

Mute Maintenances::mutes(const AlertSubject& subject, const model::Alert& alert,
                         const topology::Graph& graph, RuleBook& book, model::Time now) {
    std::vector<std::uint32_t> windows;
    find(subject, alert, graph, windows);
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
