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
        RunProposed,
        RunRefused,
        RunAnswered,  // an approval or another word of a person that was refused, or is one of many
        RunApproved,
        RunStarted,
        RunStep,  // an action to take; `slot` is pack_step of its key
        RunUpdated,
        RunNeedsPerson,
        RunFinished,
        ActionsStopped,
        ActionsResumed,
        NodeFrozen,
        NodeThawed,
        Count,  // not a topic
    };

    Position position = 0;
    std::uint32_t index = 0;
    Topic topic = Topic::AlertFiring;
    Reason reason = Reason::None;
    Id subject;              // the alert, the incident or the run
    std::uint32_t slot = 0;  // where an alert stood in the engine's table; a hint, compare the id

    friend bool operator==(const Effect&, const Effect&) = default;
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(Effect::Topic::Count)>
    kTopicNames{
        "alert.firing",     "alert.suppressed",      "alert.resolved",    "alert.expired",
        "incident.opened",  "incident.updated",      "incident.resolved", "incident.reopened",
        "incident.merged",  "incident.acknowledged", "notify.page",       "notify.ticket",
        "notify.log",       "storm.started",         "storm.ended",       "plugin.quarantined",
        "plugin.released",  "run.proposed",          "run.refused",       "run.answered",
        "run.approved",     "run.started",           "run.step",          "run.updated",
        "run.needs_person", "run.finished",          "actions.stopped",   "actions.resumed",
        "node.frozen",      "node.thawed",
    };

inline constexpr std::string_view name_of(Effect::Topic topic) {
    return kTopicNames[static_cast<std::size_t>(topic)];
}

inline constexpr bool is_about_incident(Effect::Topic topic) {
    return topic >= Effect::Topic::IncidentOpened && topic <= Effect::Topic::NotifyLog;
}

inline constexpr bool is_about_run(Effect::Topic topic) {
    return topic >= Effect::Topic::RunProposed && topic <= Effect::Topic::RunFinished;
}

// Of the stop switch and frozen nodes.
inline constexpr bool is_about_actions(Effect::Topic topic) {
    return topic >= Effect::Topic::ActionsStopped && topic <= Effect::Topic::NodeThawed;
}

}  // namespace nocturne::model
