#include "plugins/sample_incident.hpp"

#include "model/severity.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>

namespace nocturne::plugins {

namespace {

using std::chrono::minutes;

constexpr model::Time kNow = model::from_unix_ms(1'795'227'185'250);
constexpr double kConfidence = 0.9;

// The alternatives of "a|b.*", as they stand.
void add_alternatives(std::string_view pattern, std::vector<std::string>& candidates) {
    while (true) {
        const std::size_t bar = std::min(pattern.find('|'), pattern.size());
        candidates.emplace_back(pattern.substr(0, bar));
        if (bar == pattern.size()) {
            return;
        }
        pattern.remove_prefix(bar + 1);
    }
}

// A value that all matchers of this name take: one that they say, or one of the usual ones.
std::string pick(const model::Matchers& matchers, std::string_view name,
                 std::initializer_list<std::string_view> usual) {
    std::vector<std::string> candidates;
    for (const model::Matcher& matcher : matchers) {
        const bool is_wanted = matcher.op() == model::Matcher::Operator::Equal ||
                               matcher.op() == model::Matcher::Operator::Matches;
        if (matcher.name() == name && is_wanted) {
            add_alternatives(matcher.value(), candidates);
        }
    }
    candidates.insert(candidates.end(), usual.begin(), usual.end());
    const auto fits = [&](const std::string& value) {
        return std::all_of(matchers.begin(), matchers.end(), [&](const model::Matcher& matcher) {
            return matcher.name() != name || matcher.matches(value);
        });
    };
    const auto found = std::find_if(candidates.begin(), candidates.end(), fits);
    return found == candidates.end() ? candidates.front() : *found;
}

// One of the names that all matchers take; the standard where it is.
template <typename Enum, std::size_t N>
Enum pick_of(const model::Matchers& matchers, std::string_view name,
             const std::array<std::string_view, N>& names, Enum standard) {
    const auto fits = [&](std::string_view word) {
        return std::all_of(matchers.begin(), matchers.end(), [&](const model::Matcher& matcher) {
            return matcher.name() != name || matcher.matches(word);
        });
    };
    if (fits(names[static_cast<std::size_t>(standard)])) {
        return standard;
    }
    const auto found = std::find_if(names.begin(), names.end(), fits);
    return found == names.end() ? standard : static_cast<Enum>(found - names.begin());
}

model::NodeSpec node(std::string name, std::string type) {
    model::NodeSpec spec;
    spec.name = std::move(name);
    spec.type = std::move(type);
    spec.owner = "team-shop";
    return spec;
}

}  // namespace

SampleIncident::SampleIncident(const When& when)
    : resource_(pick(when.suspect, "resource", {"cart-1"})),
      title_(pick(when.incident, "title", {"made up by plugin check"})),
      check_(pick(when.alert, "check", {"errors"})) {
    world_.set_now(kNow);
    make_world(when);
    make_alerts(when);
    make_suspects(when);
    sight_.id = "I1-2";
    sight_.title = title_;
    sight_.severity =
        pick_of(when.incident, "severity", model::kSeverityNames, model::Severity::Critical);
    sight_.state =
        pick_of(when.incident, "state", model::kIncidentStateNames, model::IncidentState::Open);
    sight_.opened_at = kNow - minutes(4);
    sight_.confidence = std::max(kConfidence, when.confidence_min);
    sight_.alerts = alerts_;
    sight_.suspects = suspects_;
}

void SampleIncident::make_world(const When& when) {
    std::map<std::string, std::string> labels{
        {"stateless", "true"}, {"replicas", "4"}, {"standby", "standby-1"}};
    for (const model::Matcher& matcher : when.suspect) {
        const std::string& name = matcher.name();
        if (name != "resource" && name != "type" && name != "owner" && name != "kind" &&
            name != "silent") {
            labels[name] = pick(when.suspect, name, {"true"});
        }
    }
    model::NodeSpec suspect =
        node(resource_, pick(when.suspect, "type", {"service", "instance", "host"}));
    suspect.owner = pick(when.suspect, "owner", {"team-shop"});
    suspect.labels.assign(labels.begin(), labels.end());
    model::TopologyChange graph;
    graph.provenance = "plugin-check";
    graph.nodes = {std::move(suspect), node("front", "service"), node("tenant-a", "tenant"),
                   node("database", "database"), node("standby-1", "database")};
    graph.edges = {{"front", resource_, "calls", 0.9},
                   {"tenant-a", resource_, "runs_on", 0.9},
                   {resource_, "database", "calls", 0.9}};
    (void)world_.grow(graph);
    world_.add({kNow - minutes(10), resource_, "deploy", "version 42"});
    world_.set_past({{"I1-1", kNow - std::chrono::days(20), "connection pool exhausted", 0.8}});
}

IncidentSight::Alert SampleIncident::alert(std::string_view id, std::string_view resource,
                                           std::string_view check, model::Severity severity) const {
    IncidentSight::Alert made;
    made.id = id;
    made.resource = resource;
    made.check = check;
    made.summary = "over its limit";
    made.severity = severity;
    made.is_firing = true;
    made.first_seen = kNow - minutes(5);
    return made;
}

void SampleIncident::make_alerts(const When& when) {
    const auto severity =
        pick_of(when.alert, "severity", model::kSeverityNames, model::Severity::Major);
    alerts_ = {alert("A1-1", resource_, check_, severity),
               alert("A1-2", resource_, "disk_usage", model::Severity::Minor),
               alert("A1-3", "front", "latency", model::Severity::Major),
               alert("A1-4", "tenant-a", "cpu_usage", model::Severity::Minor)};
}

void SampleIncident::make_suspects(const When& when) {
    suspects_.resize(2);
    model::Suspect& first = suspects_[0];
    first.resource = resource_;
    first.score = 0.8;
    first.reason = "explains 4 of 4 alerts";
    first.kind =
        pick_of(when.suspect, "kind", model::kCauseKindNames, model::CauseKind::Infrastructure);
    first.silent = pick(when.suspect, "silent", {"false"}) == "true";
    first.evidence = {{"explains", 0.5, "explains 4 of 4 alerts"},
                      {"change", 0.3, "deploy 5 min before the first alert"}};
    suspects_[1].resource = "database";
    suspects_[1].score = 0.2;
    suspects_[1].reason = "what alerts depends on it";
}

}  // namespace nocturne::plugins
