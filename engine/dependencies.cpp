#include "engine/dependencies.hpp"

#include "topology/neighbourhood.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace nocturne::engine {

using rules::DependencyRule;
using topology::NodeIndex;

namespace {

std::string_view label_of(const topology::Node& node, std::string_view name) {
    const auto found = std::find_if(node.labels.begin(), node.labels.end(),
                                    [&](const auto& label) { return label.first == name; });
    return found == node.labels.end() ? std::string_view() : found->second;
}

}  // namespace

void Dependencies::load(const rules::RuleSet& rules) {
    rules_ = &rules;
    clear();
    asks_for_facts_ = false;
    hops_max_ = 0;
    std::vector<const rules::Condition*> causes;
    std::vector<const rules::Condition*> targets;
    for (const DependencyRule& rule : rules.dependencies) {
        causes.push_back(&rule.cause);
        targets.push_back(&rule.target);
        hops_max_ = std::max(hops_max_, rule.hops);
        asks_for_facts_ = asks_for_facts_ || engine::asks_for_facts(rule.cause) ||
                          engine::asks_for_facts(rule.target);
    }
    causes_ = rules::MatchIndex(causes);
    targets_ = rules::MatchIndex(targets);
}

void Dependencies::clear() {
    burning_.clear();
    cause_count_ = 0;
}

Dependencies::Burning* Dependencies::find(NodeIndex node, Slot alert) {
    const auto here = burning_.find(node);
    if (here == burning_.end()) {
        return nullptr;
    }
    const auto found = std::find_if(here->second.begin(), here->second.end(),
                                    [&](const Burning& burning) { return burning.alert == alert; });
    return found == here->second.end() ? nullptr : &*found;
}

bool Dependencies::leads_to_cause(NodeIndex node, const topology::Graph& graph) const {
    topology::NearLimits limits;
    limits.hops = hops_max_;
    limits.nodes_max = kNodesMax;
    const std::vector<topology::Near> below = topology::below(graph, node, limits);
    return std::any_of(below.begin(), below.end(), [&](const topology::Near& near) {
        const auto found = burning_.find(near.node);
        return found != burning_.end() &&
               std::any_of(found->second.begin(), found->second.end(),
                           [](const Burning& burning) { return !burning.causes.empty(); });
    });
}

void Dependencies::append_dependents(Slot slot, const AlertTable& alerts,
                                     const topology::Graph& graph, std::vector<Slot>& targets) {
    const std::vector<NodeIndex> dependents =
        topology::dependents(graph, alerts[slot].node, hops_max_, kNodesMax);
    cut_ += dependents.size() >= kNodesMax ? 1U : 0U;
    for (const NodeIndex node : dependents) {
        const auto found = burning_.find(node);
        if (found == burning_.end()) {
            continue;
        }
        for (const Burning& burning : found->second) {
            if (burning.alert != slot && !burning.targets.empty()) {
                targets.push_back(burning.alert);
            }
        }
    }
}

void Dependencies::learn(const AlertTable& alerts, Slot slot) {
    if (rules_ == nullptr || rules_->dependencies.empty()) {
        return;
    }
    const NodeIndex node = alerts[slot].node;
    Burning* known = find(node, slot);
    if (known == nullptr) {
        known = &burning_[node].emplace_back(Burning{slot, {}, {}});
    }
    const AlertSubject subject(alerts, slot);
    cause_count_ -= known->causes.empty() ? 0U : 1U;
    subject.find(causes_, known->causes);
    subject.find(targets_, known->targets);
    cause_count_ += known->causes.empty() ? 0U : 1U;
}

void Dependencies::burns(const AlertTable& alerts, Slot slot, const topology::Graph& graph,
                         std::vector<Slot>& targets) {
    if (rules_ == nullptr || rules_->dependencies.empty()) {
        return;
    }
    const NodeIndex node = alerts[slot].node;
    const Burning* before = find(node, slot);
    const bool was_cause = before != nullptr && !before->causes.empty();
    learn(alerts, slot);
    const bool is_cause = !find(node, slot)->causes.empty();
    // What is loud on the way to a cause stops an explanation.
    if (was_cause || is_cause || (cause_count_ > 0 && leads_to_cause(node, graph))) {
        append_dependents(slot, alerts, graph, targets);
    }
}

void Dependencies::ended(const AlertTable& alerts, Slot slot, const topology::Graph& graph,
                         std::vector<Slot>& targets) {
    if (rules_ == nullptr || rules_->dependencies.empty()) {
        return;
    }
    const NodeIndex node = alerts[slot].node;
    const Burning* known = find(node, slot);
    if (known == nullptr) {
        return;
    }
    const bool was_cause = !known->causes.empty();
    cause_count_ -= was_cause ? 1U : 0U;
    std::vector<Burning>& here = burning_.at(node);
    here.erase(here.begin() + (known - here.data()));
    if (here.empty()) {
        burning_.erase(node);
    }
    if (was_cause || (cause_count_ > 0 && leads_to_cause(node, graph))) {
        append_dependents(slot, alerts, graph, targets);
    }
}

Slot Dependencies::cause_on(const AlertTable& alerts, std::uint32_t rule, NodeIndex node) const {
    const auto found = burning_.find(node);
    Slot first = kNoSlot;
    if (found == burning_.end()) {
        return first;
    }
    for (const Burning& burning : found->second) {
        // What another explains is no cause by itself: a ring of services must not hide itself.
        if (alerts[burning.alert].suppression != model::Reason::ExplainedByDependency &&
            (first == kNoSlot || alerts[burning.alert].id < alerts[first].id) &&
            std::binary_search(burning.causes.begin(), burning.causes.end(), rule)) {
            first = burning.alert;
        }
    }
    return first;
}

bool Dependencies::is_loud(std::uint32_t rule, NodeIndex node) const {
    const auto found = burning_.find(node);
    return found != burning_.end() &&
           std::any_of(found->second.begin(), found->second.end(), [&](const Burning& burning) {
               return !std::binary_search(burning.targets.begin(), burning.targets.end(), rule);
           });
}

bool Dependencies::is_stood_in_for(const AlertTable& alerts, std::uint32_t number,
                                   NodeIndex dependent, NodeIndex node,
                                   const topology::Graph& graph) const {
    const DependencyRule& rule = rules_->dependencies[number];
    if (rule.redundancy_label.empty()) {
        return false;
    }
    const std::string_view pool = label_of(graph.node(node), rule.redundancy_label);
    if (pool.empty()) {
        return false;
    }
    std::uint32_t well = 0;
    graph.for_each_dependency(dependent, [&](NodeIndex other, const topology::Edge&) {
        if (label_of(graph.node(other), rule.redundancy_label) == pool &&
            cause_on(alerts, number, other) == kNoSlot) {
            ++well;
        }
    });
    return well >= rule.needs;
}

Slot Dependencies::find_cause(const AlertTable& alerts, std::uint32_t rule, Slot slot,
                              const topology::Graph& graph) {
    boost::unordered_flat_set<NodeIndex> seen{alerts[slot].node};
    std::vector<NodeIndex> level{alerts[slot].node};
    for (std::uint8_t hop = 0; hop < rules_->dependencies[rule].hops && !level.empty(); ++hop) {
        std::vector<NodeIndex> next;
        Slot cause = kNoSlot;
        for (const NodeIndex node : level) {
            graph.for_each_dependency(node, [&](NodeIndex below, const topology::Edge&) {
                if (is_stood_in_for(alerts, rule, node, below, graph)) {
                    return;
                }
                const Slot found = cause_on(alerts, rule, below);
                if (found != kNoSlot && found != slot &&
                    (cause == kNoSlot || alerts[found].id < alerts[cause].id)) {
                    cause = found;
                }
                if (seen.size() < kNodesMax && !is_loud(rule, below) && seen.insert(below).second) {
                    next.push_back(below);
                }
            });
        }
        cut_ += seen.size() >= kNodesMax ? 1U : 0U;
        if (cause != kNoSlot) {
            return cause;  // the nearest, and of those the first
        }
        level = std::move(next);
    }
    return kNoSlot;
}

Mute Dependencies::mutes(const AlertTable& alerts, Slot slot, const topology::Graph& graph,
                         RuleBook& book, model::Time now) {
    if (cause_count_ == 0) {
        return {};
    }
    const auto here = burning_.find(alerts[slot].node);
    if (here == burning_.end()) {
        return {};
    }
    const auto burning = std::find_if(here->second.begin(), here->second.end(),
                                      [&](const Burning& one) { return one.alert == slot; });
    if (burning == here->second.end()) {
        return {};
    }
    for (const std::uint32_t number : burning->targets) {
        const rules::RuleIndex rule = rules_->dependencies[number].rule;
        const Slot cause = find_cause(alerts, number, slot, graph);
        if (cause != kNoSlot && book.note(rule, now)) {
            return {model::Reason::ExplainedByDependency, rule, alerts[cause].id,
                    std::string(alerts.text(alerts[cause].check)) + " on " +
                        std::string(alerts.text(alerts[cause].resource)) +
                        ", which it depends on, explains it"};
        }
    }
    return {};
}

}  // namespace nocturne::engine
