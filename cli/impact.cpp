// `nocturne impact`: who is hurt when a node fails.
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/lists.hpp"
#include "cli/server.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace nocturne::cli {

void add_impact(CLI::App& app, Action& chosen) {
    CLI::App* command =
        app.add_subcommand("impact", "Show who is hurt when a node of the service graph fails");
    auto node = std::make_shared<std::string>();
    command->add_option("node", *node, "a node, by its name or an alias")->option_text("NODE");
    auto incident = std::make_shared<std::string>();
    command
        ->add_option("--incident", *incident,
                     "after an incident instead: whom its cause should have hurt, beside whom it "
                     "hurt")
        ->option_text("ID");
    auto server = add_server_options(*command);
    command->callback([&chosen, node, incident, server] {
        chosen = [node, incident, server] {
            if (node->empty() == incident->empty()) {
                complain("expected a node, or --incident ID");
                return kUsage;
            }
            if (!incident->empty()) {
                return answer(Server(*server).get("/api/v1/incidents/" +
                                                  gateway::url_encode(*incident) + "/impact"),
                              *server->format, render_foresight);
            }
            return answer(Server(*server).get("/api/v1/impact/" + gateway::url_encode(*node)),
                          *server->format, render_impact_list);
        };
    });
}

}  // namespace nocturne::cli
