#include "cli/nocturne.hpp"

#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <string>

namespace nocturne::cli {

namespace {

constexpr const char* kDaemon = "The daemon";
constexpr const char* kRecorded = "Over recorded events";
constexpr const char* kOperator = "Talking to a running daemon";

void add_commands(CLI::App& app, Action& chosen) {
    struct Entry {
        const char* group;
        void (*add)(CLI::App&, Action&);
    };

    static constexpr Entry kEntries[] = {
        {kDaemon, add_run},        {kDaemon, add_check},          {kRecorded, add_replay},
        {kRecorded, add_rank},     {kOperator, add_incidents},    {kOperator, add_show},
        {kOperator, add_alerts},   {kOperator, add_impact},       {kOperator, add_ack},
        {kOperator, add_resolve},  {kOperator, add_label},        {kOperator, add_silence},
        {kOperator, add_send},     {kDaemon, add_version},        {kRecorded, add_test},
        {kOperator, add_why},      {kOperator, add_rules},        {kOperator, add_merge},
        {kOperator, add_split},    {kOperator, add_unmerge},      {kDaemon, add_plugin},
        {kOperator, add_topology}, {kRecorded, add_learn},        {kDaemon, add_schema},
        {kRecorded, add_detect},   {kOperator, add_audit},        {kDaemon, add_token},
        {kOperator, add_runs},     {kOperator, add_plan},         {kOperator, add_approve},
        {kOperator, add_reject},   {kOperator, add_stop_actions}, {kOperator, add_freeze},
    };
    for (const Entry& entry : kEntries) {
        entry.add(app, chosen);
        app.get_subcommands([](const CLI::App*) { return true; }).back()->group(entry.group);
    }
}

int run(int argc, char** argv) {
    CLI::App app{"Nocturne turns a storm of events into incidents and names their cause.",
                 "nocturne"};
    app.set_version_flag("--version", "nocturne " + version_text());
    app.require_subcommand(1);
    app.footer("Every command has --help. Exit codes: 0 done, 1 findings, 2 wrong usage, 3 no "
               "answer from the daemon.\n"
               "Without anything: `nocturne run` starts the daemon in this folder.");
    Action chosen;
    add_commands(app, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {  // --help, --version
        return app.exit(asked);
    } catch (const CLI::ParseError& error) {
        const bool has_command = !app.get_subcommands().empty();
        if (argc < 2) {
            std::fputs(app.help().c_str(), stderr);
        } else if (!has_command && *argv[1] != '-') {
            complain("no command \"" + std::string(argv[1]) + "\"; nocturne --help lists them");
        } else {
            app.exit(error);
        }
        return kUsage;
    }
    const int code = chosen();
    if (std::fflush(stdout) != 0 && code == kOk) {
        std::fputs("nocturne: the output could not be written whole\n", stderr);
        return kFindings;
    }
    return code;
}

}  // namespace

int run_nocturne(int argc, char** argv) noexcept {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "nocturne: %s\n", sanitise(error.what()).c_str());
        return kFindings;
    }
}

}  // namespace nocturne::cli
