#include "topology/walk.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <array>
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
enum class CheckKind : std::uint8_t { Resource, Error, Latency, Traffic, Other, CallingSide };

struct KindWord {
    std::string_view word;
    CheckKind kind;
};

constexpr std::array<KindWord, 34> kKindWords{{
    {"cpu", CheckKind::Resource},        {"mem", CheckKind::Resource},
    {"disk", CheckKind::Resource},       {"oom", CheckKind::Resource},
    {"saturat", CheckKind::Resource},    {"lock", CheckKind::Resource},
    {"thread", CheckKind::Resource},     {"pool", CheckKind::Resource},
    {"restart", CheckKind::Resource},    {"crash", CheckKind::Resource},
    {"inode", CheckKind::Resource},      {"filesystem", CheckKind::Resource},
    {"packet", CheckKind::Resource},     {"network", CheckKind::Resource},
    {"descriptor", CheckKind::Resource}, {"down", CheckKind::Resource},
    {"error", CheckKind::Error},         {"fail", CheckKind::Error},
    {"availab", CheckKind::Error},       {"5xx", CheckKind::Error},
    {"success", CheckKind::Error},       {"exception", CheckKind::Error},
    {"fault", CheckKind::Error},         {"latency", CheckKind::Latency},
    {"duration", CheckKind::Latency},    {"response", CheckKind::Latency},
    {"slow", CheckKind::Latency},        {"time", CheckKind::Latency},
    {"request", CheckKind::Traffic},     {"traffic", CheckKind::Traffic},
    {"throughput", CheckKind::Traffic},  {"qps", CheckKind::Traffic},
    {"rate", CheckKind::Traffic},        {"load", CheckKind::Traffic},
}};

// How much an alert of this kind speaks of a fault of the node itself, rather than of one that it
// suffers.
constexpr std::array<double, 6> kOwnWeight{1.0, 1.0, 0.55, 0.5, 0.4, 0.1};
// How much of it a fault elsewhere can explain.
constexpr std::array<double, 6> kInheritable{0.15, 1.0, 0.45, 0.5, 0.2, 1.0};

// The deviation that a severity stands for when the source tells none (warning from 3, minor from
// 6, ...).
constexpr std::array<double, 6> kDeviationOfSeverity{0.0, 1.0, 3.0, 6.0, 12.0, 25.0};

constexpr double kDeviationMax =
    200;  // beyond it more says nothing: near-constant baselines give any number
constexpr double kDecay = 0.25;          // per hop, of what a fault further away explains
constexpr double kBlame = 0.6;           // how much an alerting dependency takes off its dependents
constexpr double kExplainsWeight = 0.8;  // of the storm explained, against the node's own alerts
constexpr double kSilentWeight = 0.45;   // a silent node explains, but nobody saw it fail
constexpr double kMissingWeight = 0.1;  // of the score, when no dependent that it would hurt alerts
constexpr double kOffPathWeight = 0.9;  // of the score, when users suffer and this cannot be why
constexpr double kOtherKindWeight =
    0.4;  // of an alert on errors while users suffer from slowness, or the reverse
constexpr double kRemoteWeight =
    0.2;  // of a node that stands for the far end of a call, as the caller sees it
constexpr double kChangeWeight = 0.35;  // a change the instant before, that explains all
constexpr double kSloFactor = 4.0;
constexpr double kSharpness = 2.0;  // of the scores; above 1 it sets the first apart

CheckKind kind_of(std::string_view check) {
    std::string lower(check);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char byte) {
        return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
    });
    if (lower.find("client") != std::string::npos) {
        return CheckKind::CallingSide;  // what a caller measures speaks of the one it calls
    }
    for (const KindWord& word : kKindWords) {
        if (lower.find(word.word) != std::string::npos) {
            return word.kind;
        }
    }
    return CheckKind::Other;
}

bool is_remote(std::string_view type) {
    return type == "remote" || type == "external" || type == "client";
}

double deviation_of(const Symptom& symptom) {
    const double told = symptom.deviation;
    return told > 0 ? told : kDeviationOfSeverity[static_cast<std::size_t>(symptom.severity)];
}

// 1 where an alert becomes critical; grows with the logarithm beyond, so that the tail counts
// without drowning all else.
double strength_of(const Symptom& symptom) {
    return std::log1p(std::min(deviation_of(symptom), kDeviationMax)) / std::log1p(25.0);
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
    bool slo = false;                    // users feel it here
    const Symptom* worst = nullptr;      // the symptom that tells most
    model::Time first_seen = model::kNoTime;
    std::vector<Arc> dependents;
    std::vector<Arc> dependencies;

    bool alerts() const { return worst != nullptr; }
};

// What a fault of one candidate reaches.
struct Reach {
    double explained = 0;    // of the storm's impact, its own included
    std::size_t alerts = 0;  // alerts at other nodes that it explains
    std::size_t nodes = 0;
    double missing = 0;  // the share of direct dependents without an alert, by their weight
    bool reaches_slo = false;
};

// The same in detail, for those that are told.
struct Trace {
    std::vector<std::vector<Local>> paths;  // from the candidate to an alerting node each
    std::vector<Local> silent_dependents;
};

// The parts of a score, in the order in which they are told.
enum class Part : std::uint8_t { Own, Blames, Explains, OffPath, Missing, Change, Count };

constexpr std::array<const char*, static_cast<std::size_t>(Part::Count)> kPartNames{
    "own", "blames", "explains", "off_path", "missing", "change"};

struct Candidate {
    Local node = 0;
    double raw = 0;
    double explained = 0;
    std::array<double, static_cast<std::size_t>(Part::Count)> parts{};

    void add(Part part, double score) {
        parts[static_cast<std::size_t>(part)] = score;
        raw += score;
    }
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
            if (const Candidate candidate = judge(node); candidate.raw > 0) {
                candidates.push_back(candidate);
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
        std::sort(told.begin(), told.end(),
                  [](const AlertingNode* a, const AlertingNode* b) { return a->node < b->node; });
        if (told.size() > limits_.alerting_max) {
            keep_worst(told);
        }
        std::vector<NodeIndex> level;
        for (const AlertingNode* node : told) {
            nodes_[add(node->node)].told = node;
            level.push_back(node->node);
        }
        // Downwards: what the alerting nodes depend on may be the cause although it is silent.
        for (std::uint8_t hop = 0; hop < limits_.silent_hops && !level.empty(); ++hop) {
            std::vector<NodeIndex> next;
            for (const NodeIndex node : level) {
                graph_.for_each_dependency(
                    node, [&](NodeIndex other, const Edge&) { next.push_back(other); });
            }
            std::sort(next.begin(), next.end());
            next.erase(std::unique(next.begin(), next.end()), next.end());
            std::erase_if(next, [&](NodeIndex node) {
                return places_.contains(node) || nodes_.size() >= limits_.nodes_max ||
                       add(node) == kNoNode;
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
        std::stable_sort(told.begin(), told.end(),
                         [&](const AlertingNode* a, const AlertingNode* b) {
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
        // In an order that does not hang on which edge was added first; of parallel ones the
        // heaviest.
        for (LocalNode& node : nodes_) {
            for (std::vector<Arc>* arcs : {&node.dependents, &node.dependencies}) {
                std::sort(arcs->begin(), arcs->end(), [&](const Arc& a, const Arc& b) {
                    return std::tie(nodes_[a.other].index, b.weight) <
                           std::tie(nodes_[b.other].index, a.weight);
                });
                arcs->erase(
                    std::unique(arcs->begin(), arcs->end(),
                                [](const Arc& a, const Arc& b) { return a.other == b.other; }),
                    arcs->end());
            }
        }
    }

    void weigh_alerts() {
        find_slo_kinds();
        for (LocalNode& node : nodes_) {
            if (node.told != nullptr) {
                weigh(node);
            }
            total_impact_ += node.impact;
            has_slo_ |= node.slo;
            if (node.first_seen != model::kNoTime &&
                (first_alert_ == model::kNoTime || node.first_seen < first_alert_)) {
                first_alert_ = node.first_seen;
            }
        }
    }

    // What users suffer from: slowness, errors, or both.
    void find_slo_kinds() {
        for (const LocalNode& node : nodes_) {
            if (node.told == nullptr) {
                continue;
            }
            for (const Symptom& symptom : node.told->symptoms) {
                if (symptom.slo) {
                    slo_kinds_[static_cast<std::size_t>(kind_of(symptom.check))] = true;
                }
            }
        }
    }

    // Slowness is caused by what is slow, errors by what fails: an alert of the other kind says
    // less.
    double fit_of(CheckKind kind) const {
        const bool slow = slo_kinds_[static_cast<std::size_t>(CheckKind::Latency)];
        const bool failing = slo_kinds_[static_cast<std::size_t>(CheckKind::Error)];
        const bool is_other = (kind == CheckKind::Error && slow && !failing) ||
                              (kind == CheckKind::Latency && failing && !slow);
        return is_other ? kOtherKindWeight : 1.0;
    }

    // The best alert counts whole, the second by a third, the third by a ninth: ten weak alerts of
    // one node must not look like one strong.
    void weigh(LocalNode& node) {
        std::vector<std::pair<double, const Symptom*>> own;
        for (const Symptom& symptom : node.told->symptoms) {
            const CheckKind kind = kind_of(symptom.check);
            own.emplace_back(kOwnWeight[static_cast<std::size_t>(kind)] * fit_of(kind) *
                                 strength_of(symptom),
                             &symptom);
            const double impact = strength_of(symptom) * (symptom.slo ? kSloFactor : 1.0);
            node.impact = std::max(node.impact, impact);
            node.slo |= symptom.slo;
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
            node.inheritable +=
                share * weight * kInheritable[static_cast<std::size_t>(kind_of(symptom->check))];
            share /= 3;
        }
        if (is_remote(graph_.node(node.index).type)) {
            node.own *= kRemoteWeight;
            node.inheritable *= kRemoteWeight;
        }
        node.worst = own.empty() ? nullptr : own.front().second;
        alerts_total_ += node.told->symptoms.size();
    }

    // The parts of the candidate's score. See docs/causal-ranking.md, section 3.
    Candidate judge(Local index) {
        Candidate candidate;
        candidate.node = index;
        const LocalNode& node = nodes_[index];
        if (!node.alerts() && node.dependents.size() < 2) {
            return candidate;  // a silent node has to explain at least two that alert
        }
        const Reach reached = reach(index, nullptr);
        const double share = reached.explained / total_impact_;
        candidate.explained = reached.explained;
        if (node.alerts()) {
            candidate.add(Part::Own, node.own);
            candidate.add(Part::Blames, -blame_of(node).first);
        }
        const double seen = node.alerts() ? std::min(1.0, node.own) : kSilentWeight;
        if (reached.nodes > 0 && (node.alerts() || reached.nodes > 1)) {
            candidate.add(Part::Explains, kExplainsWeight * share * seen);
        }
        if (has_slo_ && !reached.reaches_slo) {
            candidate.add(Part::OffPath, -kOffPathWeight * candidate.raw);
        }
        candidate.add(Part::Missing, -kMissingWeight * candidate.raw * reached.missing);
        if (const model::RecentChange* change = change_before(node); change != nullptr) {
            const auto before = std::max(first_alert_ - change->time, model::Duration(0));
            const double minutes = static_cast<double>(before.count()) / 60'000.0;
            candidate.add(Part::Change,
                          kChangeWeight / (1.0 + minutes / 10.0) * (0.5 + 0.5 * share));
        }
        return candidate;
    }

    // Breadth first against the arrows, through alerting nodes and over at most one silent one
    // between them.
    Reach reach(Local start, Trace* trace) {
        Reach reached;
        reached.explained = nodes_[start].impact;
        reached.reaches_slo = nodes_[start].slo;
        ++visit_;
        seen_.resize(nodes_.size(), 0);
        seen_[start] = visit_;
        steps_.clear();
        steps_.push_back({start, 0, 0, 1.0, false});
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            const Step step = steps_[i];
            if (step.hop == limits_.hops) {
                break;
            }
            for (const Arc& arc : nodes_[step.node].dependents) {
                const LocalNode& other = nodes_[arc.other];
                if (step.node == start && !other.alerts()) {
                    reached.missing +=
                        arc.weight / static_cast<double>(nodes_[start].dependents.size());
                    if (trace != nullptr) {
                        trace->silent_dependents.push_back(arc.other);
                    }
                }
                if (seen_[arc.other] == visit_ || (!other.alerts() && step.over_silent)) {
                    continue;
                }
                seen_[arc.other] = visit_;
                const double surely =
                    step.surely * arc.weight * (step.node == start ? 1.0 : kDecay);
                steps_.push_back({arc.other, static_cast<std::uint32_t>(i),
                                  static_cast<std::uint8_t>(step.hop + 1), surely,
                                  !other.alerts()});
                if (other.alerts()) {
                    reached.explained += other.impact * surely;
                    reached.alerts += other.told->symptoms.size();
                    ++reached.nodes;
                    reached.reaches_slo |= other.slo;
                    if (trace != nullptr && trace->paths.size() < limits_.paths_max) {
                        trace->paths.push_back(path_to_last_step());
                    }
                }
            }
        }
        return reached;
    }

    std::vector<Local> path_to_last_step() const {
        std::vector<Local> path;
        std::size_t i = steps_.size() - 1;
        for (; i != 0; i = steps_[i].from) {
            path.push_back(steps_[i].node);
        }
        path.push_back(steps_[0].node);
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
        return {kBlame * node.inheritable * std::min(1.0, worst / std::max(node.own, 1e-9)),
                dependency};
    }

    // The last change to the node before the storm, a minute's disorder of clocks allowed.
    const model::RecentChange* change_before(const LocalNode& node) const {
        const model::RecentChange* last = nullptr;
        if (node.told != nullptr) {
            for (const model::RecentChange& change : node.told->changes) {
                if (change.time <= first_alert_ + std::chrono::seconds(60) &&
                    (last == nullptr || change.time > last->time)) {
                    last = &change;
                }
            }
        }
        return last;
    }

    // ---- In words ----

    std::string name_of(Local node) const { return graph_.node(nodes_[node].index).name; }

    static std::string count_of(std::size_t count, const char* thing) {
        return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
    }

    // "a, b and c", or "a, b, c and 4 more".
    std::string list_of(const std::vector<Local>& nodes, std::size_t total) const {
        constexpr std::size_t kNamed = 3;
        const std::size_t named = std::min({nodes.size(), kNamed, total});
        std::string text;
        for (std::size_t i = 0; i < named; ++i) {
            text += i == 0 ? "" : i + 1 == named && named == total ? " and " : ", ";
            text += name_of(nodes[i]);
        }
        return total > named ? text + " and " + std::to_string(total - named) + " more" : text;
    }

    std::string words_of(Part part, const LocalNode& node, const Reach& reached,
                         const Trace& trace) const {
        switch (part) {
            case Part::Own: return own_words(node);
            case Part::Blames:
                return "may suffer from " + name_of(blame_of(node).second) +
                       ", which it depends on and which alerts too";
            case Part::Explains: return explains_words(node, reached, trace);
            case Part::OffPath:
                return "what users feel does not depend on it, as far as the graph knows";
            case Part::Missing:
                return "no alert on " +
                       list_of(trace.silent_dependents, trace.silent_dependents.size()) +
                       ", which it would have hurt";
            case Part::Change: return change_words(*change_before(node));
            case Part::Count: break;
        }
        return {};
    }

    std::string own_words(const LocalNode& node) const {
        const Symptom& worst = *node.worst;
        std::string text = worst.check + " is " + std::string(model::name_of(worst.severity));
        if (worst.deviation > 0) {
            char deviations[48];
            std::snprintf(deviations, sizeof(deviations), ", %.3g deviations off normal",
                          worst.deviation);
            text += deviations;
        }
        text += ", since " + model::format_time(worst.first_seen).substr(11, 8);
        if (node.first_seen == first_alert_ && alerts_total_ > node.told->symptoms.size()) {
            text += " (among the first)";
        }
        if (node.told->symptoms.size() > 1) {
            text += "; " + count_of(node.told->symptoms.size() - 1, "more alert") + " here";
        }
        return text;
    }

    std::string explains_words(const LocalNode& node, const Reach& reached,
                               const Trace& trace) const {
        std::vector<Local> ends;
        for (const std::vector<Local>& path : trace.paths) {
            ends.push_back(path.back());
        }
        const std::size_t here = node.told == nullptr ? 0 : node.told->symptoms.size();
        return (node.alerts() ? "explains " : "no alert of its own, but explains ") +
               std::to_string(reached.alerts) + " of " +
               count_of(alerts_total_ - here, "other alert") + ", on " +
               list_of(ends, reached.nodes);
    }

    std::string change_words(const model::RecentChange& change) const {
        const std::string what =
            change.what + (change.summary.empty() ? "" : " (" + change.summary + ")");
        return change.time > first_alert_
                   ? what + " at the time of the first alert"
                   : what + " " + model::format_duration(first_alert_ - change.time) +
                         " before the first alert";
    }

    std::vector<Suspect> conclude(std::vector<Candidate> candidates) {
        std::sort(candidates.begin(), candidates.end(),
                  [&](const Candidate& a, const Candidate& b) {
                      return std::tie(b.raw, b.explained, nodes_[a.node].index) <
                             std::tie(a.raw, a.explained, nodes_[b.node].index);
                  });
        if (candidates.size() > limits_.suspects_max) {
            candidates.resize(limits_.suspects_max);
        }
        double total = 0;
        for (const Candidate& candidate : candidates) {
            total += std::pow(candidate.raw, kSharpness);
        }
        std::vector<Suspect> suspects;
        suspects.reserve(candidates.size());
        for (const Candidate& candidate : candidates) {
            suspects.push_back(tell(candidate, std::pow(candidate.raw, kSharpness) / total));
        }
        return suspects;
    }

    Suspect tell(const Candidate& candidate, double score) {
        const LocalNode& node = nodes_[candidate.node];
        Trace trace;
        const Reach reached = reach(candidate.node, &trace);
        Suspect suspect;
        suspect.resource = name_of(candidate.node);
        suspect.score = score;
        suspect.silent = !node.alerts();
        for (std::size_t i = 0; i < candidate.parts.size(); ++i) {
            if (candidate.parts[i] != 0) {
                suspect.evidence.push_back({kPartNames[i],
                                            candidate.parts[i] * score / candidate.raw,
                                            words_of(static_cast<Part>(i), node, reached, trace)});
            }
        }
        for (const std::vector<Local>& path : trace.paths) {
            model::CausalPath& told = suspect.paths.emplace_back();
            told.symptom = nodes_[path.back()].worst->check;
            for (const Local step : path) {
                told.nodes.push_back(name_of(step));
            }
        }
        return suspect;
    }

    struct Step {
        Local node;
        std::uint32_t from;  // the step before, by its place
        std::uint8_t hop;
        double surely;
        bool over_silent;
    };

    const Graph& graph_;
    const WalkLimits& limits_;
    std::vector<LocalNode> nodes_;
    boost::unordered_flat_map<NodeIndex, Local> places_;
    std::vector<Step> steps_;          // of the last reach
    std::vector<std::uint32_t> seen_;  // by node: the visit that saw it last
    std::uint32_t visit_ = 0;
    double total_impact_ = 0;
    std::size_t alerts_total_ = 0;
    bool has_slo_ = false;
    std::array<bool, 6> slo_kinds_{};  // by CheckKind
    model::Time first_alert_ = model::kNoTime;
};

}  // namespace

std::vector<Suspect> rank(const Graph& graph, std::span<const AlertingNode> alerting,
                          const WalkLimits& limits) {
    return Walk(graph, limits).rank(alerting);
}

}  // namespace nocturne::topology
