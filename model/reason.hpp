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
    DroppedByRule,      // normalise: the event ends here
    ChangedByRule,      // normalise: fields were set
    ClearedByRule,      // dedup: a message of another kind ends this alert
    ResolvedEarly,      // the resolution came before its event, which is old news
    ConsumedByPattern,  // took part in a pattern that keeps its events to itself
    // suppress
    SilencedByOperator,
    SilenceEnded,
    InhibitedByAlert,
    InhibitionEnded,
    InMaintenance,
    MaintenanceEnded,
    Flapping,
    FlappingEnded,
    ExplainedByDependency,
    DependencyEnded,
    DuringChange,
    ChangeWindowEnded,
    ChangeWindowExceeded,  // more, or worse, than a change explains
    RulesChanged,          // what hid it is no longer a rule
    WorsenedWhileHidden,   // what hid it does not hide so much
    WouldBeHidden,         // by a rule in shadow mode
    StormLimited,          // one of too many to be told one by one
    StormStarted,
    StormEnded,
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
    JoinedByFields,    // a group rule: the same values
    JoinedByLikeness,  // a group rule: summaries of one template
    OpenedAlone,       // a group rule: never grouped
    MovedToCause,      // a nearer or earlier cause took it out of another incident
    SplitByOperator,
    MergedByOperator,
    // pattern, heartbeat
    PatternMatched,
    PatternCleared,
    PatternWouldMatch,  // by a rule in shadow mode
    PatternKeysFull,    // keys_max: the quietest key was given up
    SourceSilent,
    SourceBack,
    // route
    Paged,
    Ticketed,
    Logged,
    NotRouted,         // no route matches
    WaitsForGroup,     // told once the incident has gathered for its wait
    WaitsForInterval,  // told before; the next word is due later
    AlreadyHandled,    // somebody has acknowledged it
    OverBudget,        // the route's budget is spent: a ticket instead
    WouldBeRouted,     // by a rule in shadow mode
    // operator
    AcknowledgedByOperator,
    ResolvedByOperator,
    LabelledByOperator,
    UnmergedByOperator,  // an identity that dedup rules leave alone from now on
    // enrich, detect, plugins
    AnnotatedByPlugin,
    ChangedByPlugin,    // labels, resource or severity
    EmittedByPlugin,    // an event of a plugin's own
    EmitTooDeep,        // by an event that a plugin emitted, and so on: it ends here
    EmitTooMany,        // more than one event may lead to
    AnomalyDetected,    // a detector's score reached its threshold
    AnomalyCleared,     // and stayed below for long enough
    NotedByPlugin,      // on an incident
    PluginWouldAct,     // in shadow mode
    PluginFailed,       // an error of its own: the event goes on without it
    PluginWasKilled,    // out of time or memory: made anew, with empty state
    PluginQuarantined,  // too many faults: not called any more
    PluginOnProbation,  // the time of its quarantine is over: the next calls decide
    PluginRecovered,    // and they went well
    PluginReleased,     // by an operator
    PluginLoaded,
    PluginReloaded,  // another version or other settings
    PluginRefused,   // a version that does not load: what was there goes on
    PluginUnloaded,  // no longer in the configuration
    PluginOnTrial,   // a new version runs in shadow beside the old one
    PluginPromoted,
    PluginRolledBack,
    PluginModeSet,
    // runs: gates
    ActionsStopped,  // the global stop switch
    NodeFrozen,
    PlanMalformed,      // no steps, a step without a name, two of one name
    PlanTooLarge,       // more steps or bytes than a plan may have
    CapabilityMissing,  // the playbook does not declare it, or configuration does not grant it
    NodeUnknown,        // not in the graph: nobody knows what it would hit
    IncidentUnknown,
    IncidentOver,
    PreconditionChanged,
    PreconditionUnknown,  // nobody can check it
    ModeObserve,          // noted only
    ModeSuggest,          // shown only
    ModeApprove,          // runs after a person's yes
    ProposedByPerson,     // never automatic
    ConfidenceLow,
    NeverSeenSucceed,  // this suspect, kind and playbook together
    CooldownActive,
    RateLimited,
    TargetBusy,  // another run is at it
    TooManyRuns,
    BlastRadiusExceeded,  // too large a share of the siblings within the window
    TooFewHealthy,        // too few siblings would be left
    NoSiblings,           // nothing else does its work
    TooManyDependents,
    BreakerOpen,      // failed too often in a row
    KeepsComingBack,  // helped too often: it does not last
    ErrorBudgetBurning,
    ErrorBudgetSpent,
    LoopDetected,     // what the playbook did is likely why it is asked for again
    AlreadyProposed,  // the same plan waits for an answer
    // runs: people
    RunProposed,
    WaitsForApproval,
    ApprovalGiven,  // one of several that are needed
    ApprovedByPerson,
    ApprovedByPolicy,  // automatic
    RejectedByPerson,
    RunUnknown,
    HashDiffers,  // the yes was for another plan
    RoleTooLow,
    PersonUnknown,  // nobody said who
    SelfApproval,
    ApprovedTwice,  // by the same person
    NotAwaiting,    // there is nothing to approve or reject any more
    ApprovalExpired,
    SupersededByPlan,
    ActionsResumed,
    NodeThawed,
    NodeNotFrozen,
    SettledByPerson,  // a person said what became of an action
    AbandonedByPerson,
    NothingToSettle,
    RunLabelled,
    // runs: steps
    StepWanted,
    StepStarted,
    StepSucceeded,
    StepFailed,
    StepVerified,
    VerifyFailed,
    StepUnknown,  // it may or may not have been done
    StepTimedOut,
    StaleResult,  // of an attempt that nobody waits for
    StepUndone,
    UndoFailed,
    NoUndo,
    RunSucceeded,
    RunFailed,
    RunRolledBack,
    IncidentResolvedAfter,
    IncidentReopenedAfter,
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
    "dropped_by_rule",
    "changed_by_rule",
    "cleared_by_rule",
    "resolved_early",
    "consumed_by_pattern",
    "silenced_by_operator",
    "silence_ended",
    "inhibited_by_alert",
    "inhibition_ended",
    "in_maintenance",
    "maintenance_ended",
    "flapping",
    "flapping_ended",
    "explained_by_dependency",
    "dependency_ended",
    "during_change",
    "change_window_ended",
    "change_window_exceeded",
    "rules_changed",
    "worsened_while_hidden",
    "would_be_hidden",
    "storm_limited",
    "storm_started",
    "storm_ended",
    "opened_new",
    "joined_same_node",
    "joined_by_dependency",
    "joined_again",
    "merged_by_bridge",
    "below_incident_severity",
    "incident_full",
    "all_alerts_ended",
    "reopened_by_alert",
    "joined_by_fields",
    "joined_by_likeness",
    "opened_alone",
    "moved_to_cause",
    "split_by_operator",
    "merged_by_operator",
    "pattern_matched",
    "pattern_cleared",
    "pattern_would_match",
    "pattern_keys_full",
    "source_silent",
    "source_back",
    "paged",
    "ticketed",
    "logged",
    "not_routed",
    "waits_for_group",
    "waits_for_interval",
    "already_handled",
    "over_budget",
    "would_be_routed",
    "acknowledged_by_operator",
    "resolved_by_operator",
    "labelled_by_operator",
    "unmerged_by_operator",
    "annotated_by_plugin",
    "changed_by_plugin",
    "emitted_by_plugin",
    "emit_too_deep",
    "emit_too_many",
    "anomaly_detected",
    "anomaly_cleared",
    "noted_by_plugin",
    "plugin_would_act",
    "plugin_failed",
    "plugin_was_killed",
    "plugin_quarantined",
    "plugin_on_probation",
    "plugin_recovered",
    "plugin_released",
    "plugin_loaded",
    "plugin_reloaded",
    "plugin_refused",
    "plugin_unloaded",
    "plugin_on_trial",
    "plugin_promoted",
    "plugin_rolled_back",
    "plugin_mode_set",
    "actions_stopped",
    "node_frozen",
    "plan_malformed",
    "plan_too_large",
    "capability_missing",
    "node_unknown",
    "incident_unknown",
    "incident_over",
    "precondition_changed",
    "precondition_unknown",
    "mode_observe",
    "mode_suggest",
    "mode_approve",
    "proposed_by_person",
    "confidence_low",
    "never_seen_succeed",
    "cooldown_active",
    "rate_limited",
    "target_busy",
    "too_many_runs",
    "blast_radius_exceeded",
    "too_few_healthy",
    "no_siblings",
    "too_many_dependents",
    "breaker_open",
    "keeps_coming_back",
    "error_budget_burning",
    "error_budget_spent",
    "loop_detected",
    "already_proposed",
    "run_proposed",
    "waits_for_approval",
    "approval_given",
    "approved_by_person",
    "approved_by_policy",
    "rejected_by_person",
    "run_unknown",
    "hash_differs",
    "role_too_low",
    "person_unknown",
    "self_approval",
    "approved_twice",
    "not_awaiting",
    "approval_expired",
    "superseded_by_plan",
    "actions_resumed",
    "node_thawed",
    "node_not_frozen",
    "settled_by_person",
    "abandoned_by_person",
    "nothing_to_settle",
    "run_labelled",
    "step_wanted",
    "step_started",
    "step_succeeded",
    "step_failed",
    "step_verified",
    "verify_failed",
    "step_unknown",
    "step_timed_out",
    "stale_result",
    "step_undone",
    "undo_failed",
    "no_undo",
    "run_succeeded",
    "run_failed",
    "run_rolled_back",
    "incident_resolved_after",
    "incident_reopened_after",
};

// What hid an alert has ended: it is raised now, once.
inline constexpr bool is_release(Reason reason) {
    switch (reason) {
        case Reason::SilenceEnded:
        case Reason::InhibitionEnded:
        case Reason::MaintenanceEnded:
        case Reason::FlappingEnded:
        case Reason::DependencyEnded:
        case Reason::ChangeWindowEnded:
        case Reason::ChangeWindowExceeded:
        case Reason::RulesChanged:
        case Reason::WorsenedWhileHidden: return true;
        default: return false;
    }
}

// A plan, or a person's word about runs, came to nothing.
inline constexpr bool is_refusal(Reason reason) {
    switch (reason) {
        case Reason::ActionsStopped:
        case Reason::NodeFrozen:
        case Reason::PlanMalformed:
        case Reason::PlanTooLarge:
        case Reason::CapabilityMissing:
        case Reason::NodeUnknown:
        case Reason::IncidentUnknown:
        case Reason::IncidentOver:
        case Reason::PreconditionChanged:
        case Reason::PreconditionUnknown:
        case Reason::CooldownActive:
        case Reason::RateLimited:
        case Reason::TargetBusy:
        case Reason::TooManyRuns:
        case Reason::BlastRadiusExceeded:
        case Reason::TooFewHealthy:
        case Reason::TooManyDependents:
        case Reason::BreakerOpen:
        case Reason::KeepsComingBack:
        case Reason::ErrorBudgetSpent:
        case Reason::LoopDetected:
        case Reason::InMaintenance:
        case Reason::AlreadyProposed:
        case Reason::RunUnknown:
        case Reason::HashDiffers:
        case Reason::RoleTooLow:
        case Reason::PersonUnknown:
        case Reason::SelfApproval:
        case Reason::ApprovedTwice:
        case Reason::NotAwaiting:
        case Reason::ApprovalExpired:
        case Reason::NodeNotFrozen:
        case Reason::NothingToSettle: return true;
        default: return false;
    }
}

inline constexpr std::size_t count_of(Reason) {
    return kReasonNames.size();
}

inline constexpr std::string_view name_of(Reason reason) {
    return kReasonNames[static_cast<std::size_t>(reason)];
}

}  // namespace nocturne::model
