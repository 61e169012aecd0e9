// The subcommands of `nocturne topology`: each adds itself, and says what it came to when chosen.
#pragma once

#include "cli/commands.hpp"

#include <string>

namespace nocturne::cli {

struct ServerOptions;

void add_topology_show(CLI::App& parent, Action& chosen);
void add_topology_diff(CLI::App& parent, Action& chosen);
void add_topology_lint(CLI::App& parent, Action& chosen);
void add_topology_export(CLI::App& parent, Action& chosen);
void add_topology_svg(CLI::App& parent, Action& chosen);
void add_topology_sources(CLI::App& parent, Action& chosen);
void add_topology_import(CLI::App& parent, Action& chosen);

// Writes the picture of an incident to the file ("" or "-": stdout); gives the exit code.
int write_incident_svg(const ServerOptions& server, const std::string& incident,
                       const std::string& file);

}  // namespace nocturne::cli
