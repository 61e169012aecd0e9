#include "topology/walk.hpp"

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cmath>
#include <cstdio>
#include <string>
#include <tuple>

namespace nocturne::topology {

using model::Evidence;
using model::Severity;
using model::Suspect;
using model::Symptom;

namespace {

// ---- What an alert says about its own node. See docs/causal-ranking.md, section 2. ----

// What is checked, read from the words of the check's name: the same words in every estate.
enum class CheckKind : std::uint8_t { Resource, Error, Latency, Traffic, Other };

struct KindWord {
    std::string_view word;
    CheckKind kind;
};

constexpr std::array<KindWord, 34> kKindWords{{
    {"cpu", CheckKind::Resource},      {"mem", CheckKind::Resource},        {"disk", CheckKind::Resource},
    {"oom", CheckKind::Resource},      {"saturat", CheckKind::Resource},    {"lock", CheckKind::Resource},
    {"thread", CheckKind::Resource},   {"pool", CheckKind::Resource},       {"restart", CheckKind::Resource},
    {"crash", CheckKind::Resource},    {"inode", CheckKind::Resource},      {"filesystem", CheckKind::Resource},
    {"packet", CheckKind::Resource},   {"network", CheckKind::Resource},    {"descriptor", CheckKind::Resource},
    {"down", CheckKind::Resource},     {"error", CheckKind::Error},         {"fail", CheckKind::Error},
    {"availab", CheckKind::Error},     {"5xx", CheckKind::Error},           {"success", CheckKind::Error},
    {"exception", CheckKind::Error},   {"fault", CheckKind::Error},         {"latency", CheckKind::Latency},
    {"duration", CheckKind::Latency},  {"response", CheckKind::Latency},    {"slow", CheckKind::Latency},
    {"time", CheckKind::Latency},      {"request", CheckKind::Traffic},     {"traffic", CheckKind::Traffic},
    {"throughput", CheckKind::Traffic}, {"qps", CheckKind::Traffic},        {"rate", CheckKind::Traffic},
    {"load", CheckKind::Traffic},
}};

// How much an alert of this kind speaks of a fault of the node itself, rather than of one that it suffers.
constexpr std::array<double, 5> kOwnWeight{1.0, 0.8, 0.7, 0.35, 0.7};
// How much of it a fault elsewhere can explain.
constexpr std::array<double, 5> kInheritable{0.2, 0.8, 0.8, 0.8, 0.5};

// The deviation that a severity stands for when the source tells none (warning from 3, minor from 6, ...).
constexpr std::array<double, 6> kDeviationOfSeverity{0.0, 1.0, 3.0, 6.0, 12.0, 25.0};

constexpr double kDecay = 0.8;           // per hop, of what a fault further away explains
constexpr double kBlame = 0.5;           // how much an alerting dependency takes off its dependents
constexpr double kExplainsWeight = 0.8;  // of the storm explained, against the node's own alerts
constexpr double kSilentWeight = 0.45;   // a silent node explains, but nobody saw it fail
constexpr double kMissingWeight = 0.15;
constexpr double kChangeWeight = 0.35;
constexpr double kSloFactor = 1.5;
constexpr double kSharpness = 2.0;       // of the scores; above 1 it sets the first apart

CheckKind kind_of(std::string_view check) {
    std::string lower(check);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char byte) {
        return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
    });
    for (const KindWord& word : kKindWords) {
        if (lower.find(word.word) != std::string::npos) {
            return word.kind;
        }
    }
    return CheckKind::Other;
}

double deviation_of(const Symptom& symptom) {
    const double told = symptom.deviation;
    return told > 0 ? told : kDeviationOfSeverity[static_cast<std::size_t>(symptom.severity)];
}

// 1 where an alert becomes critical; grows with the logarithm beyond, so that the tail counts without
// drowning all else.
double strength_of(const Symptom& symptom) {
    return std::log1p(std::min(deviation_of(symptom), 1e5)) / std::log1p(25.0);
}

// ---- The neighbourhood, copied: small numbers, sorted edges, no way back into the big graph. ----

using Local = std::uint32_t;

struct Arc {
    Local other;
    double weight;
};

struct LocalNode {
    NodeIndex index = kNoNode;
    const AlertingNode* told = nullptr;  // null: silent, and no change to it is known
    double own = 0;                      // what its alerts say of a fault of its own
    double inheritable = 0;              // the part of `own` that a dependency may have caused
    double impact = 0;                   // what of the storm stands here, for others to explain
    const Symptom* worst = nullptr;      // the symptom that tells most
    model::Time first_seen = model::kNoTime;
    std::vector<Arc> dependents;
    std::vector<Arc> dependencies;

    bool alerts() const { return worst != nullptr; }
};

// What a fault of one candidate reaches.
struct Reach {
    double explained = 0;       // of the storm's impact, its own included
    std::size_t alerts = 0;     // alerts at other nodes that it explains
    std::size_t nodes = 0;
    double missing = 0;         // direct dependents without an alert, by their weight
    std::size_t missing_count = 0;
    std::vector<std::pair<Local, std::vector<Local>>> paths;  // symptom node, path to it
    std::vector<Local> silent_dependents;
};

struct Candidate {
    Local node = 0;
    double raw = 0;
    double tie = 0;
    std::vector<Evidence> parts;
    Reach reach;
};

class Walk {
   public:
    Walk(const Graph& graph, const WalkLimits& limits) : graph_(graph), limits_(limits) {}

    std::vector<Suspect> rank(std::span<const AlertingNode> alerting) {
        copy_neighbourhood(alerting);
        weigh_alerts();
        if (total_impact_ <= 0) {
            return {};
        }
        std::vector<Candidate> candidates;
        for (Local node = 0; node < nodes_.size(); ++node) {
            if (Candidate candidate = judge(node); candidate.raw > 0) {
                candidates.push_back(std::move(candidate));
            }
        }
        return conclude(std::move(candidates));
    }

   private:
    void copy_neighbourhood(std::span<const AlertingNode> alerting) {
        std::vector<const AlertingNode*> told;
        for (const AlertingNode& node : alerting) {
            if (graph_.is_alive(node.node)) {
                told.push_back(&node);
            }
        }
        alerting_total_ = told.size();
        std::sort(told.begin(), told.end(), [](const AlertingNode* a, const AlertingNode* b) { return a->node < b->node; });
        if (told.size() > limits_.alerting_max) {
            keep_worst(told);
        }
        std::vector<NodeIndex> level;
        for (const AlertingNode* node : told) {
            nodes_[add(node->node)].told = node;
            level.push_back(node->node);
        }
        // Downwards: what the alerting nodes depend on may be the cause although it is silent.
        for (std::uint8_t hop = 0; hop < limits_.hops && !level.empty(); ++hop) {
            std::vector<NodeIndex> next;
            for (const NodeIndex node : level) {
                graph_.for_each_dependency(node, [&](NodeIndex other, const Edge&) { next.push_back(other); });
            }
            std::sort(next.begin(), next.end());
            next.erase(std::unique(next.begin(), next.end()), next.end());
            std::erase_if(next, [&](NodeIndex node) {
                return places_.contains(node) || nodes_.size() >= limits_.nodes_max || add(node) == kNoNode;
            });
            level = std::move(next);
        }
        copy_edges();
    }

    // A storm in which all nodes alert: the worst tell enough.
    void keep_worst(std::vector<const AlertingNode*>& told) const {
        const auto worst_of = [](const AlertingNode& node) {
            double worst = 0;
            for (const Symptom& symptom : node.symptoms) {
                worst = std::max(worst, strength_of(symptom));
            }
            return worst;
        };
        std::stable_sort(told.begin(), told.end(), [&](const AlertingNode* a, const AlertingNode* b) {
            return worst_of(*a) > worst_of(*b);
        });
        told.resize(limits_.alerting_max);
    }

    Local add(NodeIndex node) {
        const auto [place, is_new] = places_.try_emplace(node, static_cast<Local>(nodes_.size()));
        if (is_new) {
            nodes_.emplace_back().index = node;
        }
        return place->second;
    }

    void copy_edges() {
        for (Local from = 0; from < nodes_.size(); ++from) {
            graph_.for_each_dependency(nodes_[from].index, [&](NodeIndex other, const Edge& edge) {
                if (const auto to = places_.find(other); to != places_.end()) {
                    nodes_[from].dependencies.push_back({to->second, edge.weight});
                    nodes_[to->second].dependents.push_back({from, edge.weight});
                }
            });
        }
        // In an order that does not hang on which edge was added first; of parallel ones the heaviest.
        for (LocalNode& node : nodes_) {
            for (std::vector<Arc>* arcs : {&node.dependents, &node.dependencies}) {
                std::sort(arcs->begin(), arcs->end(), [&](const Arc& a, const Arc& b) {
                    return std::tie(nodes_[a.other].index, b.weight) < std::tie(nodes_[b.other].index, a.weight);
                });
                arcs->erase(std::unique(arcs->begin(), arcs->end(),
                                        [](const Arc& a, const Arc& b) { return a.other == b.other; }),
                            arcs->end());
            }
        }
    }

    void weigh_alerts() {
        for (LocalNode& node : nodes_) {
            if (node.told != nullptr) {
                weigh(node);
            }
            total_impact_ += node.impact;
            if (node.first_seen != model::kNoTime && (first_alert_ == model::kNoTime || node.first_seen < first_alert_)) {
                first_alert_ = node.first_seen;
            }
        }
    }

    // The best alert counts whole, the second by a third, the third by a ninth: ten weak alerts of one
    // node must not look like one strong.
    void weigh(LocalNode& node) {
        std::vector<std::pair<double, const Symptom*>> own;
        for (const Symptom& symptom : node.told->symptoms) {
            const auto kind = static_cast<std::size_t>(kind_of(symptom.check));
            own.emplace_back(kOwnWeight[kind] * strength_of(symptom), &symptom);
            const double impact = strength_of(symptom) * (symptom.slo ? kSloFactor : 1.0);
            node.impact = std::max(node.impact, impact);
            if (node.first_seen == model::kNoTime || symptom.first_seen < node.first_seen) {
                node.first_seen = symptom.first_seen;
            }
        }
        std::sort(own.begin(), own.end(), [](const auto& a, const auto& b) {
            return std::tie(b.first, a.second->check) < std::tie(a.first, b.second->check);
        });
        double share = 1.0;
        for (const auto& [weight, symptom] : own) {
            node.own += share * weight;
            node.inheritable += share * weight * kInheritable[static_cast<std::size_t>(kind_of(symptom->check))];
            share /= 3;
        }
        node.worst = own.empty() ? nullptr : own.front().second;
        alerts_total_ += node.told->symptoms.size();
    }

    Candidate judge(Local index) {
        Candidate candidate;
        candidate.node = index;
        const LocalNode& node = nodes_[index];
        candidate.reach = reach(index);
        const Reach& reached = candidate.reach;
        const double share = reached.explained / total_impact_;

        if (node.alerts()) {
            add_part(candidate, "own", node.own, own_words(node));
            if (const auto [blame, dependency] = blame_of(node); blame > 0) {
                add_part(candidate, "blames", -blame,
                         "part of this may come from " + graph_.node(nodes_[dependency].index).name + ", which it depends on and which alerts too");
            }
        }
        const double seen = node.alerts() ? std::min(1.0, node.own) : kSilentWeight;
        if (reached.nodes > 0 && (node.alerts() || reached.nodes > 1)) {
            add_part(candidate, "explains", kExplainsWeight * share * seen, explains_words(node, reached));
        }
        if (reached.missing > 0 && candidate.raw > 0) {
            const double doubt = kMissingWeight * candidate.raw * reached.missing;
            add_part(candidate, "missing", -doubt, missing_words(reached));
        }
        if (candidate.raw > 0 || node.told != nullptr) {
            add_change(candidate, node, share);
        }
        candidate.raw = std::max(candidate.raw, 0.0);
        candidate.tie = reached.explained;
        return candidate;
    }

    static void add_part(Candidate& candidate, const char* name, double score, std::string text) {
        candidate.raw += score;
        candidate.parts.push_back({name, score, std::move(text)});
    }

    // Breadth first against the arrows, through alerting nodes and over at most one silent one between them.
    Reach reach(Local start) {
        Reach reached;
        reached.explained = nodes_[start].impact;
        struct Step {
            Local node;
            Local from;
            double surely;
            bool silent_before;
        };
        std::vector<Step> steps{{start, start, 1.0, false}};
        std::vector<std::uint32_t>& seen = seen_;
        seen.resize(nodes_.size(), 0);
        ++visit_;
        seen[start] = visit_;
        std::size_t level_end = 1;
        std::uint8_t hop = 0;
        for (std::size_t i = 0; i < steps.size() && hop < limits_.hops; ++i) {
            if (i == level_end) {
                ++hop;
                level_end = steps.size();
                if (hop >= limits_.hops) {
                    break;
                }
            }
            const Step step = steps[i];
            for (const Arc& arc : nodes_[step.node].dependents) {
                if (seen[arc.other] == visit_) {
                    continue;
                }
                const LocalNode& other = nodes_[arc.other];
                const double surely = step.surely * arc.weight * (step.node == start ? 1.0 : kDecay);
                if (!other.alerts()) {
                    if (step.node == start) {
                        reached.missing += arc.weight;
                        ++reached.missing_count;
                        reached.silent_dependents.push_back(arc.other);
                    }
                    if (step.silent_before) {
                        continue;
                    }
                }
                seen[arc.other] = visit_;
                steps.push_back({arc.other, static_cast<Local>(i), surely, !other.alerts()});
                if (other.alerts()) {
                    reached.explained += other.impact * surely;
                    reached.alerts += other.told->symptoms.size();
                    ++reached.nodes;
                    if (reached.paths.size() < limits_.paths_max) {
                        reached.paths.emplace_back(arc.other, path_of(steps));
                    }
                }
            }
        }
        // As a share: a hub without an echo among its many dependents is no cause.
        const double asked = static_cast<double>(nodes_[start].dependents.size());
        reached.missing = asked > 0 ? reached.missing / asked : 0;
        return reached;
    }

    template <typename Steps>
    static std::vector<Local> path_of(const Steps& steps) {
        std::vector<Local> path;
        for (std::size_t i = steps.size() - 1;; i = steps[i].from) {
            path.push_back(steps[i].node);
            if (i == 0) {
                break;
            }
        }
        std::reverse(path.begin(), path.end());
        return path;
    }

    // What of the node's own alerts its worst alerting dependency explains, and which that is.
    std::pair<double, Local> blame_of(const LocalNode& node) const {
        double worst = 0;
        Local dependency = 0;
        for (const Arc& arc : node.dependencies) {
            const LocalNode& other = nodes_[arc.other];
            if (other.alerts() && other.own * arc.weight > worst) {
                worst = other.own * arc.weight;
                dependency = arc.other;
            }
        }
        return {kBlame * node.inheritable * std::min(1.0, worst / std::max(node.own, 1e-9)), dependency};
    }

    void add_change(Candidate& candidate, const LocalNode& node, double share) {
        if (node.told == nullptr || node.told->changes.empty()) {
            return;
        }
        const model::RecentChange* last = nullptr;
        for (const model::RecentChange& change : node.told->changes) {
            const bool before = first_alert_ == model::kNoTime || change.time <= first_alert_ + std::chrono::seconds(60);
            if (before && (last == nullptr || change.time > last->time)) {
                last = &change;
            }
        }
        if (last == nullptr) {
            return;
        }
        const double minutes = std::max(0.0, static_cast<double>((first_alert_ - last->time).count()) / 60'000.0);
        const double fresh = 1.0 / (1.0 + minutes / 10.0);
        const std::string ago = model::format_duration(std::max(first_alert_ - last->time, model::Duration(0)));
        add_part(candidate, "change", kChangeWeight * fresh * (0.5 + 0.5 * share),
                 last->what + (last->summary.empty() ? "" : " (" + last->summary + ")") + " " + ago + " before the first alert");
    }

    // ---- In words ----

    std::string name_of(Local node) const { return graph_.node(nodes_[node].index).name; }

    static std::string count_of(std::size_t count, const char* thing) {
        return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
    }

    std::string own_words(const LocalNode& node) const {
        const Symptom& worst = *node.worst;
        std::string text = worst.check + " is " + std::string(model::name_of(worst.severity));
        if (worst.deviation > 0) {
            char deviations[48];
            std::snprintf(deviations, sizeof(deviations), ", %.3g deviations off normal", worst.deviation);
            text += deviations;
        }
        text += ", since " + model::format_time(worst.first_seen).substr(11, 8);
        if (node.first_seen == first_alert_ && alerts_total_ > 1) {
            text += " (among the first)";
        }
        if (node.told->symptoms.size() > 1) {
            text += "; " + count_of(node.told->symptoms.size() - 1, "more alert") + " here";
        }
        return text;
    }

    std::string explains_words(const LocalNode& node, const Reach& reached) const {
        std::string text = node.alerts() ? "" : "no alert of its own, but ";
        text += "explains " + std::to_string(reached.alerts) + " of " +
                count_of(alerts_total_ - (node.told == nullptr ? 0 : node.told->symptoms.size()), "other alert");
        text += ", on ";
        const std::size_t named = std::min<std::size_t>(reached.paths.size(), 3);
        for (std::size_t i = 0; i < named; ++i) {
            text += (i == 0 ? "" : i + 1 == named && reached.nodes == named ? " and " : ", ") + name_of(reached.paths[i].first);
        }
        if (reached.nodes > named) {
            text += " and " + std::to_string(reached.nodes - named) + " more";
        }
        return text;
    }

    std::string missing_words(const Reach& reached) const {
        std::string text = "no alert on ";
        const std::size_t named = std::min<std::size_t>(reached.silent_dependents.size(), 3);
        for (std::size_t i = 0; i < named; ++i) {
            text += (i == 0 ? "" : ", ") + name_of(reached.silent_dependents[i]);
        }
        if (reached.missing_count > named) {
            text += " and " + std::to_string(reached.missing_count - named) + " more";
        }
        return text + ", which it would have hurt";
    }

    std::vector<Suspect> conclude(std::vector<Candidate> candidates) {
        std::sort(candidates.begin(), candidates.end(), [&](const Candidate& a, const Candidate& b) {
            return std::tie(b.raw, b.tie, nodes_[a.node].index) < std::tie(a.raw, a.tie, nodes_[b.node].index);
        });
        if (candidates.size() > limits_.suspects_max) {
            candidates.resize(limits_.suspects_max);
        }
        double total = 0;
        for (const Candidate& candidate : candidates) {
            total += std::pow(candidate.raw, kSharpness);
        }
        std::vector<Suspect> suspects;
        for (Candidate& candidate : candidates) {
            Suspect& suspect = suspects.emplace_back();
            suspect.resource = name_of(candidate.node);
            suspect.silent = !nodes_[candidate.node].alerts();
            suspect.score = std::pow(candidate.raw, kSharpness) / total;
            for (Evidence& part : candidate.parts) {
                part.score *= suspect.score / candidate.raw;
            }
            suspect.evidence = std::move(candidate.parts);
            for (const auto& [symptom, path] : candidate.reach.paths) {
                model::CausalPath& told = suspect.paths.emplace_back();
                told.symptom = nodes_[symptom].worst->check;
                for (const Local step : path) {
                    told.nodes.push_back(name_of(step));
                }
            }
        }
        return suspects;
    }

    const Graph& graph_;
    const WalkLimits& limits_;
    std::vector<LocalNode> nodes_;
    boost::unordered_flat_map<NodeIndex, Local> places_;
    std::vector<std::uint32_t> seen_;  // by node: the visit that saw it last
    std::uint32_t visit_ = 0;
    double total_impact_ = 0;
    std::size_t alerts_total_ = 0;
    std::size_t alerting_total_ = 0;
    model::Time first_alert_ = model::kNoTime;
};

}  // namespace

std::vector<Suspect> rank(const Graph& graph, std::span<const AlertingNode> alerting, const WalkLimits& limits) {
    return Walk(graph, limits).rank(alerting);
}

}  // namespace nocturne::topology
