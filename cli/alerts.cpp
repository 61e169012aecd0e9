// `nocturne alerts`: the alerts that burn, by matchers.
#include "cli/commands.hpp"
#include "cli/lists.hpp"
#include "cli/server.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <memory>

namespace nocturne::cli {

void add_alerts(CLI::App& app, Action& chosen) {
    struct Options {
        std::vector<std::string> filters;
        std::string incident;
        bool all = false;
        std::uint32_t limit = 1000;
    };

    CLI::App* command = app.add_subcommand("alerts", "List the alerts that burn");
    auto options = std::make_shared<Options>();
    command
        ->add_option("--filter", options->filters,
                     "a matcher like 'severity=critical' or 'resource=~\"db.*\"'; all must match")
        ->option_text("MATCHER...");
    command->add_option("--incident", options->incident, "only those of this incident")
        ->option_text("ID");
    command->add_flag("--all", options->all, "those that ended lately, too");
    command->add_option("--limit", options->limit, "at most so many")->capture_default_str();
    auto server = add_server_options(*command);
    command->callback([&chosen, options, server] {
        chosen = [options, server] {
            std::string path = "/api/v1/alerts?limit=" + std::to_string(options->limit);
            for (const std::string& filter : options->filters) {
                path += "&filter=" + gateway::url_encode(filter);
            }
            path += options->incident.empty()
                        ? ""
                        : "&incident=" + gateway::url_encode(options->incident);
            path += options->all ? "&ended=true" : "";
            return answer(Server(*server).get(path), *server->format, render_alert_list);
        };
    });
}

}  // namespace nocturne::cli
