#include "engine/blind_spots.hpp"

#include <algorithm>

namespace nocturne::engine {

namespace {

// What the rule says, or else what told of itself by the name that is silent now.
rules::Condition covers_of(const rules::HeartbeatRule& rule, const std::string& source) {
    rules::Condition condition = rule.covers;
    if (!condition.is_empty()) {
        return condition;
    }
    rules::Field field = rule.by.empty() ? rules::parse_field("source") : rule.by.front();
    if (Result<rules::Test> test = rules::make_test(std::move(field), {source})) {
        condition.tests.push_back(*std::move(test));
    }
    return condition;
}

}  // namespace

BlindSpots::BlindSpots(const State& state) : state_(state) {
    const std::vector<rules::HeartbeatRule>& heartbeats = state.book.rules().heartbeats;
    state.patterns.for_each_silent(
        [&](std::size_t number, const EmittedEvent& told, model::Time since) {
            const rules::HeartbeatRule& rule = heartbeats[number];
            if (!state.book.is_shadow(rule.rule)) {
                silent_.push_back(
                    {told.resource, rule.rule, since - rule.every, covers_of(rule, told.resource)});
            }
        });
}

const BlindSpots::Silent* BlindSpots::over(topology::NodeIndex index) const {
    if (empty() || !state_.topology.now().is_alive(index)) {
        return nullptr;
    }
    const topology::Node& node = state_.topology.now().node(index);
    std::vector<model::LabelView> labels;
    for (const auto& [name, value] : node.labels) {
        labels.push_back({name, value});
    }
    rules::SubjectView subject;
    subject.resource = node.name;
    subject.labels = labels;
    const auto found = std::find_if(silent_.begin(), silent_.end(), [&](const Silent& silent) {
        return silent.covers.holds(subject);
    });
    return found == silent_.end() ? nullptr : &*found;
}

const BlindSpots::Silent* BlindSpots::over_alert(Slot alert) const {
    if (empty()) {
        return nullptr;
    }
    if (const Silent* silent = over(state_.alerts[alert].node)) {
        return silent;
    }
    const AlertSubject subject(state_.alerts, alert);
    const auto found = std::find_if(silent_.begin(), silent_.end(), [&](const Silent& silent) {
        return subject.matches(silent.covers);
    });
    return found == silent_.end() ? nullptr : &*found;
}

std::size_t BlindSpots::count_nodes() const {
    if (empty()) {
        return 0;
    }
    const topology::Graph& graph = state_.topology.now();
    std::vector<bool> is_blind(graph.index_end());
    for (topology::NodeIndex node = 0; node < graph.index_end(); ++node) {
        is_blind[node] = over(node) != nullptr;
    }
    for (Slot slot = 0; slot < state_.alerts.bound(); ++slot) {
        if (state_.alerts.is_used(slot) && !is_blind[state_.alerts[slot].node]) {
            is_blind[state_.alerts[slot].node] = over_alert(slot) != nullptr;
        }
    }
    return static_cast<std::size_t>(std::count(is_blind.begin(), is_blind.end(), true));
}

}  // namespace nocturne::engine
