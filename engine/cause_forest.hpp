// CauseForest: which alerting node is explained by which, and so which alerts are one incident.
//
// On the graph each alerting node has at most one cause: the nearest alerting node that it depends
// on (then the one that alerted first, then by name). An incident is what hangs together by these
// arrows, and by a silent dependency that enough of its dependents' alerts point to. So two faults
// stay two incidents even when one caller feels both, and the order in which alerts arrive does
// not matter. See docs/decisions/0010-one-cause-per-node.md.
#pragma once

#include "engine/incident_life.hpp"
#include "engine/state.hpp"

#include <vector>

namespace nocturne::engine {

// Lives for one input.
class CauseForest {
   public:
    struct Reach {
        std::uint8_t hops = 2;
        model::Duration window{};
    };

    CauseForest(State& state, IncidentLife& life) : state_(state), life_(life) {}

    // A raised alert finds its incident, or opens one; what is above it may come with it.
    void gather(Slot alert, const Reach& reach);
    // An event came late that may have begun the alert: its node may explain more than before.
    void seen_earlier(Slot alert);
    // After a change of the graph: which incident stands on which node.
    void find_nodes();

   private:
    using NodeIndex = topology::NodeIndex;
    using Standing = IncidentTable::Standing;

    // A cause that a node might have.
    struct Cause {
        NodeIndex node = topology::kNoNode;
        std::uint8_t distance = 0;
        model::Time first_seen = model::kNoTime;
    };

    bool is_in_reach(const Standing& standing, const Reach& reach) const;
    bool is_better(const Cause& a, const Cause& b) const;
    Cause find_cause(NodeIndex node, const Reach& reach) const;
    // Of two incidents; the first may be kNoSlot.
    Slot older(Slot known, Slot other) const;
    // Alerting nodes above that this node, which stands, explains better than what explained them.
    std::vector<Cause> find_followers(NodeIndex node, const Reach& reach) const;
    // The oldest incident that one of them is the root of; kNoSlot: none.
    Slot find_followed(NodeIndex node, const Reach& reach) const;
    void take_followers(NodeIndex node, Slot bridge, const Reach& reach);

    bool is_root(NodeIndex node) const;
    std::size_t count_alerting(NodeIndex shared, const Reach& reach) const;
    // The silent dependency that a root's alerts, and enough others', point to; kNoNode: none.
    NodeIndex find_shared(NodeIndex node, const Reach& reach) const;
    // Where the roots that point to it are, `but` this one; kNoSlot: no other does.
    Slot incident_of_shared(NodeIndex shared, NodeIndex but) const;
    void look_at_siblings(NodeIndex node, Slot bridge, const Reach& reach);

    bool hangs_on(NodeIndex node, NodeIndex cause) const;
    bool all_hang_on(Slot incident, NodeIndex node) const;
    std::vector<Slot> hanging_on(NodeIndex node) const;
    // Takes `node` and what hangs on it out of its incident and into another; where that is all of
    // it, the younger goes into the older.
    void bring(NodeIndex node, Slot into, Slot bridge);
    // The same, into an incident of their own.
    void part(NodeIndex node, Slot bridge);

    State& state_;
    IncidentLife& life_;
};

}  // namespace nocturne::engine
