// `nocturne resolve`.
#include "cli/commands.hpp"
#include "cli/incident_command.hpp"

#include <CLI/CLI.hpp>

namespace nocturne::cli {

void add_resolve(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand("resolve", "Resolve an incident by hand");
    auto options = add_incident_options(*command);
    command->callback([&chosen, options] {
        chosen = [options] { return send_incident_command(*options, "resolve"); };
    });
}

}  // namespace nocturne::cli
