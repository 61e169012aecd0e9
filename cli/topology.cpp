// `nocturne topology`: the service graph, shown, compared, looked over, imported and exported.
#include "cli/commands.hpp"
#include "cli/topology_commands.hpp"

#include <CLI/CLI.hpp>

namespace nocturne::cli {

void add_topology(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand(
        "topology", "The service graph: show, diff, lint, export, svg, import, sources");
    command->require_subcommand(1);
    add_topology_show(*command, chosen);
    add_topology_diff(*command, chosen);
    add_topology_lint(*command, chosen);
    add_topology_export(*command, chosen);
    add_topology_svg(*command, chosen);
    add_topology_import(*command, chosen);
    add_topology_sources(*command, chosen);
}

}  // namespace nocturne::cli
