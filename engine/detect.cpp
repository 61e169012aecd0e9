#include "engine/detect.hpp"

#include "engine/plugin_rack.hpp"
#include "engine/plugin_wishes.hpp"
#include "engine/state.hpp"

#include <array>
#include <cstdio>
#include <string>

namespace nocturne::engine {

using model::Reason;
using plugins::PluginMode;

namespace {

std::string number_text(const char* format, double number) {
    std::array<char, 48> text{};
    const int size = std::snprintf(text.data(), text.size(), format, number);
    return std::string(text.data(), static_cast<std::size_t>(size));
}

// The alert of the metric's anomaly; borrows from the metric and from `check`.
model::EventView alert_of(const model::EventView& metric, const std::string& check) {
    model::EventView alert = metric;
    alert.source = "nocturne";
    alert.check = check;
    alert.id = {};
    alert.message = {};
    alert.time = model::kNoTime;
    alert.kind = model::Kind::Alert;
    alert.status = model::EventStatus::Firing;
    alert.severity = model::Severity::Warning;
    alert.annotations = {};
    alert.fingerprint = model::identity_of(alert.resource, alert.check, alert.labels);
    return alert;
}

}  // namespace

void Detect::detect(EventInHand& hand, std::uint32_t number, OwnEvents& own) {
    std::vector<RackedPlugin>& all = state_.plugins->all();
    for (std::uint32_t i = 0; i < all.size(); ++i) {
        if (!all[i].is(plugins::PluginKind::Detector)) {
            continue;
        }
        const model::EventView& event = hand.event();
        const bool is_sample = event.kind == model::Kind::Metric && event.has_value &&
                               all[i].current.plugin->manifest().handlers.on_sample;
        const plugins::CallResult* result = is_sample ? caller_.on_sample(all[i], event, number)
                                                      : caller_.on_event(all[i], event, number);
        if (result == nullptr) {
            continue;
        }
        take_wishes(state_, i, *result, hand, own);
        if (result->score) {
            weigh(i, *result->score, hand, own);
        }
    }
}

void Detect::weigh(std::uint32_t plugin, double score, EventInHand& hand, OwnEvents& own) {
    if (score >= kScoreMin) {
        raise(plugin, score, hand, own);
        return;
    }
    RackedPlugin& racked = state_.plugins->all()[plugin];
    const auto open = racked.anomalies.find(hand.event().fingerprint);
    if (open != racked.anomalies.end() && ++open->second >= kClearAfter) {
        racked.anomalies.erase(open);
        clear(plugin, hand, own);
    }
}

void Detect::raise(std::uint32_t plugin, double score, EventInHand& hand, OwnEvents& own) {
    RackedPlugin& racked = state_.plugins->all()[plugin];
    PluginTally& tally = racked.current.tally;
    ++tally.anomalies;
    if (racked.mode == PluginMode::Shadow) {
        ++tally.would_have;
        state_.counters.count(Reason::PluginWouldAct);
        return;
    }
    if (!may_send(state_, plugin, hand, own)) {
        return;
    }
    const model::EventView& metric = hand.event();
    if (racked.anomalies.size() < RackedPlugin::kAnomaliesMax ||
        racked.anomalies.contains(metric.fingerprint)) {
        racked.anomalies[metric.fingerprint] = 0;  // beyond the bound the alert expires by itself
    }
    const std::string check = std::string(metric.check) + "_anomaly";
    const std::string rounded = number_text("%.3f", score);
    const std::string value = number_text("%.17g", metric.value);
    const std::string summary = std::string(metric.check) + " " +
                                number_text("%.6g", metric.value) + " on " +
                                std::string(metric.resource) + " is unusual (" + racked.name +
                                " scores " + number_text("%.2f", score) + ")";
    const std::array annotations{
        model::AnnotationView{"detector", racked.name},
        model::AnnotationView{"score", rounded, model::AnnotationView::Type::Number},
        model::AnnotationView{"value", value, model::AnnotationView::Type::Number},
    };
    model::EventView alert = alert_of(metric, check);
    alert.summary = summary;
    alert.annotations = annotations;
    if (racked.mode != PluginMode::Auto) {
        alert.severity = model::Severity::Info;
    }
    ++tally.acted;
    own.add({alert, Reason::AnomalyDetected, plugin, UINT32_MAX, hand.depth() + 1});
}

void Detect::clear(std::uint32_t plugin, EventInHand& hand, OwnEvents& own) {
    const model::EventView& metric = hand.event();
    if (is_held_by_another(plugin, metric.fingerprint)) {
        return;
    }
    const std::string check = std::string(metric.check) + "_anomaly";
    const std::string summary =
        std::string(metric.check) + " on " + std::string(metric.resource) + " is as usual again";
    model::EventView alert = alert_of(metric, check);
    alert.summary = summary;
    alert.status = model::EventStatus::Resolved;
    own.add({alert, Reason::AnomalyCleared, plugin, UINT32_MAX, hand.depth() + 1});
}

// Two detectors that watch one metric share its alert.
bool Detect::is_held_by_another(std::uint32_t plugin, const model::Fingerprint& series) const {
    const std::vector<RackedPlugin>& all = state_.plugins->all();
    for (std::uint32_t i = 0; i < all.size(); ++i) {
        if (i != plugin && all[i].anomalies.contains(series)) {
            return true;
        }
    }
    return false;
}

}  // namespace nocturne::engine
