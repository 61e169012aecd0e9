// `nocturne run`: the daemon.
#include "cli/commands.hpp"
#include "cli/daemon.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <utility>

namespace nocturne::cli {

void add_run(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand("run", "Run the daemon");
    auto options = std::make_shared<RunOptions>();
    command
        ->add_option("--config", options->config,
                     "the configuration (nocturne.yaml, if it is there)")
        ->option_text("FILE");
    command->add_option("--data", options->data, "where journal and history live (./nocturne-data)")
        ->option_text("DIR");
    command
        ->add_option("--zmq-pull", options->zmq_pull,
                     "events, fire and forget (tcp://127.0.0.1:5555)")
        ->option_text("EP");
    command
        ->add_option("--zmq-ack", options->zmq_ack, "events, acknowledged (tcp://127.0.0.1:5556)")
        ->option_text("EP");
    command
        ->add_option("--zmq-pub", options->zmq_pub,
                     "what happens, published (tcp://127.0.0.1:5557)")
        ->option_text("EP");
    command->add_option("--http", options->http, "API and metrics (127.0.0.1:9193)")
        ->option_text("ADDR:PORT");
    command->add_option("--rules", options->rules, "rule files, or folders of them")
        ->option_text("PATH...");
    command->add_option("--topology", options->topology, "the service graph, YAML")
        ->option_text("FILE...");
    command->add_option("--log-level", options->log_level, "what goes to stderr (info)")
        ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
    command->footer(
        "SIGTERM and SIGINT end it cleanly, SIGHUP reloads configuration and topology: all of it "
        "or nothing.\n"
        "An endpoint of \"\" is not opened. The command line counts more than the file.");
    command->callback(
        [&chosen, options] { chosen = [options] { return Daemon(std::move(*options)).run(); }; });
}

}  // namespace nocturne::cli
