// Plugins as JSON and in /metrics. Reads the core, changes nothing.
#pragma once

#include "engine/core.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nocturne::model {
class JsonWriter;
}

namespace nocturne::engine {

struct RackedPlugin;

// {"name":...,"file":...,"state":"running",...}: one line of the list.
void write_plugin(model::JsonWriter& out, const RackedPlugin& racked);

// {"plugins":[...],"refused":[{"file":...,"error":...}]}
std::string render_plugins(const Core& core);

// One of the list with its parameters, wants, last fault, history and comparison; nothing when
// there is none of that name.
std::optional<std::string> render_plugin(const Core& core, std::string_view name);

// What a new version on trial would have done otherwise; nothing when there is no such plugin.
std::optional<std::string> render_comparison(const Core& core, std::string_view name);

// What operators do with a plugin.
enum class PluginCommand : std::uint8_t { Promote, RollBack, Release, SetMode };

// Whether that makes sense as things stand; NotFound: there is no such plugin. `mode`: of SetMode.
Status can_do(const Core& core, PluginCommand command, std::string_view name,
              std::string_view mode);

// The plugins' part of /metrics, text 0.0.4.
void append_plugin_metrics(const Core& core, std::string& out);

}  // namespace nocturne::engine
