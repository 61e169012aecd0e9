// State: everything that the core knows. Stages change their part of it, views read it.
#pragma once

#include "engine/alert_table.hpp"
#include "engine/change_windows.hpp"
#include "engine/deadlines.hpp"
#include "engine/decision_log.hpp"
#include "engine/dependencies.hpp"
#include "engine/flapping.hpp"
#include "engine/groupings.hpp"
#include "engine/identities.hpp"
#include "engine/incident_graphs.hpp"
#include "engine/incident_table.hpp"
#include "engine/inhibitions.hpp"
#include "engine/maintenances.hpp"
#include "engine/message_window.hpp"
#include "engine/past_incidents.hpp"
#include "engine/patterns.hpp"
#include "engine/recent_changes.hpp"
#include "engine/routes.hpp"
#include "engine/rule_book.hpp"
#include "engine/run_table.hpp"
#include "engine/silences.hpp"
#include "engine/storms.hpp"
#include "engine/walk_memories.hpp"
#include "model/audit.hpp"
#include "model/command.hpp"
#include "model/matcher.hpp"
#include "model/reason.hpp"
#include "model/settings.hpp"
#include "model/time.hpp"
#include "rules/normaliser.hpp"
#include "topology/graph.hpp"
#include "topology/precedence_table.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace nocturne::engine {

struct Counters {
    std::uint64_t inputs = 0;
    std::uint64_t events = 0;
    std::uint64_t rankings = 0;
    std::uint64_t incidents_opened = 0;
    std::array<std::uint64_t, static_cast<std::size_t>(model::Reason::Count)> reasons{};

    void count(model::Reason reason) { ++reasons[static_cast<std::size_t>(reason)]; }
};

class PluginRack;

struct State {
    State();
    ~State();
    State(State&&) noexcept;
    State& operator=(State&&) noexcept;

    model::Settings settings;
    model::Time now = model::from_unix_ms(0);
    model::Position position = 0;

    AlertTable alerts;
    IncidentTable incidents;
    IncidentGraphs incident_graphs;
    topology::LiveGraph topology;
    RuleBook book;
    std::unique_ptr<PluginRack> plugins;  // apart: few ask for them; never null
    DecisionLog decisions;
    Identities identities;
    std::shared_ptr<rules::Normaliser> normaliser;  // shared: so that a State can be moved
    Silences silences;
    Maintenances maintenances;
    ChangeWindows change_windows;
    Flapping flapping;
    Inhibitions inhibitions;
    Dependencies dependencies;
    Storms storms;
    Groupings groupings;
    Patterns patterns;
    Routes routes;
    PastIncidents past;
    topology::PrecedenceTable precedences;  // of the rules
    RecentChanges changes;                  // of the last Settings::change_window
    std::uint64_t changes_given_up = 0;     // before they were too old, since the start
    MessageWindow messages;
    Deadlines deadlines;
    RunTable runs;
    Counters counters;

    // What the stages have for the audit log of this input. The loop takes it from here; it is no
    // part of a snapshot.
    std::vector<model::AuditNote> audit;

    // Of the incidents ranked last. No part of a snapshot either, and without a say in anything.
    WalkMemories walk_memories;

    model::Time topology_reminder = model::kNoTime;  // when the graph is looked at for expiry

    // How many alerts stand on each node, so that a node that only events named can be forgotten.
    boost::unordered_flat_map<topology::NodeIndex, std::uint32_t> alerts_on_node;
};

// Hands the rules of the book to all that work by them. `deadlines`: nullptr when a snapshot has
// them already.
void load_rules(State& state, Deadlines* deadlines);

// Lets the alert or incident be looked at when `due`; a later reminder than the one it has is left
// to the look at that one.
void remind(State& state, Deadline::Kind kind, Slot slot, model::Time due);

// Whether all matchers hold for the alert. Names: resource, check, severity, status, source, then
// labels.
bool matches(const State& state, const model::Alert& alert, const model::Matchers& matchers);

}  // namespace nocturne::engine
