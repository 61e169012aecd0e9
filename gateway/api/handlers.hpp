// The handlers of all routes, by the file that has them. api.cpp has the table of the routes.
#pragma once

#include "gateway/api/call.hpp"

namespace nocturne::gateway {

// server_routes.cpp: the daemon itself
Handler get_front_page;
Handler get_version;
Handler get_metrics;
Handler get_healthy;
Handler get_ready;
Handler post_reload;
Handler get_stream;
Handler post_chat;

// event_routes.cpp: what comes in
Handler post_events;
Handler post_payload;

// alert_routes.cpp: alerts, and why things are as they are
Handler get_alerts;
Handler get_why;

// incident_routes.cpp: incidents
Handler get_incidents;
Handler get_incident;
Handler get_incident_svg;
Handler get_incident_impact;
Handler post_acknowledge;
Handler post_resolve;
Handler post_label;
Handler post_merge;
Handler post_split;
Handler post_unmerge;

// plugin_routes.cpp: plugins and rules
Handler get_rules;
Handler get_plugins;
Handler get_plugin;
Handler get_comparison;
Handler post_promote;
Handler post_rollback;
Handler post_release;
Handler post_mode;

// topology_routes.cpp: the service graph
Handler get_topology;
Handler post_topology;
Handler get_lint;
Handler get_impact;
Handler get_sources;
Handler post_traces;

// silence_routes.cpp: silences
Handler get_silences;
Handler post_silence;
Handler delete_silence;

// audit_routes.cpp: the audit log
Handler get_audit;

// plan_routes.cpp: what playbooks would do, plans that are proposed or run dry
Handler get_incident_plans;
Handler post_run;
Handler post_dry_run;

// run_routes.cpp: runs of playbooks, the switch for all actions, frozen nodes
Handler get_runs;
Handler get_run_stats;
Handler get_run;
Handler post_approve;
Handler post_reject;
Handler post_run_label;
Handler post_settle;
Handler get_actions;
Handler post_stop;
Handler post_freeze;
Handler delete_freeze;

}  // namespace nocturne::gateway
