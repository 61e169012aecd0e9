#include "topology/incident_graph.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <array>
#include <cmath>
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

}  // namespace

double deviation_of(const Symptom& symptom) {
    return symptom.deviation > 0 ? symptom.deviation
                                 : kDeviationOfSeverity[static_cast<std::size_t>(symptom.severity)];
}

IncidentGraph::IncidentGraph(const Graph& graph, std::span<const AlertingNode> alerting,
                             const WalkLimits& limits)
    : graph_(graph), limits_(limits) {
    std::vector<NodeIndex> level;
    for (const AlertingNode* node : choose(alerting)) {
        add(node->node);
        nodes_.back().told = node;
        if (!node->symptoms.empty()) {
            level.push_back(node->node);
        }
    }
    go_down(level);
    copy_edges();
    find_parts();
    weigh_symptoms();
}

IncidentGraph::Missing IncidentGraph::missing_above(Local node, std::size_t names_max) const {
    constexpr std::size_t kLookThrough = 256;
    const std::size_t all = all_dependents(node);
    Missing missing;
    if (all > kLookThrough || (names_max == 0 && pool_of(graph_, nodes_[node].index).empty())) {
        const auto copied = dependents(node);
        const auto excused = std::count_if(copied.begin(), copied.end(), [&](const Arc& arc) {
            return !is_missed(nodes_[arc.other].index, nodes_[node].index);
        });
        missing.count = all - std::min(all, static_cast<std::size_t>(excused));
        return missing;
    }
    std::vector<NodeIndex> missed;
    graph_.for_each_dependent(nodes_[node].index, [&](NodeIndex other, const Edge&) {
        if (is_missed(other, nodes_[node].index)) {
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

bool IncidentGraph::is_missed(NodeIndex dependent, NodeIndex node) const {
    const auto place = places_.find(dependent);
    if (place != places_.end()) {
        const IncidentNode& copied = nodes_[place->second];
        const auto above = dependents(place->second);
        const bool passes_on = std::any_of(
            above.begin(), above.end(), [&](const Arc& arc) { return nodes_[arc.other].alerts(); });
        if (copied.alerts() || passes_on || (copied.told != nullptr && copied.told->blind)) {
            return false;
        }
    }
    return !has_stand_in(dependent, node);
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

// What the alerting nodes depend on may be the cause although it is silent: but only where at least
// two of their ways down meet, and what lies on the way to there.
void IncidentGraph::go_down(const std::vector<NodeIndex>& alerting) {
    struct Push {
        NodeIndex node;
        NodeIndex from;
    };

    std::vector<std::vector<Push>> levels;
    std::vector<NodeIndex> level = alerting;
    for (std::uint8_t hop = 0; hop < limits_.silent_hops && !level.empty(); ++hop) {
        std::vector<Push>& pushes = levels.emplace_back();
        for (const NodeIndex node : level) {
            graph_.for_each_dependency_weight(node, [&](NodeIndex other, double) {
                if (other != node && !places_.contains(other)) {
                    pushes.push_back({other, node});
                }
            });
            if (pushes.size() > limits_.pushes_max) {
                break;
            }
        }
        std::sort(pushes.begin(), pushes.end(), [](const Push& a, const Push& b) {
            return std::tie(a.node, a.from) < std::tie(b.node, b.from);
        });
        level.clear();
        for (std::size_t i = 0; i < pushes.size(); ++i) {
            if (i == 0 || pushes[i].node != pushes[i - 1].node) {
                level.push_back(pushes[i].node);
            }
        }
    }
    // From the bottom: a node is kept when two ways meet in it, or when one that is kept is below.
    boost::unordered_flat_set<NodeIndex> kept;
    for (std::size_t hop = levels.size(); hop-- > 0;) {
        const std::vector<Push>& pushes = levels[hop];
        for (std::size_t i = 0; i < pushes.size(); ++i) {
            const bool meets = i > 0 && pushes[i].node == pushes[i - 1].node &&
                               pushes[i].from != pushes[i - 1].from;
            if (meets) {
                kept.insert(pushes[i].node);
            }
        }
        for (const Push& push : pushes) {
            if (hop > 0 && kept.contains(push.node)) {
                kept.insert(push.from);
            }
        }
    }
    bottom_ = size();
    for (std::size_t hop = 0; hop < levels.size(); ++hop) {
        bottom_ = size();
        for (const Push& push : levels[hop]) {
            if (nodes_.size() < limits_.nodes_max && kept.contains(push.node)) {
                add(push.node);
            }
        }
    }
}

// In an order that does not hang on which edge was added first; of parallel edges the heaviest.
// What the lowest nodes depend on is not asked: a fault comes up through one silent node, not
// through two.
void IncidentGraph::copy_edges() {
    struct Found {
        Local from;
        Local to;
        float weight;
    };

    std::vector<Found> found;
    for (Local from = 0; from < bottom_; ++from) {
        graph_.for_each_dependency_weight(nodes_[from].index, [&](NodeIndex other, double weight) {
            const auto to = places_.find(other);
            if (to != places_.end() && to->second != from) {
                found.push_back({from, to->second, static_cast<float>(weight)});
            }
        });
    }
    std::sort(found.begin(), found.end(), [&](const Found& a, const Found& b) {
        return std::tuple(a.from, nodes_[a.to].index, -a.weight) <
               std::tuple(b.from, nodes_[b.to].index, -b.weight);
    });
    found.erase(std::unique(found.begin(), found.end(),
                            [](const Found& a, const Found& b) {
                                return a.from == b.from && a.to == b.to;
                            }),
                found.end());
    for (const Found& arc : found) {
        IncidentNode& node = nodes_[arc.from];
        if (node.dependency_count++ == 0) {
            node.first_dependency = static_cast<std::uint32_t>(dependencies_.size());
        }
        dependencies_.push_back({arc.to, arc.weight});
    }
    std::sort(found.begin(), found.end(), [&](const Found& a, const Found& b) {
        return std::tuple(a.to, nodes_[a.from].index) < std::tuple(b.to, nodes_[b.from].index);
    });
    for (const Found& arc : found) {
        IncidentNode& node = nodes_[arc.to];
        if (node.dependent_count++ == 0) {
            node.first_dependent = static_cast<std::uint32_t>(dependents_.size());
        }
        dependents_.push_back({arc.from, arc.weight});
    }
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
                      return std::tuple(-a.strength, a.kind, a.symptom->check) <
                             std::tuple(-b.strength, b.kind, b.symptom->check);
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
