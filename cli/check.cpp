// `nocturne check`: every problem of configuration, topology, rules and plugins, with its place and
// the line itself.
#include "cli/commands.hpp"
#include "cli/daemon_configuration.hpp"
#include "cli/exit_code.hpp"
#include "cli/http_access.hpp"
#include "cli/output.hpp"
#include "cli/plugins_reading.hpp"
#include "cli/rules_reading.hpp"
#include "cli/topology_files.hpp"
#include "model/json_writer.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace nocturne::cli {

namespace {

struct CheckOptions {
    std::string config;
    std::vector<std::string> topology;
    std::vector<std::string> rules;
    std::vector<std::string> plugins;
};

struct Findings {
    std::vector<std::string> files;  // that were looked at
    std::vector<Error> problems;
    std::vector<rules::Problem> of_rules;

    bool is_wrong() const { return !problems.empty() || rules::has_errors(of_rules); }
};

Findings look(const CheckOptions& options) {
    Findings findings;
    RunOptions run;
    run.config = options.config;
    DaemonConfiguration read = read_daemon_configuration(run);
    if (!read.file.empty()) {
        findings.files.push_back(read.file);
    }
    findings.problems = std::move(read.problems);
    if (!read.configuration.http_tokens.empty()) {
        findings.files.push_back(read.configuration.http_tokens.string());
        const HttpAccess access = read_http_access(read.configuration);
        findings.problems.insert(findings.problems.end(), access.problems.begin(),
                                 access.problems.end());
    }
    std::vector<std::filesystem::path> topology = read.configuration.topology;
    topology.insert(topology.end(), options.topology.begin(), options.topology.end());
    for (const std::filesystem::path& file : topology) {
        findings.files.push_back(file.string());
    }
    TopologyFiles files = read_topology_files(topology);
    findings.problems.insert(findings.problems.end(), files.problems.begin(), files.problems.end());
    std::vector<std::filesystem::path> rules = read.configuration.rules;
    rules.insert(rules.end(), options.rules.begin(), options.rules.end());
    RulesReading reading = read_rules(rules, read.configuration.packs);
    for (const model::RuleFile& file : reading.revision.rules) {
        findings.files.push_back(file.name);
    }
    findings.of_rules = std::move(reading.problems);
    std::vector<std::filesystem::path> plugins = read.configuration.plugins;
    plugins.insert(plugins.end(), options.plugins.begin(), options.plugins.end());
    PluginsReading loaded =
        read_plugins(plugins, read.configuration.plugin_values, read.configuration.plugin_stances);
    for (const model::PluginFile& file : loaded.revision.files) {
        findings.files.push_back(file.name);
    }
    findings.problems.insert(findings.problems.end(), loaded.problems.begin(),
                             loaded.problems.end());
    const PluginsReading playbooks =
        read_playbooks(read.configuration.playbooks, read.configuration.playbook_values);
    for (const model::PluginFile& file : playbooks.revision.files) {
        findings.files.push_back(file.name);
    }
    findings.problems.insert(findings.problems.end(), playbooks.problems.begin(),
                             playbooks.problems.end());
    return findings;
}

std::string to_json(const Findings& findings) {
    model::JsonWriter out;
    out.begin_object().key("files").begin_array();
    for (const std::string& file : findings.files) {
        out.text(file);
    }
    out.end_array().key("problems").begin_array();
    const auto write = [&](const Error& problem, std::string_view level) {
        const Place place = problem.places.empty() ? Place() : problem.places.front();
        out.begin_object().member("file", place.file).member("line", std::uint64_t{place.line});
        out.member("column", std::uint64_t{place.column})
            .member("level", level)
            .member("message", problem.message)
            .end_object();
    };
    for (const Error& problem : findings.problems) {
        write(problem, "error");
    }
    for (const rules::Problem& problem : findings.of_rules) {
        write(problem.error, problem.level == rules::Problem::Level::Error ? "error" : "warning");
    }
    out.end_array().end_object();
    return out.take();
}

std::string to_text(const Findings& findings) {
    if (findings.files.empty() && findings.problems.empty()) {
        return "nothing to check: there is no nocturne.yaml here, the defaults hold\n";
    }
    const Palette palette = this_terminal().out;
    std::string out;
    for (const Error& problem : findings.problems) {
        out += explain(problem, palette);
    }
    std::size_t count = findings.problems.size();
    std::size_t warnings = 0;
    for (const rules::Problem& problem : findings.of_rules) {
        const bool is_error = problem.level == rules::Problem::Level::Error;
        ++(is_error ? count : warnings);
        out += palette.paint(is_error ? Style::Red : Style::Yellow,
                             is_error ? "error: " : "warning: ") +
               explain(problem.error, palette);
    }
    const std::string verdict =
        count == 0 ? palette.paint(Style::Green, "ok")
                   : palette.paint(Style::Red,
                                   std::to_string(count) + (count == 1 ? " problem" : " problems"));
    out += verdict;
    if (warnings > 0) {
        out += ", " + palette.paint(Style::Yellow, std::to_string(warnings) +
                                                       (warnings == 1 ? " warning" : " warnings"));
    }
    out += ":";
    for (const std::string& file : findings.files) {
        out += " " + sanitise(file);
    }
    return out + "\n";
}

}  // namespace

void add_check(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand(
        "check",
        "Check configuration, topology, rules and plugins; tell every problem and its place");
    auto options = std::make_shared<CheckOptions>();
    command
        ->add_option("--config", options->config,
                     "the configuration (nocturne.yaml, if it is there)")
        ->option_text("FILE");
    command
        ->add_option("--topology", options->topology,
                     "service graphs, besides those that the configuration names")
        ->option_text("FILE...");
    command
        ->add_option("--rules", options->rules,
                     "rule files or folders, besides those that the configuration names")
        ->option_text("PATH...");
    command
        ->add_option("--plugins", options->plugins,
                     "Lua plugins or folders, besides those that the configuration names")
        ->option_text("PATH...");
    auto format = add_format(*command);
    command->callback([&chosen, options, format] {
        chosen = [options, format] {
            const Findings findings = look(*options);
            print(*format == Format::Json ? to_json(findings) + "\n" : to_text(findings));
            return findings.is_wrong() ? kFindings : kOk;
        };
    });
}

}  // namespace nocturne::cli
