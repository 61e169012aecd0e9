#include "topology/incident_graph.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>
#include <string_view>
#include <tuple>

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

bool is_remote(std::string_view type) {
    return type == "remote" || type == "external" || type == "client";
}

bool is_host(std::string_view type) {
    constexpr std::array<std::string_view, 14> kTypes{
        "host", "node",   "machine", "vm",     "hypervisor", "server", "rack",
        "zone", "region", "disk",    "volume", "storage",    "switch", "network"};
    return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

// Label `pool`: nodes of one pool stand in for one another. Empty: nobody does.
std::string_view pool_of(const Graph& graph, NodeIndex node) {
    for (const auto& [name, value] : graph.node(node).labels) {
        if (name == "pool") {
            return value;
        }
    }
    return {};
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

// The arcs by a key below `groups`; those of one key stay in their order.
template <typename KeyOf>
std::vector<FoundArc> grouped(const std::vector<FoundArc>& arcs, Local groups, KeyOf key_of) {
    std::vector<std::size_t> next(groups + std::size_t{1});
    for (const FoundArc& arc : arcs) {
        ++next[key_of(arc) + std::size_t{1}];
    }
    std::partial_sum(next.begin(), next.end(), next.begin());
    std::vector<FoundArc> sorted(arcs.size());
    for (const FoundArc& arc : arcs) {
        sorted[next[key_of(arc)]++] = arc;
    }
    return sorted;
}

}  // namespace

double deviation_of(const Symptom& symptom) {
    return symptom.deviation > 0 ? symptom.deviation
                                 : kDeviationOfSeverity[static_cast<std::size_t>(symptom.severity)];
}

IncidentGraph::IncidentGraph(const Graph& graph, std::span<const AlertingNode> alerting,
                             const WalkLimits& limits)
    : graph_(graph), limits_(limits) {
    std::vector<NodeIndex> told;
    for (const AlertingNode* node : choose(alerting)) {
        told.push_back(node->node);
        add(node->node);
        nodes_.back().told = node;
    }
    Descent descent(graph, std::move(told));
    copy_edges(descent, go_down(descent));
    find_parts();
    weigh_symptoms();
    find_excused();
}

IncidentGraph::Missing IncidentGraph::missing_above(Local node, std::size_t names_max) const {
    constexpr std::size_t kLookThrough = 256;
    const std::size_t all = all_dependents(node);
    const NodeIndex index = nodes_[node].index;
    Missing missing;
    if (all > kLookThrough || (names_max == 0 && pool_of(graph_, index).empty())) {
        const auto copied = dependents(node);
        const auto excused = std::count_if(copied.begin(), copied.end(), [&](const Arc& arc) {
            return nodes_[arc.other].is_excused || has_stand_in(nodes_[arc.other].index, index);
        });
        missing.count = all - std::min(all, static_cast<std::size_t>(excused));
        return missing;
    }
    std::vector<NodeIndex> missed;
    graph_.for_each_dependent(index, [&](NodeIndex other, const Edge&) {
        const auto place = places_.find(other);
        const bool is_excused = place != places_.end() && nodes_[place->second].is_excused;
        if (!is_excused && !has_stand_in(other, index)) {
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
        nodes_[node].is_excused =
            nodes_[node].alerts() || (nodes_[node].told != nullptr && nodes_[node].told->blind) ||
            std::any_of(above.begin(), above.end(),
                        [&](const Arc& arc) { return nodes_[arc.other].alerts(); });
    }
}

bool IncidentGraph::has_stand_in(NodeIndex dependent, NodeIndex node) const {
    const std::string_view pool = pool_of(graph_, node);
    if (pool.empty()) {
        return false;
    }
    bool found = false;
    graph_.for_each_dependency(dependent, [&](NodeIndex other, const Edge&) {
        const auto place = places_.find(other);
        const bool alerts = place != places_.end() && nodes_[place->second].alerts();
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

bool IncidentGraph::add(NodeIndex node) {
    if (!places_.try_emplace(node, size()).second) {
        return false;
    }
    IncidentNode& added = nodes_.emplace_back();
    added.index = node;
    const std::string& type = graph_.node(node).type;
    added.is_remote = is_remote(type);
    added.is_host = is_host(type);
    return true;
}

// Returns where each node of the copy was met.
std::vector<Descent::Met> IncidentGraph::go_down(Descent& descent) {
    std::vector<Descent::Met> met(size());
    std::iota(met.begin(), met.end(), 0);
    std::vector<Descent::Met> alerting;
    std::copy_if(met.begin(), met.end(), std::back_inserter(alerting),
                 [&](Local node) { return !nodes_[node].told->symptoms.empty(); });
    bottom_ = size();
    constexpr std::size_t kFetchedAhead = 8;
    for (const std::vector<Descent::Met>& hop : descent.go_down(std::move(alerting), limits_)) {
        bottom_ = size();
        for (std::size_t i = 0; i < hop.size() && nodes_.size() < limits_.nodes_max; ++i) {
            if (i + kFetchedAhead < hop.size()) {
                const Node& ahead = graph_.node(descent.index_of(hop[i + kFetchedAhead]));
                __builtin_prefetch(&ahead.type);
                __builtin_prefetch(&ahead.labels);
            }
            if (add(descent.index_of(hop[i]))) {
                met.push_back(hop[i]);
            }
        }
    }
    return met;
}

// What the lowest nodes depend on is not asked: a fault comes up through one silent node, not
// through two.
void IncidentGraph::copy_edges(Descent& descent, const std::vector<Descent::Met>& met) {
    descent.read(std::span(met).first(bottom_));
    std::vector<Local> copied(descent.met_count(), kNoLocal);
    for (Local node = 0; node < size(); ++node) {
        copied[met[node]] = node;
    }
    std::vector<FoundArc> found;
    for (const Descent::EdgeRead& edge : descent.edges()) {
        const Local from = copied[edge.from];
        const Local to = copied[edge.to];
        if (from < bottom_ && to != kNoLocal && from != to) {
            found.push_back({from, to, edge.weight});
        }
    }
    const std::vector<Local> numbered = by_number();
    set_dependencies(found, numbered);
    set_dependents(numbered);
}

// Each node's by the other's number, in which they do not hang on which edge was added first; of
// parallel edges the heaviest.
void IncidentGraph::set_dependencies(const std::vector<FoundArc>& found,
                                     const std::vector<Local>& numbered) {
    std::vector<Local> ranks(size());
    for (Local rank = 0; rank < size(); ++rank) {
        ranks[numbered[rank]] = rank;
    }
    const std::vector<FoundArc> by_other =
        grouped(found, size(), [&](const FoundArc& arc) { return ranks[arc.to]; });
    for (const FoundArc& arc :
         grouped(by_other, size(), [](const FoundArc& arc) { return arc.from; })) {
        IncidentNode& node = nodes_[arc.from];
        if (node.dependency_count == 0) {
            node.first_dependency = static_cast<std::uint32_t>(dependencies_.size());
        } else if (dependencies_.back().other == arc.to) {
            dependencies_.back().weight = std::max(dependencies_.back().weight, arc.weight);
            continue;
        }
        ++node.dependency_count;
        dependencies_.push_back({arc.to, arc.weight});
    }
}

// The same arcs from the other end.
void IncidentGraph::set_dependents(const std::vector<Local>& numbered) {
    std::vector<FoundArc> arcs;
    arcs.reserve(dependencies_.size());
    for (const Local from : numbered) {
        for (const Arc& arc : dependencies(from)) {
            arcs.push_back({from, arc.other, arc.weight});
        }
    }
    for (const FoundArc& arc : grouped(arcs, size(), [](const FoundArc& it) { return it.to; })) {
        IncidentNode& node = nodes_[arc.to];
        if (node.dependent_count++ == 0) {
            node.first_dependent = static_cast<std::uint32_t>(dependents_.size());
        }
        dependents_.push_back({arc.from, arc.weight});
    }
}

// The nodes of the copy by their numbers in the big graph.
std::vector<Local> IncidentGraph::by_number() const {
    std::vector<Local> nodes(size());
    std::iota(nodes.begin(), nodes.end(), 0);
    std::sort(nodes.begin(), nodes.end(),
              [&](Local a, Local b) { return nodes_[a].index < nodes_[b].index; });
    return nodes;
}

// Nodes that edges tie together, whichever way they point, get one number: that of the first.
void IncidentGraph::find_parts() {
    std::vector<Local> open;
    for (Local start = 0; start < size(); ++start) {
        if (nodes_[start].part != kNoLocal) {
            continue;
        }
        nodes_[start].part = start;
        open.assign(1, start);
        while (!open.empty()) {
            const Local node = open.back();
            open.pop_back();
            for (const std::span<const Arc> arcs : {dependents(node), dependencies(node)}) {
                for (const Arc& arc : arcs) {
                    if (nodes_[arc.other].part == kNoLocal) {
                        nodes_[arc.other].part = start;
                        open.push_back(arc.other);
                    }
                }
            }
        }
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
            node.slo |= symptom.slo;
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
        if (first_alert_ == model::kNoTime || node.first_seen < first_alert_) {
            first_alert_ = node.first_seen;
        }
    }
}

}  // namespace nocturne::topology
