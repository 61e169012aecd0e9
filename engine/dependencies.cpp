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
    burning_.clear();
}

void Dependencies::append_dependents(Slot slot, const AlertTable& alerts,
                                     const topology::Graph& graph,
                                     std::vector<Slot>& targets) const {
    std::uint8_t hops = 0;
    for (const DependencyRule& rule : rules_->dependencies) {
        // What is loud on the way stops an explanation, so any alert may end one or let it through.
        hops = std::max(hops, rule.hops);
    }
    for (const NodeIndex node : topology::dependents(graph, alerts[slot].node, hops, kNodesMax)) {
        if (const auto found = burning_.find(node); found != burning_.end()) {
            std::copy_if(found->second.begin(), found->second.end(), std::back_inserter(targets),
                         [&](Slot other) { return other != slot; });
        }
    }
}

void Dependencies::burns(const AlertTable& alerts, Slot slot, const topology::Graph& graph,
                         std::vector<Slot>& targets) {
    if (rules_ == nullptr || rules_->dependencies.empty()) {
        return;
    }
    std::vector<Slot>& here = burning_[alerts[slot].node];
    if (std::find(here.begin(), here.end(), slot) == here.end()) {
        here.push_back(slot);
    }
    const AlertSubject subject(alerts, slot);
    const bool concerns_others =
        std::any_of(rules_->dependencies.begin(), rules_->dependencies.end(),
                    [&](const DependencyRule& rule) {  // a cause, or loud on the way to one
                        return subject.matches(rule.cause) || !subject.matches(rule.target);
                    });
    if (concerns_others) {
        append_dependents(slot, alerts, graph, targets);
    }
}

void Dependencies::ended(const AlertTable& alerts, Slot slot, const topology::Graph& graph,
                         std::vector<Slot>& targets) {
    if (rules_ == nullptr || rules_->dependencies.empty()) {
        return;
    }
    const auto found = burning_.find(alerts[slot].node);
    if (found == burning_.end() || std::erase(found->second, slot) == 0) {
        return;
    }
    if (found->second.empty()) {
        burning_.erase(found);
    }
    append_dependents(slot, alerts, graph, targets);
}

Slot Dependencies::cause_on(const AlertTable& alerts, const DependencyRule& rule,
                            NodeIndex node) const {
    const auto found = burning_.find(node);
    Slot first = kNoSlot;
    if (found == burning_.end()) {
        return first;
    }
    for (const Slot slot : found->second) {
        // What another explains is no cause by itself: a ring of services must not hide itself.
        if (alerts[slot].suppression != model::Reason::ExplainedByDependency &&
            (first == kNoSlot || alerts[slot].id < alerts[first].id) &&
            AlertSubject(alerts, slot).matches(rule.cause)) {
            first = slot;
        }
    }
    return first;
}

bool Dependencies::is_loud(const AlertTable& alerts, const DependencyRule& rule,
                           NodeIndex node) const {
    const auto found = burning_.find(node);
    return found != burning_.end() &&
           std::any_of(found->second.begin(), found->second.end(),
                       [&](Slot slot) { return !AlertSubject(alerts, slot).matches(rule.target); });
}

bool Dependencies::is_stood_in_for(const AlertTable& alerts, const DependencyRule& rule,
                                   NodeIndex dependent, NodeIndex node,
                                   const topology::Graph& graph) const {
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
            cause_on(alerts, rule, other) == kNoSlot) {
            ++well;
        }
    });
    return well >= rule.needs;
}

Slot Dependencies::find_cause(const AlertTable& alerts, const DependencyRule& rule, Slot slot,
                              const topology::Graph& graph) const {
    boost::unordered_flat_set<NodeIndex> seen{alerts[slot].node};
    std::vector<NodeIndex> level{alerts[slot].node};
    for (std::uint8_t hop = 0; hop < rule.hops && !level.empty(); ++hop) {
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
                if (seen.size() < kNodesMax && !is_loud(alerts, rule, below) &&
                    seen.insert(below).second) {
                    next.push_back(below);
                }
            });
        }
        if (cause != kNoSlot) {
            return cause;  // the nearest, and of those the first
        }
        level = std::move(next);
    }
    return kNoSlot;
}

Mute Dependencies::mutes(const AlertTable& alerts, Slot slot, const topology::Graph& graph,
                         RuleBook& book, model::Time now) const {
    if (rules_ == nullptr || rules_->dependencies.empty()) {
        return {};
    }
    const AlertSubject subject(alerts, slot);
    for (const DependencyRule& rule : rules_->dependencies) {
        if (!subject.matches(rule.target)) {
            continue;
        }
        const Slot cause = find_cause(alerts, rule, slot, graph);
        if (cause != kNoSlot && book.note(rule.rule, now)) {
            return {model::Reason::ExplainedByDependency, rule.rule, alerts[cause].id,
                    std::string(alerts.text(alerts[cause].check)) + " on " +
                        std::string(alerts.text(alerts[cause].resource)) +
                        ", which it depends on, explains it"};
        }
    }
    return {};
}

}  // namespace nocturne::engine
