// The keys of `*.test.yaml`.
#include "model/alert.hpp"
#include "model/incident.hpp"
#include "rules/grammar.hpp"

#include <array>

namespace nocturne::rules {

namespace {

constexpr std::int64_t kCountMax = 1'000'000;
constexpr std::int64_t kIncidentsMax = 100'000;
constexpr std::int64_t kRepeatsMax = 100'000;
constexpr std::int64_t kLastsMax = model::Duration(std::chrono::days(3660)).count();

constexpr Key word(std::string_view name, std::span<const std::string_view> words,
                   std::string_view what) {
    Key key{name, Shape::Word, what};
    key.words = words;
    return key;
}

constexpr Key nested(std::string_view name, Shape shape, Keys keys, std::string_view what) {
    Key key{name, shape, what};
    key.keys = keys;
    return key;
}

constexpr Key count(std::string_view name, std::string_view what) {
    return {name, Shape::Number, what, false, "", 0, kCountMax};
}

constexpr Key span(std::string_view name, std::string_view what, std::string_view fallback) {
    return {name, Shape::Duration, what, false, fallback, 0, kLastsMax};
}

constexpr std::array kRepeat{
    Key{"every", Shape::Duration, "between two", true, "", 0, kLastsMax},
    Key{"times", Shape::Number, "how often in all", true, "", 1, kRepeatsMax},
};
constexpr std::array kSilence{
    Key{"matchers", Shape::Text, "as in a silence, e.g. 'check=\"DiskFull\"'", true},
    span("for", "how long", "1h"),
    Key{"until_clear", Shape::Flag, "it ends with the alert", false, "false"},
};
constexpr std::array kAlert{
    Key{"resource", Shape::Text, "of the alert"},
    Key{"check", Shape::Text, "of the alert"},
    word("state", model::kAlertStateNames, "of the alert"),
    word("severity", model::kSeverityNames, "of the alert"),
    Key{"suppressed", Shape::Text, "the reason, e.g. in_maintenance, or the rule that hides it"},
    count("count", "events of it"),
};
constexpr std::array kIncident{
    count("members", "how many alerts"),
    Key{"resources", Shape::Texts, "exactly these, in any order"},
    word("state", model::kIncidentStateNames, "of the incident; without it: not over"),
    word("severity", model::kSeverityNames, "of the incident"),
    Key{"suspects", Shape::Texts, "the best first, as many as are listed"},
};
constexpr std::array kNotified{
    word("to", kRouteNames, "how loudly"),
    Key{"receiver", Shape::Text, "who"},
    Key{"count", Shape::Number, "how often so far", false, "at least once", 0, kCountMax},
};
constexpr std::array kExpect{
    nested("alerts", Shape::Listed, kAlert, "alerts that must be there"),
    nested("absent", Shape::Listed, kAlert, "alerts that must not be there"),
    count("alert_count", "alerts in all"),
    count("firing_count", "alerts that fire"),
    count("suppressed_count", "alerts that are hidden"),
    nested("incidents", Shape::Listed, kIncident, "exactly these, in any order"),
    count("incident_count", "incidents that are not over"),
    nested("notified", Shape::Listed, kNotified, "who was told since the start"),
};
constexpr std::array kStep{
    span("at", "since the start", "0s"),
    Key{"event", Shape::Event, "an event as on the wire"},
    nested("repeat", Shape::Map, kRepeat, "the event arrives again"),
    nested("silence", Shape::Map, kSilence, "an operator's silence begins"),
    Key{"topology", Shape::Any, "a map as in a topology file"},
    Key{"ack", Shape::Number, "the number of an incident", false, "", 1, kIncidentsMax},
    Key{"resolve", Shape::Number, "the number of an incident", false, "", 1, kIncidentsMax},
    nested("expect", Shape::Map, kExpect, "what must be so now"),
};
constexpr std::array kTest{
    Key{"name", Shape::Text, "what the test is about", false, "the file's path"},
    Key{"rules", Shape::Rules, "files or folders, or sections as in a rule file", false, "none"},
    Key{"topology", Shape::Any, "a file, or a map as in a topology file", false, "none"},
    Key{"start", Shape::Text, "what 0s is, RFC 3339", false, "2026-01-01T00:00:00Z"},
    Key{"settings", Shape::Any, "sections such as alerts and incidents as in the configuration",
        false, "the defaults"},
    [] {
        Key key =
            nested("steps", Shape::List, kStep, "what arrives when, and what must come of it");
        key.is_required = true;
        return key;
    }(),
};

}  // namespace

Keys test_keys() {
    return kTest;
}

}  // namespace nocturne::rules
