// Maintenances: the windows of the rules in which nobody wants to be told, and what they cover.
#pragma once

#include "engine/alert_subject.hpp"
#include "engine/deadlines.hpp"
#include "engine/mute.hpp"
#include "engine/rule_book.hpp"
#include "topology/graph.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::engine {

// Follows from the rules, the clock and the graph: snapshots do not keep it.
class Maintenances {
   public:
    void load(const rules::RuleSet& rules, model::Time now);
    // After load(), unless a snapshot has the deadlines: they name the rules by their place in
    // RuleSet::maintenances.
    void plan(Deadlines& deadlines) const;

    // After a change of the graph.
    void find_nodes() { is_indexed_ = false; }

    // An event named a node that nobody knew; a window may name it, too.
    void node_came(std::string_view name);

    // The node has gone, and its number may serve another.
    void node_went(topology::NodeIndex node) { covering_.erase(node); }

    enum class Turn : std::uint8_t { None, Begins, Ends };
    // What time has made of the window.
    Turn look_at(Slot window, model::Time now, Deadlines& deadlines);

    // Whether an active window covers the alert, be it in shadow mode.
    bool covers(const AlertSubject& subject, const model::Alert& alert,
                const topology::Graph& graph);
    Mute mutes(const AlertSubject& subject, const model::Alert& alert, const topology::Graph& graph,
               RuleBook& book, model::Time now);

    // How often a window covered less than it should, since the start.
    std::uint64_t cut() const { return cut_; }

    bool is_active(std::uint32_t window) const { return active_[window]; }

    // When the window's present or next run begins and ends; kNoTime when there is none to come.
    struct Run {
        model::Time from = model::kNoTime;
        model::Time until = model::kNoTime;
    };

    Run run_at(std::uint32_t window, model::Time now) const;

   private:
    void index(const topology::Graph& graph);
    // Notes what nodes the window covers if it is active, and else that it covers them no more.
    void cover(std::uint32_t window, const topology::Graph& graph);
    // The active windows that cover the alert, ascending.
    void find(const AlertSubject& subject, const model::Alert& alert, const topology::Graph& graph,
              std::vector<std::uint32_t>& windows);
    // When the present run ends or the next one begins; kNoTime: there is none to come.
    model::Time turn_after(std::uint32_t window, model::Time now) const;

    const rules::RuleSet* rules_ = nullptr;  // lent by the RuleBook until the next load
    bool is_indexed_ = true;
    std::uint64_t cut_ = 0;
    std::vector<bool> active_;
    std::vector<std::string> named_;      // the nodes that windows name, sorted
    std::vector<model::Time> planned_;    // turn_after() as of the last look: it has a deadline
    rules::MatchIndex index_;             // of windows that name no node
    std::vector<std::uint32_t> numbers_;  // the windows that index_ numbers
    std::vector<std::uint32_t> turned_;   // windows that covering_ does not know of yet
    // Active windows that name nodes, by the nodes that they cover.
    boost::unordered_flat_map<topology::NodeIndex, std::vector<std::uint32_t>> covering_;
};

}  // namespace nocturne::engine
