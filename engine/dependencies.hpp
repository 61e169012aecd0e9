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

// Knows of each burning alert what it is to the rules; so a raise costs the rules that concern it,
// and a walk only where there is a cause. Follows from the rules, the graph and the burning alerts:
// snapshots do not keep it.
class Dependencies {
   public:
    void load(const rules::RuleSet& rules);

    // The alert burns from now on, or goes on burning with other facts. Appends burning alerts that
    // it may explain, or whose explanation it may stop or let through.
    void burns(const AlertTable& alerts, Slot slot, const topology::Graph& graph,
               std::vector<Slot>& targets);
    // It burns no more. Appends burning alerts that it may have explained.
    void ended(const AlertTable& alerts, Slot slot, const topology::Graph& graph,
               std::vector<Slot>& targets);

    // Nodes have other numbers after a change of the graph: forgets all; burns() is to be called
    // for each burning alert again.
    void clear();
    // As burns(), without asking whom it concerns.
    void learn(const AlertTable& alerts, Slot slot);

    // Walks that looked at no more nodes than the bound, since the start.
    std::uint64_t cut() const { return cut_; }

    // Whether a rule asks for what a repeated event may change.
    bool asks_for_facts() const { return asks_for_facts_; }

    Mute mutes(const AlertTable& alerts, Slot slot, const topology::Graph& graph, RuleBook& book,
               model::Time now);

   private:
    static constexpr std::size_t kNodesMax = 10'000;  // looked at from one alert

    // Rules are named by their places in RuleSet::dependencies, ascending.
    struct Burning {
        Slot alert = kNoSlot;
        std::vector<std::uint32_t> causes;   // the rules that it is a cause for
        std::vector<std::uint32_t> targets;  // the rules that may explain it
    };

    Burning* find(topology::NodeIndex node, Slot alert);
    // The earliest alert that explains what burns on `node`, down its dependencies.
    Slot find_cause(const AlertTable& alerts, std::uint32_t rule, Slot slot,
                    const topology::Graph& graph);
    Slot cause_on(const AlertTable& alerts, std::uint32_t rule, topology::NodeIndex node) const;
    // Whether something burns there that the rule does not explain.
    bool is_loud(std::uint32_t rule, topology::NodeIndex node) const;
    // Whether enough of those that stand in for `node` below `dependent` are well.
    bool is_stood_in_for(const AlertTable& alerts, std::uint32_t rule,
                         topology::NodeIndex dependent, topology::NodeIndex node,
                         const topology::Graph& graph) const;
    // Whether a cause burns somewhere below the node, within the reach of any rule.
    bool leads_to_cause(topology::NodeIndex node, const topology::Graph& graph) const;
    void append_dependents(Slot slot, const AlertTable& alerts, const topology::Graph& graph,
                           std::vector<Slot>& targets);

    const rules::RuleSet* rules_ = nullptr;  // lent by the RuleBook until the next load
    bool asks_for_facts_ = false;
    std::uint8_t hops_max_ = 0;  // of all rules
    rules::MatchIndex causes_;
    rules::MatchIndex targets_;
    boost::unordered_flat_map<topology::NodeIndex, std::vector<Burning>> burning_;
    std::uint64_t cut_ = 0;
    std::size_t cause_count_ = 0;  // burning alerts that are a cause for some rule
};

}  // namespace nocturne::engine
