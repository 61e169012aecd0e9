#include "engine/remark.hpp"

#include "engine/plugin_rack.hpp"
#include "engine/state.hpp"

#include <algorithm>
#include <string>

namespace nocturne::engine {

using model::Incident;
using model::Reason;
using plugins::IncidentSight;

namespace {

std::vector<IncidentSight::Alert> alerts_of(const State& state, const Incident& incident,
                                            std::vector<std::string>& ids) {
    std::vector<IncidentSight::Alert> alerts;
    const std::size_t count = std::min(incident.alerts.size(), Remark::kAlertsMax);
    alerts.reserve(count);
    ids.reserve(count);  // views into it stay
    for (std::size_t i = 0; i < count; ++i) {
        const model::Alert& alert = state.alerts[incident.alerts[i]];
        ids.push_back(model::format_id(model::kAlertPrefix, alert.id));
        alerts.push_back({ids.back(), state.alerts.text(alert.resource),
                          state.alerts.text(alert.check), state.alerts.text(alert.summary),
                          alert.severity, alert.is_burning(), alert.first_seen});
    }
    return alerts;
}

bool put(Incident& incident, const std::string& plugin, const plugins::Wish& wish) {
    const auto found = std::find_if(incident.notes.begin(), incident.notes.end(),
                                    [&](const model::IncidentNote& note) {
                                        return note.plugin == plugin && note.name == wish.name;
                                    });
    if (found == incident.notes.end()) {
        if (incident.notes.size() >= Remark::kNotesMax) {
            return false;
        }
        incident.notes.push_back({plugin, wish.name, wish.value});
        return true;
    }
    const bool is_new = found->value != wish.value;
    found->value = wish.value;
    return is_new;
}

}  // namespace

void Remark::remark_if_due(Slot slot) {
    Incident& incident = state_.incidents[slot];
    const std::string first = incident.suspects.empty() ? "" : incident.suspects.front().resource;
    if (incident.is_over() || (incident.is_remarked && incident.remarked_suspect == first)) {
        return;
    }
    incident.is_remarked = true;
    incident.remarked_suspect = first;
    std::vector<std::string> ids;
    const std::vector<IncidentSight::Alert> alerts = alerts_of(state_, incident, ids);
    const std::string id = model::format_id(model::kIncidentPrefix, incident.id);
    const IncidentSight sight{
        id,     incident.title,    incident.severity, incident.opened_at, incident.confidence,
        alerts, incident.suspects, incident.state};
    const std::uint32_t call = next_call_++;
    bool is_noted = false;
    for (RackedPlugin& racked : state_.plugins->all()) {
        if (racked.current.plugin == nullptr ||
            !racked.current.plugin->manifest().handlers.on_incident) {
            continue;
        }
        if (const plugins::CallResult* result = caller_.on_incident(racked, sight, slot, call)) {
            is_noted = take(racked, *result, incident) || is_noted;
        }
    }
    if (is_noted) {
        incident.updated_at = state_.now;
        news_.push_back(
            {incident.id, model::Effect::Topic::IncidentUpdated, Reason::NotedByPlugin});
    }
}

bool Remark::take(RackedPlugin& racked, const plugins::CallResult& result, Incident& incident) {
    if (result.wishes.empty()) {
        return false;
    }
    PluginTally& tally = racked.current.tally;
    if (racked.mode == plugins::PluginMode::Shadow) {
        ++tally.would_have;
        state_.counters.count(Reason::PluginWouldAct);
        return false;
    }
    std::string line;
    for (const plugins::Wish& wish : result.wishes) {
        if (wish.what != plugins::Wish::What::Annotate) {
            ++tally.refused;  // an incident has neither labels nor a say in what is sent
        } else if (put(incident, racked.name, wish)) {
            line += (line.empty() ? "" : ", ") + wish.name + "=" + wish.value;
        }
    }
    if (line.empty()) {
        return false;
    }
    ++tally.acted;
    state_.counters.count(Reason::NotedByPlugin);
    constexpr std::size_t kShown = 300;
    if (incident.timeline.size() < Incident::kTimelineMax) {
        incident.timeline.push_back({state_.now, Reason::NotedByPlugin, model::kNoId,
                                     racked.name + ": " + plugins::printable(line, kShown)});
    } else {
        ++incident.timeline_dropped;
    }
    return true;
}

}  // namespace nocturne::engine
