// `nocturne plugin list|show|compare|promote|rollback|release|mode`: plugins in a running daemon.
#pragma once

#include "cli/commands.hpp"

namespace nocturne::cli {

// Under `nocturne plugin`.
void add_plugin_commands(CLI::App& plugin, Action& chosen);

}  // namespace nocturne::cli
