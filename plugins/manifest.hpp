// Manifest: what a plugin's table says of it, checked.
//
//   return {
//     name = "owner", version = "1.0.0", kind = "enricher", api = 1, mode = "auto",
//     summary = "who owns the node, and the runbook",
//     wants = { events = {"alert"}, match = 'severity=~"major|critical"', graph = true,
//               tables = {"owners.csv"}, writes = {"annotations"}, state = "64KiB" },
//     parameters = {
//       column = { type = "string", default = "owner", help = "column of the table" },
//     },
//     on_event = function(event, parameters) ... end,
//   }
#pragma once

#include "model/event.hpp"
#include "model/matcher.hpp"
#include "plugins/playbook.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace nocturne::plugins {

enum class PluginKind : std::uint8_t { Detector, Enricher, Playbook };

// What becomes of what it does. Shadow: recorded, nothing else. Suggest: an enricher's annotations
// count and the rest is recorded; a detector's alerts are of severity info. Auto: all of it counts.
// Of a playbook it is a model::RunMode; Approve is for playbooks only.
enum class PluginMode : std::uint8_t { Shadow, Suggest, Approve, Auto };

inline constexpr std::array<std::string_view, 3> kPluginKindNames{"detector", "enricher",
                                                                  "playbook"};
inline constexpr std::array<std::string_view, 4> kPluginModeNames{"shadow", "suggest", "approve",
                                                                  "auto"};

std::string_view name_of(PluginKind kind);
std::string_view name_of(PluginMode mode);
// Of a playbook: shadow observes.
model::RunMode run_mode_of(PluginMode mode);

// What a plugin may change of an event, or send.
enum class Write : std::uint8_t { Annotations, Labels, Resource, Severity, Events };

inline constexpr std::array<std::string_view, 5> kWriteNames{"annotations", "labels", "resource",
                                                             "severity", "events"};

std::string_view name_of(Write write);

// Its capabilities: what it does not ask for it does not get.
struct Wants {
    std::vector<model::Kind> events{model::Kind::Alert};  // the kinds it is called for
    model::Matchers
        match;             // and what must hold for them: resource, check, severity, source, labels
    bool graph = false;    // nocturne.graph.*
    bool changes = false;  // nocturne.changes
    bool history = false;  // nocturne.past
    std::vector<std::string> tables;  // CSV files that nocturne.table may read
    std::vector<std::string> labels;  // the only ones that it sees of an event; empty: all
    std::vector<Write> writes;
    std::size_t state_bytes_max = 256U << 10;  // at most 4 MiB
    std::uint32_t series_max = 10'000;         // on_sample: beyond it the least recently seen goes
    // Of the sandbox, below the operator's ceiling; 0: the ceiling.
    std::size_t memory_bytes_max = 0;
    std::chrono::milliseconds call_cpu_max{0};

    bool may(Write write) const;
};

using ParameterValue = std::variant<bool, double, std::string>;

struct Parameter {
    std::string name;
    ParameterValue standard;  // its type is the parameter's type
    bool is_integer = false;
    double low = -std::numeric_limits<double>::infinity();  // bounds of numbers, inclusive
    double high = std::numeric_limits<double>::infinity();
    std::vector<std::string> choices;  // of texts; empty: any
    std::string help;
};

// The functions that the table has.
struct Handlers {
    bool on_event = false;        // enricher, detector
    bool on_sample = false;       // detector: metrics, a series at a time
    bool on_incident = false;     // enricher: an incident was opened, or its first suspect changed
    bool migrate = false;         // nocturne.state of another version
    bool migrate_series = false;  // a series of another version
    bool plan = false;            // playbook
};

struct Manifest {
    std::string name;     // [a-z][a-z0-9_-]*, at most 64
    std::string version;  // major.minor.patch
    PluginKind kind = PluginKind::Enricher;
    PluginMode mode = PluginMode::Shadow;
    std::string summary;
    Wants wants;
    std::vector<Parameter> parameters;  // by name
    Handlers handlers;
    Playbook playbook;  // of PluginKind::Playbook
};

}  // namespace nocturne::plugins
