#include "engine/cause_forest.hpp"

#include "topology/neighbourhood.hpp"

#include <algorithm>
#include <tuple>

namespace nocturne::engine {

using model::Alert;
using model::Reason;
using topology::NodeIndex;

namespace {

constexpr std::size_t kHubDependentsMax = 32;  // what more depend on says nothing when it is silent
constexpr std::size_t kPointingShare = 4;      // a quarter of its dependents must alert
constexpr std::size_t kChainMax = 4096;        // steps from a symptom to its root

}  // namespace

void CauseForest::seen_earlier(Slot slot) {
    const Alert& alert = state_.alerts[slot];
    const Standing* here = state_.incidents.standing_of(alert.node);
    if (here == nullptr || alert.incident != state_.incidents[here->incident].id ||
        alert.first_seen >= here->first_seen) {
        return;
    }
    Standing earlier = *here;
    earlier.first_seen = alert.first_seen;
    state_.incidents.stand(alert.node, earlier);
    take_followers(alert.node, slot,
                   {state_.settings.correlation_hops, state_.settings.correlation_window});
}

void CauseForest::gather(Slot slot, const Reach& reach) {
    const NodeIndex node = state_.alerts[slot].node;
    const model::Time first_seen = state_.alerts[slot].first_seen;
    if (const Standing* here = state_.incidents.standing_of(node)) {
        Standing before = *here;
        life_.join(before.incident, slot, Reason::JoinedSameNode);
        if (first_seen < before.first_seen) {
            before.first_seen = first_seen;
            state_.incidents.stand(node, before);
            take_followers(node, slot, reach);
        }
        return;
    }
    const Cause cause = find_cause(node, reach);
    Slot into = cause.node == topology::kNoNode
                    ? find_followed(node, reach)
                    : state_.incidents.standing_of(cause.node)->incident;
    const bool is_new = into == kNoSlot;
    if (is_new) {
        if (state_.alerts[slot].severity < state_.settings.incident_severity_min) {
            state_.counters.count(Reason::BelowIncidentSeverity);
            return;
        }
        into = life_.open(slot, Reason::OpenedNew);
        if (into == kNoSlot) {
            return;
        }
    } else {
        life_.join(into, slot, Reason::JoinedByDependency);
    }
    state_.incidents.stand(node, {into, cause.node, topology::kNoNode, cause.distance, first_seen});
    take_followers(node, slot, reach);
    look_at_siblings(node, slot, reach);
}

void CauseForest::find_nodes() {
    state_.incidents.clear_nodes();
    for (const auto& [id, slot] : state_.incidents.by_id()) {
        if (state_.incidents[slot].is_over() ||
            state_.incidents[slot].group != model::Fingerprint{}) {
            continue;
        }
        for (const Slot member : state_.incidents[slot].alerts) {
            const Alert& alert = state_.alerts[member];
            const Standing* standing = state_.incidents.standing_of(alert.node);
            if (standing == nullptr || alert.first_seen < standing->first_seen) {
                life_.stand(member, standing == nullptr ? slot : standing->incident);
            }
        }
    }
    // What explains what, within what is one incident already.
    const Reach reach{state_.settings.correlation_hops, model::Duration::max()};
    for (const auto& [id, slot] : state_.incidents.by_id()) {
        for (const Slot member : state_.incidents[slot].alerts) {
            const NodeIndex node = state_.alerts[member].node;
            const Standing* standing = state_.incidents.standing_of(node);
            if (standing == nullptr || standing->incident != slot) {
                continue;
            }
            const Cause cause = find_cause(node, reach);
            if (cause.node != topology::kNoNode &&
                state_.incidents.standing_of(cause.node)->incident == slot) {
                state_.incidents.stand(node, {slot, cause.node, topology::kNoNode, cause.distance,
                                              standing->first_seen});
            }
        }
    }
}

// ---- on the graph ----

bool CauseForest::is_in_reach(const Standing& standing, const Reach& reach) const {
    return state_.now - state_.incidents[standing.incident].grew_at < reach.window;
}

bool CauseForest::is_better(const Cause& a, const Cause& b) const {
    if (a.distance != b.distance || a.first_seen != b.first_seen) {
        return std::tie(a.distance, a.first_seen) < std::tie(b.distance, b.first_seen);
    }
    const topology::Graph& graph = state_.topology.now();
    return graph.node(a.node).name < graph.node(b.node).name;
}

CauseForest::Cause CauseForest::find_cause(NodeIndex node, const Reach& reach) const {
    topology::NearLimits limits;
    limits.hops = reach.hops;
    Cause best;
    for (const topology::Near& near : topology::below(state_.topology.now(), node, limits)) {
        if (best.node != topology::kNoNode && near.distance > best.distance) {
            break;
        }
        const Standing* standing = state_.incidents.standing_of(near.node);
        if (standing == nullptr || !is_in_reach(*standing, reach)) {
            continue;
        }
        const Cause cause{near.node, near.distance, standing->first_seen};
        if (best.node == topology::kNoNode || is_better(cause, best)) {
            best = cause;
        }
    }
    return best;
}

std::vector<CauseForest::Cause> CauseForest::find_followers(NodeIndex node,
                                                            const Reach& reach) const {
    topology::NearLimits limits;
    limits.hops = reach.hops;
    const Standing* here = state_.incidents.standing_of(node);
    std::vector<Cause> followers;
    for (const topology::Near& near : topology::above(state_.topology.now(), node, limits)) {
        const Standing* standing = state_.incidents.standing_of(near.node);
        if (standing == nullptr || standing->cause == node || !is_in_reach(*standing, reach) ||
            state_.incidents[standing->incident].by_hand) {
            continue;
        }
        const Standing* cause = standing->cause == topology::kNoNode
                                    ? nullptr
                                    : state_.incidents.standing_of(standing->cause);
        if (cause == nullptr ||
            is_better({node, near.distance, here->first_seen},
                      {standing->cause, standing->distance, cause->first_seen})) {
            followers.push_back({near.node, near.distance, standing->first_seen});
        }
    }
    return followers;
}

Slot CauseForest::older(Slot known, Slot other) const {
    return known == kNoSlot || state_.incidents[other].id < state_.incidents[known].id ? other
                                                                                       : known;
}

Slot CauseForest::find_followed(NodeIndex node, const Reach& reach) const {
    topology::NearLimits limits;
    limits.hops = reach.hops;
    Slot oldest = kNoSlot;
    for (const topology::Near& near : topology::above(state_.topology.now(), node, limits)) {
        const Standing* standing = state_.incidents.standing_of(near.node);
        if (standing == nullptr || !is_in_reach(*standing, reach) || !is_root(near.node) ||
            state_.incidents[standing->incident].by_hand ||
            !all_hang_on(standing->incident, near.node)) {
            continue;
        }
        oldest = older(oldest, standing->incident);
    }
    return oldest;
}

void CauseForest::take_followers(NodeIndex node, Slot bridge, const Reach& reach) {
    for (const Cause& follower : find_followers(node, reach)) {
        const Slot into = state_.incidents.standing_of(node)->incident;
        bring(follower.node, into, bridge);
        const Standing* standing = state_.incidents.standing_of(follower.node);
        state_.incidents.stand(follower.node, {standing->incident, node, topology::kNoNode,
                                               follower.distance, standing->first_seen});
    }
}

bool CauseForest::is_root(NodeIndex node) const {
    const Standing* standing = state_.incidents.standing_of(node);
    return standing != nullptr && (standing->cause == topology::kNoNode ||
                                   state_.incidents.standing_of(standing->cause) == nullptr);
}

std::size_t CauseForest::count_alerting(NodeIndex shared, const Reach& reach) const {
    std::size_t alerting = 0;
    state_.topology.now().for_each_dependent(shared, [&](NodeIndex other, const topology::Edge&) {
        const Standing* standing = state_.incidents.standing_of(other);
        alerting += standing != nullptr && is_in_reach(*standing, reach) ? 1U : 0U;
    });
    return alerting;
}

NodeIndex CauseForest::find_shared(NodeIndex node, const Reach& reach) const {
    const topology::Graph& graph = state_.topology.now();
    NodeIndex best = topology::kNoNode;
    std::size_t best_alerting = 0;
    std::size_t best_dependents = 1;
    graph.for_each_dependency(node, [&](NodeIndex shared, const topology::Edge&) {
        const std::size_t dependents = graph.dependent_count(shared);
        if (dependents < 2 || dependents > kHubDependentsMax ||
            state_.incidents.standing_of(shared) != nullptr) {
            return;
        }
        const std::size_t alerting = count_alerting(shared, reach);
        if (alerting < 2 || alerting * kPointingShare < dependents) {
            return;
        }
        // The larger share, then by name.
        const std::size_t mine = alerting * best_dependents;
        const std::size_t others = best_alerting * dependents;
        if (best == topology::kNoNode || mine > others ||
            (mine == others && graph.node(shared).name < graph.node(best).name)) {
            best = shared;
            best_alerting = alerting;
            best_dependents = dependents;
        }
    });
    return best;
}

Slot CauseForest::incident_of_shared(NodeIndex shared, NodeIndex but) const {
    Slot oldest = kNoSlot;
    state_.topology.now().for_each_dependent(shared, [&](NodeIndex other, const topology::Edge&) {
        const Standing* standing = state_.incidents.standing_of(other);
        if (other == but || standing == nullptr || standing->shared != shared || !is_root(other) ||
            state_.incidents[standing->incident].by_hand) {
            return;
        }
        oldest = older(oldest, standing->incident);
    });
    return oldest;
}

// Only what shares a dependency with the node can now point elsewhere.
void CauseForest::look_at_siblings(NodeIndex node, Slot bridge, const Reach& reach) {
    if (reach.hops < 2) {
        return;
    }
    const topology::Graph& graph = state_.topology.now();
    std::vector<NodeIndex> roots;
    graph.for_each_dependency(node, [&](NodeIndex shared, const topology::Edge&) {
        if (graph.dependent_count(shared) > kHubDependentsMax) {
            return;
        }
        graph.for_each_dependent(shared, [&](NodeIndex other, const topology::Edge&) {
            const Standing* standing = state_.incidents.standing_of(other);
            if (standing != nullptr && is_root(other) && is_in_reach(*standing, reach) &&
                !state_.incidents[standing->incident].by_hand) {
                roots.push_back(other);
            }
        });
    });
    std::sort(roots.begin(), roots.end());
    roots.erase(std::unique(roots.begin(), roots.end()), roots.end());
    for (const NodeIndex root : roots) {
        Standing standing = *state_.incidents.standing_of(root);
        const NodeIndex shared = find_shared(root, reach);
        if (shared == standing.shared) {
            continue;
        }
        standing.shared = shared;
        state_.incidents.stand(root, standing);
        const Slot with = shared == topology::kNoNode ? kNoSlot : incident_of_shared(shared, root);
        if (with != kNoSlot) {
            bring(root, with, bridge);
        } else if (!all_hang_on(standing.incident, root)) {
            part(root, bridge);
        }
    }
}

bool CauseForest::hangs_on(NodeIndex node, NodeIndex cause) const {
    for (std::size_t steps = 0; steps < kChainMax; ++steps) {
        if (node == cause) {
            return true;
        }
        const Standing* standing = state_.incidents.standing_of(node);
        if (standing == nullptr || standing->cause == topology::kNoNode) {
            return false;
        }
        node = standing->cause;
    }
    return false;
}

bool CauseForest::all_hang_on(Slot incident, NodeIndex node) const {
    const std::vector<Slot>& members = state_.incidents[incident].alerts;
    return std::all_of(members.begin(), members.end(),
                       [&](Slot member) { return hangs_on(state_.alerts[member].node, node); });
}

std::vector<Slot> CauseForest::hanging_on(NodeIndex node) const {
    std::vector<Slot> hanging;
    for (const Slot member :
         state_.incidents[state_.incidents.standing_of(node)->incident].alerts) {
        if (hangs_on(state_.alerts[member].node, node)) {
            hanging.push_back(member);
        }
    }
    return hanging;
}

void CauseForest::bring(NodeIndex node, Slot into, Slot bridge) {
    const Slot from = state_.incidents.standing_of(node)->incident;
    if (from == into || state_.incidents[into].by_hand) {
        return;
    }
    const bool is_whole = all_hang_on(from, node);
    if (is_whole && state_.incidents[from].id < state_.incidents[into].id) {
        // The two are one, and the older keeps its id: people may have talked about it.
        const std::vector<Slot> alerts = state_.incidents[into].alerts;
        life_.move_alerts(into, from, alerts, Reason::MergedByBridge, life_.describe(bridge));
        return;
    }
    life_.move_alerts(from, into, hanging_on(node),
                      is_whole ? Reason::MergedByBridge : Reason::MovedToCause,
                      life_.describe(bridge));
}

void CauseForest::part(NodeIndex node, Slot bridge) {
    const std::vector<Slot> alerts = hanging_on(node);
    const Slot from = state_.incidents.standing_of(node)->incident;
    if (const Slot created = life_.create(Reason::MovedToCause); created != kNoSlot) {
        life_.move_alerts(from, created, alerts, Reason::MovedToCause, life_.describe(bridge));
    }
}

}  // namespace nocturne::engine
