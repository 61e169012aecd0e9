// The subcommands of `nocturne topology`: each adds itself, and says what it came to when chosen.
#pragma once

#include "cli/commands.hpp"

namespace nocturne::cli {

void add_topology_import(CLI::App& parent, Action& chosen);

}  // namespace nocturne::cli
