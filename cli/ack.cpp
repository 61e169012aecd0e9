// `nocturne ack`.
#include "cli/commands.hpp"
#include "cli/incident_command.hpp"

#include <CLI/CLI.hpp>

namespace nocturne::cli {

void add_ack(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand("ack", "Acknowledge an incident: you are on it");
    auto options = add_incident_options(*command);
    command->callback([&chosen, options] {
        chosen = [options] { return send_incident_command(*options, "ack"); };
    });
}

}  // namespace nocturne::cli
