#include "topology/climb.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::topology {

namespace {

constexpr auto kClockNoise = std::chrono::seconds(1);

}  // namespace

double pushes(const IncidentGraph& graph, const WalkWeights& weights, Local caller, Local called) {
    const auto leaves = static_cast<double>(graph[caller].surge);
    const auto arrives = static_cast<double>(graph[called].surge);
    return leaves > 0 && arrives > 0 ? weights.overload * std::min(1.0, leaves / arrives) : 0.0;
}

Climb::Climb(const IncidentGraph& graph, const Slope& slope, const CallingSide& calling_side,
             const WalkLimits& limits, const WalkWeights& weights)
    : graph_(graph), slope_(slope), calling_side_(calling_side), limits_(limits), weights_(weights),
      offers_(graph.size()) {}

Climbed Climb::from(Local start) {
    Climbed climbed;
    climbed.slo = graph_[start].slo ? 1.0 : 0.0;
    ++visit_;
    steps_.clear();
    reached_.clear();
    open_.clear();
    offers_[start] = {1.0, visit_, 0, false};
    push_open({1.0, start, 0, 0, false});
    while (!open_.empty()) {
        const Step step = pop_open();
        if (std::exchange(offers_[step.node].is_taken, true)) {
            continue;
        }
        const auto place = static_cast<std::uint32_t>(steps_.size());
        steps_.push_back(step);
        if (place > 0 && graph_[step.node].alerts()) {
            count_reached(place, climbed);
        }
        if (step.hop < limits_.hops) {
            step_up(place);
        }
        if (place == 0) {
            step_aside();
        }
    }
    return climbed;
}

void Climb::push_open(const Step& step) {
    open_.push_back(step);
    std::push_heap(open_.begin(), open_.end(), IsLessSure());
}

Climb::Step Climb::pop_open() {
    std::pop_heap(open_.begin(), open_.end(), IsLessSure());
    const Step step = open_.back();
    open_.pop_back();
    return step;
}

// Unless a way that is as sure, and no longer, is known already.
void Climb::step_to(Local node, bool alerts, std::uint32_t from, double surely) {
    const auto hop = static_cast<std::uint8_t>(steps_[from].hop + 1);
    Offer& offer = offers_[node];
    const bool is_worse = surely < offer.surely || (surely == offer.surely && hop >= offer.hop);
    if (offer.visit == visit_ && (offer.is_taken || is_worse)) {
        return;
    }
    offer = {surely, visit_, hop, false};
    push_open({surely, node, from, hop, !alerts});
}

// To what depends on the node at that step; over one silent node, not over two.
void Climb::step_up(std::uint32_t from) {
    const Step& step = steps_[from];
    const double surely = step.surely * (from == 0 ? 1.0 : weights_.decay);
    for (const Link& link : links_of(slope_, graph_, step.node)) {
        if (link.alerts || !step.over_silent) {
            step_to(link.above, link.alerts, from, surely * link.surely);
        }
    }
}

bool Climb::is_saturated(Local node) const {
    const auto symptoms = graph_.symptoms(node);
    return std::any_of(symptoms.begin(), symptoms.end(), [](const WeighedSymptom& symptom) {
        return symptom.kind == CheckKind::Resource;
    });
}

double Climb::hurts_called(Local caller, Local called) const {
    return std::max(pushes(graph_, weights_, caller, called),
                    calling_side_.explains(caller, called));
}

bool Climb::goes_aside(Local start) const {
    const auto below = graph_.dependencies(start);
    const bool saturated = is_saturated(start);
    return std::any_of(below.begin(), below.end(), [&](const Arc& arc) {
        return (saturated && graph_[arc.other].is_host) || hurts_called(start, arc.other) > 0;
    });
}

void Climb::step_aside() {
    const Local start = steps_.front().node;
    const bool saturated = is_saturated(start);
    for (const Arc& arc : graph_.dependencies(start)) {
        if (const double surely = hurts_called(start, arc.other); surely > 0) {
            step_to(arc.other, graph_[arc.other].alerts(), 0, surely);
        }
        if (!saturated || !graph_[arc.other].is_host || is_taken(arc.other)) {
            continue;
        }
        const auto host = static_cast<std::uint32_t>(steps_.size());
        steps_.push_back({0.0, arc.other, 0, 1, true});  // on the way, not hurt itself
        for (const Arc& sharer : graph_.dependents(arc.other)) {
            if (graph_[sharer.other].alerts()) {
                step_to(sharer.other, true, host,
                        weights_.sideways * static_cast<double>(sharer.weight));
            }
        }
    }
}

void Climb::count_reached(std::uint32_t place, Climbed& climbed) {
    const Step& step = steps_[place];
    const IncidentNode& start = graph_[steps_.front().node];
    const IncidentNode& node = graph_[step.node];
    if (node.is_elsewhere()) {
        return;
    }
    reached_.push_back(place);
    climbed.explained += slope_.impact[step.node] * step.surely;
    climbed.alerts += node.symptom_count;
    ++climbed.nodes;
    if (node.slo) {
        climbed.slo = std::max(climbed.slo, step.surely);
    }
    if (node.first_seen + kClockNoise < start.first_seen) {
        ++climbed.before;
    } else if (node.first_seen > start.first_seen + kClockNoise) {
        ++climbed.after;
    }
}

std::vector<std::vector<Local>> Climb::paths() const {
    std::vector<std::vector<Local>> paths;
    for (std::size_t i = 0; i < std::min(reached_.size(), limits_.paths_max); ++i) {
        std::vector<Local>& path = paths.emplace_back();
        for (std::uint32_t at = reached_[i]; at != 0; at = steps_[at].from) {
            path.push_back(steps_[at].node);
        }
        path.push_back(steps_.front().node);
        std::reverse(path.begin(), path.end());
    }
    return paths;
}

}  // namespace nocturne::topology
