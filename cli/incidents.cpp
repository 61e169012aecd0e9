// `nocturne incidents`: what is wrong now, newest first.
#include "cli/commands.hpp"
#include "cli/lists.hpp"
#include "cli/server.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <memory>

namespace nocturne::cli {

void add_incidents(CLI::App& app, Action& chosen) {
    struct Options {
        bool all = false;
        std::string state;
        std::uint32_t limit = 100;
    };

    CLI::App* command = app.add_subcommand("incidents", "List what is wrong now, newest first");
    auto options = std::make_shared<Options>();
    command->add_flag("--all", options->all, "those that are over, too");
    command->add_option("--state", options->state, "only those in this state")
        ->check(CLI::IsMember({"open", "acknowledged", "resolved", "reopened", "merged"}));
    command->add_option("--limit", options->limit, "at most so many")->capture_default_str();
    auto server = add_server_options(*command);
    command->callback([&chosen, options, server] {
        chosen = [options, server] {
            std::string path = "/api/v1/incidents?limit=" + std::to_string(options->limit);
            path += options->all ? "&all=true" : "";
            path += options->state.empty() ? "" : "&state=" + options->state;
            return answer(Server(*server).get(path), *server->format, render_incident_list);
        };
    });
}

}  // namespace nocturne::cli
