// Effect: what the core wants done in the world. It leaves through the outbox.
#pragma once

#include "model/position.hpp"
#include "model/reason.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nocturne::model {

// (position, index) is the effect's key: the same effect, delivered again after a crash, has the
// same key, so that whoever receives it can tell.
struct Effect {
    enum class Topic : std::uint8_t {
        AlertFiring,
        AlertSuppressed,
        AlertResolved,
        AlertExpired,
        IncidentOpened,
        IncidentUpdated,
        IncidentResolved,
        IncidentReopened,
        IncidentMerged,
        IncidentAcknowledged,
        NotifyPage,
        NotifyTicket,
        NotifyLog,
        StormStarted,
        StormEnded,
        PluginQuarantined,
        PluginReleased,
        Count,  // not a topic
    };

    Position position = 0;
    std::uint32_t index = 0;
    Topic topic = Topic::AlertFiring;
    Reason reason = Reason::None;
    Id subject;              // the alert or the incident
    std::uint32_t slot = 0;  // where an alert stood in the engine's table; a hint, compare the id

    friend bool operator==(const Effect&, const Effect&) = default;
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(Effect::Topic::Count)>
    kTopicNames{
        "alert.firing",    "alert.suppressed",      "alert.resolved",    "alert.expired",
        "incident.opened", "incident.updated",      "incident.resolved", "incident.reopened",
        "incident.merged", "incident.acknowledged", "notify.page",       "notify.ticket",
        "notify.log",      "storm.started",         "storm.ended",       "plugin.quarantined",
        "plugin.released",
    };

inline constexpr std::string_view name_of(Effect::Topic topic) {
    return kTopicNames[static_cast<std::size_t>(topic)];
}

inline constexpr bool is_about_incident(Effect::Topic topic) {
    return topic >= Effect::Topic::IncidentOpened && topic <= Effect::Topic::NotifyLog;
}

}  // namespace nocturne::model
