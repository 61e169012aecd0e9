#include "engine/plugin_precision.hpp"

#include "engine/state.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace nocturne::engine {

namespace {

struct Span {
    model::Time from = model::kNoTime;
    model::Time to = model::kNoTime;
    bool is_real = false;
};

using Labels = std::map<std::string, std::vector<Span>, std::less<>>;  // by resource

model::Time end_of(const model::Incident& incident) {
    if (incident.resolved_at != model::kNoTime) {
        return incident.resolved_at;
    }
    return incident.ended_at != model::kNoTime ? incident.ended_at : model::Time::max();
}

Labels labels_of(const State& state) {
    Labels labels;
    for (const auto& [id, slot] : state.incidents.by_id()) {
        const model::Incident& incident = state.incidents[slot];
        if (incident.cause.empty()) {
            continue;
        }
        const Span span{incident.opened_at - state.settings.correlation_window, end_of(incident),
                        !is_false_alarm(incident.cause)};
        std::set<std::string_view> names;
        for (const Slot alert : incident.alerts) {
            names.insert(state.alerts.text(state.alerts[alert].resource));
        }
        const std::string own = model::format_id(model::kIncidentPrefix, id);
        names.insert(own);  // of on_incident
        for (const std::string_view name : names) {
            labels[std::string(name)].push_back(span);
        }
    }
    return labels;
}

void count(Precision::OfVersion& version, const std::vector<Span>& spans) {
    if (spans.empty()) {
        ++version.unlabelled;
    } else if (std::any_of(spans.begin(), spans.end(),
                           [](const Span& one) { return one.is_real; })) {
        ++version.right;
    } else {
        ++version.wrong;
    }
}

}  // namespace

bool is_false_alarm(std::string_view cause) {
    constexpr std::array<std::string_view, 3> kWords{"false alarm", "false positive", "noise"};
    std::string lower(cause);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char byte) { return static_cast<char>(std::tolower(byte)); });
    return std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
}

Precision precision_of(const State& state, const PluginComparison& comparison) {
    const Labels labels = labels_of(state);
    Precision precision;
    for (const PluginComparison::Told& told : comparison.told) {
        std::vector<Span> spans;
        if (const auto found = labels.find(told.resource); found != labels.end()) {
            std::copy_if(
                found->second.begin(), found->second.end(), std::back_inserter(spans),
                [&](const Span& span) { return span.from <= told.at && told.at <= span.to; });
        }
        if (told.by_old) {
            count(precision.before, spans);
        }
        if (told.by_new) {
            count(precision.after, spans);
        }
    }
    return precision;
}

}  // namespace nocturne::engine
