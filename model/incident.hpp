// Incident: alerts that are one problem, as the engine keeps it.
#pragma once

#include "model/fingerprint.hpp"
#include "model/position.hpp"
#include "model/reason.hpp"
#include "model/severity.hpp"
#include "model/suspect.hpp"
#include "model/time.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace nocturne::model {

enum class IncidentState : std::uint8_t { Open, Acknowledged, Resolved, Reopened, Merged };

inline constexpr std::array<std::string_view, 5> kIncidentStateNames{
    "open", "acknowledged", "resolved", "reopened", "merged"};

inline constexpr std::string_view name_of(IncidentState state) {
    return kIncidentStateNames[static_cast<std::size_t>(state)];
}

// One line of an incident's story.
struct TimelineEntry {
    Time at = kNoTime;
    Reason reason = Reason::None;
    Id subject;        // the alert or the incident that it is about; kNoId: this incident
    std::string text;  // who or what: "orders-db lock_wait", "anna"
};

struct IncidentChange {
    std::string resource;
    std::string what;
    std::string summary;
    Time time = kNoTime;
};

// What a plugin said of an incident.
struct IncidentNote {
    std::string plugin;
    std::string name;
    std::string value;
};

struct Incident {
    static constexpr std::size_t kTimelineMax = 256;  // beyond it entries are counted only

    Id id;
    Id merged_into;  // kNoId unless merged
    IncidentState state = IncidentState::Open;
    Severity severity = Severity::Warning;  // the worst of its alerts so far
    std::string title;
    Time opened_at = kNoTime;
    Time updated_at = kNoTime;
    Time grew_at = kNoTime;   // the last alert joined
    Time ended_at = kNoTime;  // all its alerts have ended since; kNoTime while one burns
    Time resolved_at = kNoTime;
    Time ranked_at = kNoTime;
    Time reminder = kNoTime;  // when the engine looks whether something about it is due
    std::vector<std::uint32_t>
        alerts;                        // slots of the engine's alert table, in the order of joining
    std::uint32_t worst = UINT32_MAX;  // of the first `worst_among` alerts: a cache that the
    std::size_t worst_among = 0;       // engine's worst_of() keeps, no state
    std::uint64_t burning = 0;         // of its alerts
    std::uint64_t ranked_alerts = 0;   // how many the last ranking saw
    bool is_stirred = false;           // what may be its cause has changed since, elsewhere
    std::uint64_t alerts_dropped = 0;  // beyond the limit
    std::uint64_t timeline_dropped = 0;
    std::vector<Suspect> suspects;
    double confidence = 0;  // that the first suspect is the cause
    std::string doubt;      // why no cause is named; empty when one is
    std::vector<IncidentChange> changes;
    std::vector<TimelineEntry> timeline;
    std::vector<IncidentNote> notes;
    bool is_remarked = false;       // plugins were asked for notes
    std::string remarked_suspect;   // the first suspect at that time
    std::string cause;              // as a person labelled it
    Fingerprint group;              // what a group rule gathers here; zero: the graph does
    std::string group_rule;         // "rules/shop.yaml:8 group \"by cluster\""
    std::string group_text;         // for likeness: the template that summaries share
    bool by_hand = false;           // a person split or merged it: it is left as it is
    std::string receiver;           // of the route that told of it
    std::uint8_t told_as = 0;       // 0: nobody was told; else 1 more than rules::RouteRule::To
    std::uint64_t told_alerts = 0;  // how many the last word was about
    Time told_at = kNoTime;         // the last word
    Time word_due = kNoTime;        // when the engine looks whether another is due

    bool is_over() const {
        return state == IncidentState::Resolved || state == IncidentState::Merged;
    }
};

}  // namespace nocturne::model
