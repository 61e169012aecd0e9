// PluginCheck: one plugin, loaded in the sandbox and called once with each handler that it has.
#pragma once

#include "model/event.hpp"
#include "plugins/plugin.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::plugins {

struct CheckedCall {
    std::string_view handler;  // "on_event"
    bool was_called = false;   // false: the plugin does not want such an event
    Verdict verdict = Verdict::Ok;
    std::string message;  // why it ended badly
    std::string traceback;
    std::vector<Wish> wishes;
    std::vector<std::string> emitted;  // events, JSON
    std::optional<double> score;       // of on_sample
    // Of plan: what it would propose, or why it would not.
    std::optional<model::PlanProposed> proposed;
    std::string why_not;
    std::uint64_t instructions = 0;
    std::chrono::nanoseconds cpu{0};
};

struct CheckedPlugin {
    // Of the load and all calls: the first that is not Ok, and its message.
    Verdict verdict = Verdict::Ok;
    std::string message;
    std::string traceback;
    std::optional<Manifest> manifest;  // nothing: it was not loaded
    std::string hash;
    std::string event;  // that was given, JSON; "" when it was not loaded
    std::vector<CheckedCall> calls;
    std::string log;                  // what it printed, a line each
    std::uint64_t instructions = 0;   // of the load and the calls
    std::chrono::nanoseconds cpu{0};  // of the load and the calls
    std::size_t memory_bytes = 0;
    std::size_t memory_bytes_highest = 0;
};

// Runs on a thread of its own; instructions are counted. Without an event, one that the plugin
// wants is made up. The service graph has the event's resource, what depends on it ("front") and
// what it depends on ("database"), each changed ("deploy") ten minutes ago; one past incident is
// like the present one. A playbook gets a SampleIncident, and no event.
CheckedPlugin check_plugin(PluginSource source, Plugin::Options options,
                           std::optional<model::EventBatch> event);

}  // namespace nocturne::plugins
