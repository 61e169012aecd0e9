// `nocturne impact`: who is hurt when a node fails.
#include "cli/commands.hpp"
#include "cli/lists.hpp"
#include "cli/server.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace nocturne::cli {

void add_impact(CLI::App& app, Action& chosen) {
    CLI::App* command =
        app.add_subcommand("impact", "Show who is hurt when a node of the service graph fails");
    auto node = std::make_shared<std::string>();
    command->add_option("node", *node, "a node, by its name or an alias")
        ->required()
        ->option_text("NODE");
    auto server = add_server_options(*command);
    command->callback([&chosen, node, server] {
        chosen = [node, server] {
            return answer(Server(*server).get("/api/v1/impact/" + gateway::url_encode(*node)),
                          *server->format, render_impact_list);
        };
    });
}

}  // namespace nocturne::cli
