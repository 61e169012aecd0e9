// Reason: the name of each decision that the engine takes; tests, logs, the API and people all
// read the same word.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nocturne::model {

enum class Reason : std::uint8_t {
    None,
    // normalise
    FutureTimeClamped,  // the source's clock is ahead: arrival time counts
    RepeatedMessage,    // (source, id) was seen before
    HeartbeatNoted,     // heartbeats and metrics change no alert
    ChangeNoted,        // a change is evidence, not an alert
    // dedup
    NewIdentity,
    RepeatedIdentity,
    SeverityChanged,
    FiredAgain,  // resolved before, firing now
    ResolvedBySource,
    ResolvedUnknown,    // a resolution of what never fired
    StaleEvent,         // older than what is known: counted, changes nothing
    ExpiredUnseen,      // not told again within its time to live
    AlertLimitReached,  // alerts_max: the event is counted and dropped
    // suppress
    SilencedByOperator,
    SilenceEnded,
    // correlate
    OpenedNew,
    JoinedSameNode,
    JoinedByDependency,     // near on the graph and in time
    JoinedAgain,            // the alert was in this incident before
    MergedByBridge,         // an alert that is near to both
    BelowIncidentSeverity,  // info alone opens no incident
    IncidentFull,           // members_max: counted, not listed
    AllAlertsEnded,
    ReopenedByAlert,
    // operator
    AcknowledgedByOperator,
    ResolvedByOperator,
    LabelledByOperator,
    Count,  // not a reason
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(Reason::Count)> kReasonNames{
    "none",
    "future_time_clamped",
    "repeated_message",
    "heartbeat_noted",
    "change_noted",
    "new_identity",
    "repeated_identity",
    "severity_changed",
    "fired_again",
    "resolved_by_source",
    "resolved_unknown",
    "stale_event",
    "expired_unseen",
    "alert_limit_reached",
    "silenced_by_operator",
    "silence_ended",
    "opened_new",
    "joined_same_node",
    "joined_by_dependency",
    "joined_again",
    "merged_by_bridge",
    "below_incident_severity",
    "incident_full",
    "all_alerts_ended",
    "reopened_by_alert",
    "acknowledged_by_operator",
    "resolved_by_operator",
    "labelled_by_operator",
};

inline constexpr std::string_view name_of(Reason reason) {
    return kReasonNames[static_cast<std::size_t>(reason)];
}

}  // namespace nocturne::model
