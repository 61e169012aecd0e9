// `nocturne show`: one incident as a page.
#include "cli/commands.hpp"
#include "cli/incident_page.hpp"
#include "cli/server.hpp"
#include "cli/topology_commands.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace nocturne::cli {

void add_show(CLI::App& app, Action& chosen) {
    CLI::App* command =
        app.add_subcommand("show", "Show one incident: suspects, why, what to do next");
    auto id = std::make_shared<std::string>();
    command->add_option("id", *id, "an incident, e.g. I1042-3")->required()->option_text("ID");
    auto svg = std::make_shared<std::string>();
    command->add_option("--svg", *svg, "draw its neighbourhood into this file instead")
        ->option_text("FILE");
    auto server = add_server_options(*command);
    command->callback([&chosen, id, svg, server] {
        chosen = [id, svg, server] {
            if (!svg->empty()) {
                return write_incident_svg(*server, *id, *svg);
            }
            return answer(Server(*server).get("/api/v1/incidents/" + gateway::url_encode(*id)),
                          *server->format, render_incident_page);
        };
    });
}

}  // namespace nocturne::cli
