#include "plugins/playbook_match.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace nocturne::plugins {

namespace {

std::string incident_value(const std::string& name, const IncidentSight& incident) {
    if (name == "severity") {
        return std::string(model::name_of(incident.severity));
    }
    return std::string(name == "state" ? model::name_of(incident.state) : incident.title);
}

const topology::Node* find_node(const World& world, std::string_view name) {
    const topology::NodeIndex node = world.graph().find(name);
    return node == topology::kNoNode ? nullptr : &world.graph().node(node);
}

std::string suspect_value(const std::string& name, const model::Suspect& suspect,
                          const topology::Node* node) {
    if (name == "resource") {
        return suspect.resource;
    }
    if (name == "kind") {
        return std::string(model::name_of(suspect.kind));
    }
    if (name == "silent") {
        return suspect.silent ? "true" : "false";
    }
    if (node == nullptr) {
        return {};
    }
    if (name == "type" || name == "owner") {
        return name == "type" ? node->type : node->owner;
    }
    const auto label = std::find_if(node->labels.begin(), node->labels.end(),
                                    [&](const auto& one) { return one.first == name; });
    return label == node->labels.end() ? std::string() : label->second;
}

std::string alert_value(const std::string& name, const IncidentSight::Alert& alert,
                        const World& world) {
    if (name == "resource") {
        return std::string(alert.resource);
    }
    if (name == "check") {
        return std::string(alert.check);
    }
    if (name == "severity") {
        return std::string(model::name_of(alert.severity));
    }
    if (name == "summary") {
        return std::string(alert.summary);
    }
    const topology::Node* node = find_node(world, alert.resource);
    return node == nullptr ? std::string() : node->type;
}

std::string percent(double share) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.0f %%", share * 100);
    return text;
}

// As people write them: `type="instance", kind!="change"`.
std::string shown(const model::Matchers& matchers) {
    static constexpr std::array<std::string_view, 4> kOperators{"=", "!=", "=~", "!~"};
    std::string text;
    for (const model::Matcher& matcher : matchers) {
        text += (text.empty() ? "" : ", ") + printable(matcher.name(), 60);
        text += kOperators[static_cast<std::size_t>(matcher.op())];
        text += '"' + printable(matcher.value(), 100) + '"';
    }
    return text;
}

// The first that does not hold, or "".
template <typename Value>
std::string mismatch(const model::Matchers& matchers, std::string_view of, Value value) {
    for (const model::Matcher& matcher : matchers) {
        if (const std::string found = value(matcher.name()); !matcher.matches(found)) {
            return std::string(of) + ": " + matcher.name() + " is \"" + printable(found, 60) +
                   "\", wanted " + shown({matcher});
        }
    }
    return {};
}

std::string suspect_mismatch(const When& when, const IncidentSight& incident, const World& world) {
    if (when.suspect.empty()) {
        return {};
    }
    if (incident.suspects.empty()) {
        return "the incident has no suspect";
    }
    const model::Suspect& suspect = incident.suspects.front();
    const topology::Node* node = find_node(world, suspect.resource);
    return mismatch(when.suspect, "first suspect " + printable(suspect.resource, 60),
                    [&](const std::string& name) { return suspect_value(name, suspect, node); });
}

std::string alert_mismatch(const When& when, const IncidentSight& incident, const World& world) {
    const auto fits = [&](const IncidentSight::Alert& alert) {
        return alert.is_firing &&
               std::all_of(when.alert.begin(), when.alert.end(), [&](const auto& matcher) {
                   return matcher.matches(alert_value(matcher.name(), alert, world));
               });
    };
    if (when.alert.empty() || std::any_of(incident.alerts.begin(), incident.alerts.end(), fits)) {
        return {};
    }
    return "none of its alerts fires and is " + shown(when.alert);
}

}  // namespace

std::string why_not_for(const When& when, const IncidentSight& incident, const World& world) {
    std::string why = mismatch(when.incident, "incident", [&](const std::string& name) {
        return incident_value(name, incident);
    });
    if (why.empty()) {
        why = suspect_mismatch(when, incident, world);
    }
    if (why.empty()) {
        why = alert_mismatch(when, incident, world);
    }
    if (why.empty() && !(incident.confidence >= when.confidence_min)) {
        why = "confidence is " + percent(incident.confidence) + ", wanted " +
              percent(when.confidence_min);
    }
    if (why.empty() && when.seen) {
        const std::vector<SeenIncident> past = world.alike(1);
        if (past.empty() || past.front().cause.empty() ||
            past.front().likeness < When::kLikenessMin) {
            why = "no past incident with a known cause is like it";
        }
    }
    return why;
}

}  // namespace nocturne::plugins
