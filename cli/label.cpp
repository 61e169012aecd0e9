// `nocturne label`: what the cause was in the end; ground truth for later rankings.
#include "cli/commands.hpp"
#include "cli/incident_command.hpp"

#include <CLI/CLI.hpp>

namespace nocturne::cli {

void add_label(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand("label", "Note down what the cause of an incident was");
    auto options = add_incident_options(*command);
    command->add_option("cause", options->cause, "the node that caused it, or free words")
        ->required()
        ->option_text("CAUSE");
    command->callback([&chosen, options] {
        chosen = [options] { return send_incident_command(*options, "label"); };
    });
}

}  // namespace nocturne::cli
