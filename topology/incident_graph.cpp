#include "topology/incident_graph.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>
#include <string_view>
#include <tuple>
#include <utility>

namespace nocturne::topology {

using model::Symptom;

namespace {

// Warning from 3 deviations, minor from 6, major from 12, critical from 25.
constexpr std::array<double, 6> kDeviationOfSeverity{0.0, 1.0, 3.0, 6.0, 12.0, 25.0};
// Beyond it more says nothing: a baseline that is nearly constant gives any number.
constexpr double kDeviationMax = 500;

float strength_of(const Symptom& symptom) {
    return static_cast<float>(std::log1p(std::min(deviation_of(symptom), kDeviationMax)) /
                              std::log1p(25.0));
}

float worst_of(const AlertingNode& node) {
    float worst = 0;
    for (const Symptom& symptom : node.symptoms) {
        worst = std::max(worst, strength_of(symptom));
    }
    return worst;
}

// The same few names come again and again: each has a number, and is read for its kind once.
class CheckNames {
   public:
    struct Known {
        std::uint32_t number;
        CheckKind kind;
    };

    Known operator[](std::string_view check) {
        const auto [place, is_new] =
            known_.try_emplace(check, Known{static_cast<std::uint32_t>(known_.size()), {}});
        if (is_new) {
            place->second.kind = kind_of(check);
        }
        return place->second;
    }

   private:
    boost::unordered_flat_map<std::string_view, Known> known_;
};

}  // namespace

double deviation_of(const Symptom& symptom) {
    return symptom.deviation > 0 ? symptom.deviation
                                 : kDeviationOfSeverity[static_cast<std::size_t>(symptom.severity)];
}

IncidentGraph::IncidentGraph(const Graph& graph, std::span<const AlertingNode> alerting,
                             const WalkLimits& limits, Surroundings& surroundings)
    : graph_(graph), limits_(limits), surroundings_(surroundings) {
    copy_told(alerting);
    copy_silent();
    copy_edges();
    find_parts();
    weigh_symptoms();
    find_excused();
}

const IncidentNode* IncidentGraph::find(NodeIndex node) const {
    const Surroundings::Met met = surroundings_.find(node);
    const bool is_copied = met < locals_.size() && locals_[met] != kNoLocal;
    return is_copied ? &nodes_[locals_[met]] : nullptr;
}

IncidentGraph::Missing IncidentGraph::missing_above(Local node, std::size_t names_max) const {
    constexpr std::size_t kLookThrough = 256;
    const std::size_t all = all_dependents(node);
    const NodeIndex index = nodes_[node].index;
    Missing missing;
    const bool is_pooled = surroundings_.facts(nodes_[node].met).is_pooled;
    if (all > kLookThrough || (names_max == 0 && !is_pooled)) {
        const auto copied = dependents(node);
        const auto excused = std::count_if(copied.begin(), copied.end(), [&](const Arc& arc) {
            return nodes_[arc.other].is_excused ||
                   (is_pooled && has_stand_in(nodes_[arc.other].index, index));
        });
        missing.count = all - std::min(all, static_cast<std::size_t>(excused));
        return missing;
    }
    std::vector<NodeIndex> missed;
    graph_.for_each_dependent(index, [&](NodeIndex other, const Edge&) {
        const IncidentNode* copied = find(other);
        const bool is_excused = copied != nullptr && copied->is_excused;
        if (!is_excused && !(is_pooled && has_stand_in(other, index))) {
            missed.push_back(other);
        }
    });
    std::sort(missed.begin(), missed.end());
    missed.erase(std::unique(missed.begin(), missed.end()), missed.end());
    missing.count = missed.size();
    for (std::size_t i = 0; i < std::min(missed.size(), names_max); ++i) {
        missing.names.push_back(graph_.node(missed[i]).name);
    }
    return missing;
}

// Who need not alert when what it depends on fails: who alerts, passes the fault on in silence, or
// has nobody to tell of it.
void IncidentGraph::find_excused() {
    for (Local node = 0; node < size(); ++node) {
        const auto above = dependents(node);
        nodes_[node].alerts_above = std::any_of(
            above.begin(), above.end(), [&](const Arc& arc) { return nodes_[arc.other].alerts(); });
        nodes_[node].is_excused = nodes_[node].alerts() || nodes_[node].alerts_above ||
                                  (nodes_[node].told != nullptr && nodes_[node].told->blind);
    }
}

// Whether the dependent can turn to another node of the same pool; the node has one.
bool IncidentGraph::has_stand_in(NodeIndex dependent, NodeIndex node) const {
    const std::string_view pool = pool_of(graph_, node);
    bool found = false;
    graph_.for_each_dependency(dependent, [&](NodeIndex other, const Edge&) {
        const IncidentNode* copied = find(other);
        const bool alerts = copied != nullptr && copied->alerts();
        found |= other != node && !alerts && pool_of(graph_, other) == pool;
    });
    return found;
}

// Those that the graph knows, by number; in a storm in which all nodes alert the worst tell enough.
std::vector<const AlertingNode*>
IncidentGraph::choose(std::span<const AlertingNode> alerting) const {
    std::vector<const AlertingNode*> told;
    for (const AlertingNode& node : alerting) {
        if (graph_.is_alive(node.node)) {
            told.push_back(&node);
        }
    }
    const auto by_number = [](const AlertingNode* a, const AlertingNode* b) {
        return a->node < b->node;
    };
    std::sort(told.begin(), told.end(), by_number);
    if (told.size() <= limits_.alerting_max) {
        return told;
    }
    std::vector<std::pair<float, const AlertingNode*>> worst;
    worst.reserve(told.size());
    for (const AlertingNode* node : told) {
        worst.emplace_back(worst_of(*node), node);
    }
    std::stable_sort(worst.begin(), worst.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    told.resize(limits_.alerting_max);
    std::transform(worst.begin(), worst.begin() + static_cast<std::ptrdiff_t>(told.size()),
                   told.begin(), [](const auto& one) { return one.second; });
    std::sort(told.begin(), told.end(), by_number);
    return told;
}

void IncidentGraph::copy_told(std::span<const AlertingNode> alerting) {
    const std::vector<const AlertingNode*> chosen = choose(alerting);
    std::vector<Surroundings::Met> told;
    told.reserve(chosen.size());
    for (const AlertingNode* node : chosen) {
        told.push_back(surroundings_.meet(node->node));
    }
    surroundings_.read_facts(graph_, told);
    locals_.resize(surroundings_.count(), kNoLocal);
    runs_.push_back(0);
    nodes_.reserve(told.size());
    for (std::size_t i = 0; i < told.size(); ++i) {
        add(told[i]);
        nodes_.back().told = chosen[i];
    }
}

void IncidentGraph::add(Surroundings::Met node) {
    locals_[node] = size();
    met_.push_back(node);
    const Surroundings::Facts& facts = surroundings_.facts(node);
    IncidentNode& added = nodes_.emplace_back();
    added.index = surroundings_.index_of(node);
    added.met = node;
    added.is_remote = facts.is_remote;
    added.is_host = facts.is_host;
}

void IncidentGraph::copy_silent() {
    std::vector<Surroundings::Met> alerting;
    for (const IncidentNode& node : nodes_) {
        if (!node.told->symptoms.empty()) {
            alerting.push_back(node.met);
        }
    }
    Descent descent(graph_, surroundings_, met_);
    bottom_ = size();
    for (std::vector<Surroundings::Met>& hop : descent.go_down(std::move(alerting), limits_)) {
        locals_.resize(surroundings_.count(), kNoLocal);
        std::erase_if(hop, [&](Surroundings::Met node) { return locals_[node] != kNoLocal; });
        hop.resize(
            std::min(hop.size(), limits_.nodes_max - std::min(limits_.nodes_max, nodes_.size())));
        surroundings_.read_facts(graph_, hop);
        bottom_ = size();
        runs_.push_back(size());
        nodes_.reserve(nodes_.size() + hop.size());
        for (const Surroundings::Met node : hop) {
            add(node);
        }
    }
}

// What the lowest nodes depend on is not asked: a fault comes up through one silent node, not
// through two.
void IncidentGraph::copy_edges() {
    surroundings_.read_dependencies(graph_, std::span(met_).first(bottom_));
    locals_.resize(surroundings_.count(), kNoLocal);
    for (Local from = 0; from < bottom_; ++from) {
        set_dependencies(from);
    }
    set_dependents();
}

// By the other's number, in which they do not hang on which edge was added first.
void IncidentGraph::set_dependencies(Local from) {
    const std::size_t first = dependencies_.size();
    for (const Surroundings::Dependency& dependency : surroundings_.dependencies(met_[from])) {
        const Local to = locals_[dependency.node];
        if (to != kNoLocal && to != from) {
            dependencies_.push_back({to, dependency.weight});
        }
    }
    nodes_[from].first_dependency = static_cast<std::uint32_t>(first);
    nodes_[from].dependency_count = static_cast<std::uint32_t>(dependencies_.size() - first);
}

// The same arcs from the other end.
void IncidentGraph::set_dependents() {
    for (const Arc& arc : dependencies_) {
        ++nodes_[arc.other].dependent_count;
    }
    std::uint32_t end = 0;
    for (IncidentNode& node : nodes_) {
        node.first_dependent = end;
        end += std::exchange(node.dependent_count, 0);
    }
    dependents_.resize(end);
    for (const Local from : by_number()) {
        for (const Arc& arc : dependencies(from)) {
            IncidentNode& node = nodes_[arc.other];
            dependents_[node.first_dependent + node.dependent_count++] = {from, arc.weight};
        }
    }
}

// The nodes of the copy by their numbers in the big graph.
std::vector<Local> IncidentGraph::by_number() const {
    std::vector<Local> nodes(size());
    std::iota(nodes.begin(), nodes.end(), 0);
    const auto at = [&](std::size_t run) {
        return nodes.begin() + (run < runs_.size() ? runs_[run] : size());
    };
    for (std::size_t run = 1; run < runs_.size(); ++run) {
        std::inplace_merge(nodes.begin(), at(run), at(run + 1),
                           [&](Local a, Local b) { return nodes_[a].index < nodes_[b].index; });
    }
    return nodes;
}

// Nodes that edges tie together, whichever way they point, get one number: that of the first.
void IncidentGraph::find_parts() {
    std::vector<Local> towards(
        size());  // by node: one of its part with a smaller number, or itself
    std::iota(towards.begin(), towards.end(), 0);
    const auto first_of = [&](Local node) {
        while (towards[node] != node) {
            node = towards[node] = towards[towards[node]];
        }
        return node;
    };
    for (Local from = 0; from < size(); ++from) {
        for (const Arc& arc : dependencies(from)) {
            const auto [first, other] = std::minmax({first_of(from), first_of(arc.other)});
            towards[other] = first;
        }
    }
    for (Local node = 0; node < size(); ++node) {
        nodes_[node].part = first_of(node);
    }
}

void IncidentGraph::weigh_symptoms() {
    CheckNames checks;
    for (IncidentNode& node : nodes_) {
        if (node.told == nullptr || node.told->symptoms.empty()) {
            continue;
        }
        node.first_symptom = static_cast<std::uint32_t>(symptoms_.size());
        node.symptom_count = static_cast<std::uint32_t>(node.told->symptoms.size());
        for (const Symptom& symptom : node.told->symptoms) {
            const CheckNames::Known check = checks[symptom.check];
            symptoms_.push_back(
                {&symptom, symptom.excess, strength_of(symptom), check.number, check.kind, false});
            node.slo |= symptom.slo && !node.is_elsewhere();
            if (check.kind == CheckKind::Traffic && symptom.excess >= 0) {
                node.surge = std::max(node.surge, symptoms_.back().strength);
            }
            if (node.first_seen == model::kNoTime || symptom.first_seen < node.first_seen) {
                node.first_seen = symptom.first_seen;
            }
        }
        std::sort(symptoms_.begin() + node.first_symptom, symptoms_.end(),
                  [](const WeighedSymptom& a, const WeighedSymptom& b) {
                      const auto key = [](const WeighedSymptom& one) {
                          const Symptom& symptom = *one.symptom;
                          return std::tuple(-one.strength, one.kind, symptom.check, symptom.caller,
                                            symptom.first_seen, symptom.ended);
                      };
                      return key(a) < key(b);
                  });
        for (auto symptom = symptoms_.begin() + node.first_symptom; symptom != symptoms_.end();
             ++symptom) {
            symptom->is_first_of_check = std::none_of(
                symptoms_.begin() + node.first_symptom, symptom,
                [&](const WeighedSymptom& before) { return before.check == symptom->check; });
        }
        if (!node.is_elsewhere()) {
            alert_count_ += node.symptom_count;
        }
    }
}

}  // namespace nocturne::topology
