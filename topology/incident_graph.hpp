// IncidentGraph: the part of the service graph that one incident touches, copied: small numbers,
// sorted edges, no way back into the big graph.
#pragma once

#include "topology/check_kind.hpp"
#include "topology/descent.hpp"
#include "topology/walk.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::topology {

using Local = std::uint32_t;  // a node of the copy
inline constexpr Local kNoLocal = UINT32_MAX;

struct Arc {
    Local other;
    float weight;
};

// An arc of the copy, before both its ends know it.
struct FoundArc {
    Local from;
    Local to;
    float weight;
};

// One alert, and what its kind and its strength are.
struct WeighedSymptom {
    const model::Symptom* symptom;
    double excess;        // the symptom's own: beside the rest, for it is asked for most
    float strength;       // 1 where an alert becomes critical; grows with the logarithm beyond
    std::uint32_t check;  // the number of its check's name in this incident
    CheckKind kind;
    bool is_first_of_check;  // of those of its node
};

// What the shares of its alerts come to for a node, 0..1: each alert weighs a third of the one
// before, the strongest first.
template <typename ShareOf>
double share_of_all(std::span<const WeighedSymptom> symptoms, const ShareOf& share_of) {
    double sum = 0;
    double all = 0;
    double counts = 1;
    for (const WeighedSymptom& symptom : symptoms) {
        const double strength = counts * static_cast<double>(symptom.strength);
        sum += strength * share_of(symptom);
        all += strength;
        counts /= 3;
    }
    return all > 0 ? sum / all : 0.0;
}

struct IncidentNode {
    NodeIndex index = kNoNode;
    const AlertingNode* told = nullptr;  // null: silent, and no change to it is known
    std::uint32_t first_symptom = 0;     // its symptoms in the graph's list, strongest first
    std::uint32_t symptom_count = 0;
    std::uint32_t first_dependent = 0;  // its arcs in the graph's list, by node number
    std::uint32_t dependent_count = 0;
    std::uint32_t first_dependency = 0;
    std::uint32_t dependency_count = 0;
    Local part = kNoLocal;  // the same for all nodes that edges tie together
    bool slo = false;       // users feel it here
    bool is_remote = false;
    bool is_host = false;     // others share it: a machine, a disk, a switch
    bool is_excused = false;  // not missed when it does not alert
    model::Time first_seen = model::kNoTime;

    bool alerts() const { return symptom_count > 0; }
};

class IncidentGraph {
   public:
    // Copies the alerting nodes and what they depend on, down to `silent_hops`; at most
    // `nodes_max` nodes. The order of `alerting` does not matter. `graph` and `alerting` must
    // outlive the copy.
    IncidentGraph(const Graph& graph, std::span<const AlertingNode> alerting,
                  const WalkLimits& limits);

    Local size() const { return static_cast<Local>(nodes_.size()); }

    const IncidentNode& operator[](Local node) const { return nodes_[node]; }

    const std::string& name_of(Local node) const { return graph_.node(nodes_[node].index).name; }

    std::span<const WeighedSymptom> symptoms(Local node) const {
        return {symptoms_.data() + nodes_[node].first_symptom, nodes_[node].symptom_count};
    }

    std::span<const Arc> dependents(Local node) const {
        return {dependents_.data() + nodes_[node].first_dependent, nodes_[node].dependent_count};
    }

    // The place of the node's first arc to a dependent in a list of all such arcs; the others
    // follow.
    std::uint32_t first_dependent(Local node) const { return nodes_[node].first_dependent; }

    std::size_t dependent_arc_count() const { return dependents_.size(); }

    std::span<const Arc> dependencies(Local node) const {
        return {dependencies_.data() + nodes_[node].first_dependency,
                nodes_[node].dependency_count};
    }

    // In the whole graph, copied or not.
    std::size_t all_dependents(Local node) const {
        return graph_.dependent_count(nodes_[node].index);
    }

    std::size_t all_dependencies(Local node) const {
        return graph_.dependency_count(nodes_[node].index);
    }

    // Dependents that should alert if the node failed, and do not.
    struct Missing {
        std::size_t count = 0;
        std::vector<std::string> names;  // the first few by number; none when there are too many
    };

    // In the whole graph. Not missed are those that pass the fault on in silence, those whose
    // source is silent, and those that have another node of the same pool (label `pool`) to turn
    // to.
    Missing missing_above(Local node, std::size_t names_max) const;

    std::size_t alert_count() const { return symptoms_.size(); }

    model::Time first_alert() const { return first_alert_; }

   private:
    bool has_stand_in(NodeIndex dependent, NodeIndex node) const;
    std::vector<const AlertingNode*> choose(std::span<const AlertingNode> alerting) const;
    std::vector<Descent::Met> go_down(Descent& descent);
    void copy_edges(Descent& descent, const std::vector<Descent::Met>& met);
    std::vector<Local> by_number() const;
    void set_dependencies(const std::vector<FoundArc>& found, const std::vector<Local>& numbered);
    void set_dependents(const std::vector<Local>& numbered);
    void find_parts();
    void weigh_symptoms();
    void find_excused();
    bool add(NodeIndex node);

    const Graph& graph_;
    const WalkLimits& limits_;
    std::vector<IncidentNode> nodes_;
    Local bottom_ = 0;  // nodes from here on are silent, and as far below as is looked
    std::vector<WeighedSymptom> symptoms_;
    std::vector<Arc> dependents_;
    std::vector<Arc> dependencies_;
    boost::unordered_flat_map<NodeIndex, Local> places_;
    model::Time first_alert_ = model::kNoTime;
};

// Robust deviations off normal: as told, or else those that the severity stands for.
double deviation_of(const model::Symptom& symptom);

}  // namespace nocturne::topology
