// Correlate: gathers alerts that are one problem into incidents: by the graph and time, or as group
// rules say.
//
// On the graph each alerting node has at most one cause: the nearest alerting node that it depends
// on (then the one that alerted first, then by name). An incident is what hangs together by these
// arrows, and by a silent dependency that enough of its dependents' alerts point to. So two faults
// stay two incidents even when one caller feels both, and the order in which alerts arrive does
// not matter. See docs/decisions/0010-one-cause-per-node.md.
#pragma once

#include "engine/dedup.hpp"
#include "engine/state.hpp"
#include "model/effect.hpp"

#include <string>
#include <vector>

namespace nocturne::engine {

// What happened to an incident, for the stages after this one.
struct IncidentNews {
    model::Id incident;
    model::Effect::Topic topic = model::Effect::Topic::IncidentUpdated;
    model::Reason reason = model::Reason::None;
};

// Lives for one input.
class Correlate {
   public:
    // `news` gets what happens to incidents, in order.
    Correlate(State& state, std::vector<IncidentNews>& news) : state_(state), news_(news) {}

    // An alert that nobody hides was raised, worsened or ended.
    void correlate(const Transition& transition);
    // An event came late that may have begun the alert: its node may explain more than before.
    void seen_earlier(Slot alert);
    // Looks whether the incident has to be resolved, or can leave memory.
    void look_at(Slot incident);
    // After a change of the graph: which incident stands on which node.
    void find_nodes();

    // False when the command came to nothing.
    bool acknowledge(const model::AcknowledgeIncident& command);
    bool resolve(const model::ResolveIncident& command);
    bool label(const model::LabelIncident& command);
    bool merge(const model::MergeIncidents& command);
    bool split(const model::SplitIncident& command);

   private:
    using NodeIndex = topology::NodeIndex;
    using Standing = IncidentTable::Standing;

    struct Reach {
        std::uint8_t hops = 2;
        model::Duration window{};
    };

    // A cause that a node might have.
    struct Cause {
        NodeIndex node = topology::kNoNode;
        std::uint8_t distance = 0;
        model::Time first_seen = model::kNoTime;
    };

    void gather(Slot alert);
    // Back into the incident that the alert belonged to; false when that is gone or too long over.
    bool rejoin(Slot alert);

    void gather_by_rule(Slot alert, const rules::GroupRule& rule);
    void gather_by_graph(Slot alert, const Reach& reach);
    // An open incident whose summaries look like this one; kNoSlot: none.
    Slot find_alike(const rules::GroupRule& rule, const std::string& text) const;
    bool has_time(const rules::GroupRule& rule, const model::Incident& incident) const;

    bool is_in_reach(const Standing& standing, const Reach& reach) const;
    Cause find_cause(NodeIndex node, const Reach& reach) const;
    bool is_better(const Cause& a, const Cause& b) const;
    // Alerting nodes above that this node, which stands, explains better than what explained them.
    std::vector<Cause> find_followers(NodeIndex node, const Reach& reach) const;
    // The oldest incident that one of them is the root of; kNoSlot: none.
    Slot find_followed(NodeIndex node, const Reach& reach) const;
    void take_followers(NodeIndex node, Slot bridge, const Reach& reach);

    bool is_root(NodeIndex node) const;
    // The silent dependency that a root's alerts, and enough others', point to; kNoNode: none.
    NodeIndex find_shared(NodeIndex node, const Reach& reach) const;
    std::size_t count_alerting(NodeIndex shared, const Reach& reach) const;
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
    void move_alerts(Slot from, Slot into, const std::vector<Slot>& alerts, model::Reason reason,
                     const std::string& why);

    // How long the incident lives, by the rule for its worst alert.
    struct Lifecycle {
        model::Duration resolve_after{};
        model::Duration reopen_window{};
        bool auto_resolve = true;
    };

    Lifecycle lifecycle_of(Slot incident) const;
    Slot create(model::Reason reason);
    Slot open(Slot alert, model::Reason reason);
    void join(Slot incident, Slot alert, model::Reason reason);
    void stand(Slot alert, Slot incident, NodeIndex cause);
    void alert_ended(Slot alert, model::Reason reason);
    void finish(Slot incident, model::Reason reason, const std::string& by);
    void forget(Slot incident);
    bool make_room();
    void tell(model::Incident& incident, model::Reason reason, model::Id subject, std::string text);
    // "orders-db lock_wait"
    std::string describe(Slot alert) const;

    State& state_;
    std::vector<IncidentNews>& news_;
    std::uint32_t next_index_ = 0;
};

}  // namespace nocturne::engine
