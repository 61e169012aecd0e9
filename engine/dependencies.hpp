// Dependencies: alerts that the fault of something they depend on explains.
#pragma once

#include "engine/alert_subject.hpp"
#include "engine/mute.hpp"
#include "engine/rule_book.hpp"
#include "topology/graph.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <vector>

namespace nocturne::engine {

// Follows from the rules, the graph and the burning alerts: snapshots do not keep it.
class Dependencies {
   public:
    void load(const rules::RuleSet& rules);

    // The alert burns from now on. Appends burning alerts that it may explain.
    void burns(const AlertTable& alerts, Slot slot, const topology::Graph& graph,
               std::vector<Slot>& targets);
    // It burns no more. Appends burning alerts that it may have explained.
    void ended(const AlertTable& alerts, Slot slot, const topology::Graph& graph,
               std::vector<Slot>& targets);

    // Nodes have other numbers after a change of the graph: forgets all; burns() is to be called
    // for each burning alert again.
    void clear() { burning_.clear(); }

    Mute mutes(const AlertTable& alerts, Slot slot, const topology::Graph& graph, RuleBook& book,
               model::Time now) const;

   private:
    static constexpr std::size_t kNodesMax = 10'000;  // looked at from one alert

    // The earliest alert that explains what burns on `node`, down its dependencies.
    Slot find_cause(const AlertTable& alerts, const rules::DependencyRule& rule, Slot slot,
                    const topology::Graph& graph) const;
    Slot cause_on(const AlertTable& alerts, const rules::DependencyRule& rule,
                  topology::NodeIndex node) const;
    // Whether something burns there that the rule does not explain.
    bool is_loud(const AlertTable& alerts, const rules::DependencyRule& rule,
                 topology::NodeIndex node) const;
    // Whether enough of those that stand in for `node` below `dependent` are well.
    bool is_stood_in_for(const AlertTable& alerts, const rules::DependencyRule& rule,
                         topology::NodeIndex dependent, topology::NodeIndex node,
                         const topology::Graph& graph) const;
    void append_dependents(Slot slot, const AlertTable& alerts, const topology::Graph& graph,
                           std::vector<Slot>& targets) const;

    const rules::RuleSet* rules_ = nullptr;  // lent by the RuleBook until the next load
    boost::unordered_flat_map<topology::NodeIndex, std::vector<Slot>> burning_;
};

}  // namespace nocturne::engine
