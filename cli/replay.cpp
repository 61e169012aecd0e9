// `nocturne replay`: the whole engine over recorded events, or over the journal of a daemon.
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/incident_page.hpp"
#include "cli/json_text.hpp"
#include "cli/output.hpp"
#include "cli/plugins_reading.hpp"
#include "cli/recorded_reading.hpp"
#include "cli/replayer.hpp"
#include "cli/rule_comparison.hpp"
#include "cli/rules_reading.hpp"
#include "cli/topology_files.hpp"
#include "engine/deep_thread.hpp"
#include "engine/read_kills.hpp"
#include "store/store.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>

namespace nocturne::cli {

namespace {

// What is due within a minute after the last event (a pending ranking, the end of an incident whose
// alerts have all ended) is done; what still burns stays open.
constexpr model::Duration kSettle = std::chrono::minutes(1);

struct ReplayOptions {
    std::vector<std::string> events;
    std::vector<std::string> changes;
    std::vector<std::string> topology;
    std::string rules;
    std::string against;
    std::string plugins;
    std::string against_plugins;
    std::vector<std::string> parameters;
    std::string journal;
    bool strict = false;
};

// Nothing when they are wrong, which is told.
std::optional<model::PluginsRevision> plugins_at(const ReplayOptions& options) {
    Result<std::vector<model::PluginValue>> values = plugin_values(options.parameters);
    if (!values) {
        complain(to_string(values.error()));
        return std::nullopt;
    }
    if (options.plugins.empty()) {
        return model::PluginsRevision();
    }
    PluginsReading reading = read_plugins({options.plugins}, *values, {}, counting_run());
    complain(reading.problems);
    return reading.problems.empty() ? std::optional(std::move(reading.revision)) : std::nullopt;
}

// Empty rules for no path; nothing when they are wrong, which is told.
std::optional<model::RulesRevision> rules_at(const std::string& path) {
    if (path.empty()) {
        return model::RulesRevision();
    }
    RulesReading reading = read_rules({path});
    for (const rules::Problem& problem : reading.problems) {
        complain(std::vector<Error>{problem.error});
    }
    return reading.is_usable() ? std::optional(std::move(reading.revision)) : std::nullopt;
}

void print_incidents(const Replayer& replayer, Format format) {
    const std::vector<std::string> incidents = replayer.incidents();
    if (format == Format::Json) {
        std::string out = "[";
        for (const std::string& incident : incidents) {
            out += (out.size() > 1 ? ",\n" : "\n") + incident;
        }
        print(out + (incidents.empty() ? "]\n" : "\n]\n"));
        return;
    }
    PageOptions options = page_options(PageOptions::Length::Block);
    options.now = replayer.core().now();  // never the clock of this machine: same input, same bytes
    std::string out;
    for (const std::string& incident : incidents) {
        if (const Result<boost::json::value> value = parse_json(incident)) {
            out += (out.empty() ? "" : "\n") + render_incident_page(*value, options);
        }
    }
    print(out.empty() ? "no incidents\n" : out);
}

int replay_events(const ReplayOptions& options, Format format) {
    const TopologyFiles topology =
        read_topology_files({options.topology.begin(), options.topology.end()});
    complain(topology.problems);
    if (!is_usable(topology)) {
        return kFindings;
    }
    const std::optional<model::RulesRevision> rules = rules_at(options.rules);
    if (!rules) {
        return kFindings;
    }
    const std::optional<model::PluginsRevision> plugins = plugins_at(options);
    if (!plugins) {
        return kFindings;
    }
    Replayer replayer({}, counting_run());
    if (!options.topology.empty()) {
        replayer.apply(topology.change, model::from_unix_ms(0));
    }
    if (!options.rules.empty()) {
        replayer.apply(*rules, model::from_unix_ms(0));
    }
    if (!options.plugins.empty()) {
        replayer.apply(*plugins, model::from_unix_ms(0));
    }
    Progress progress(this_terminal().is_err);
    RecordedReading reading(progress);
    std::vector<std::string> files = options.events;
    files.insert(files.end(), options.changes.begin(), options.changes.end());
    if (!reading.read(files,
                      [&](const RecordedEvent& event) { replayer.add(event.event, event.at); })) {
        return kFindings;
    }
    replayer.settle(kSettle);
    print_incidents(replayer, format);
    if (reading.bad_lines() > 0 || this_terminal().is_err) {
        complain(reading.summary());
    }
    const bool is_wrong = !topology.problems.empty() || reading.is_broken() ||
                          (options.strict && reading.bad_lines() > 0);
    return is_wrong ? kFindings : kOk;
}

// From the first input; of a journal whose beginning has been taken away by retention, from the
// last snapshot.
Result<Replayer> begin_journal(store::Store& store) {
    NOCTURNE_TRY(const model::Position first, store.first_position());
    if (first <= 1) {
        return Replayer({}, engine::PluginRun::patient());
    }
    NOCTURNE_TRY(std::optional<store::Snapshot> snapshot, store.load_latest_snapshot());
    if (!snapshot) {
        return fail(ErrorCode::Damaged, "the journal begins at " + std::to_string(first) +
                                            ", and there is no snapshot to begin from");
    }
    complain("the journal begins at " + std::to_string(first) +
             "; replaying from the snapshot at " + std::to_string(snapshot->position));
    model::Reader in(snapshot->bytes);
    NOCTURNE_TRY(engine::Core core, engine::Core::decode(in, engine::PluginRun::patient()));
    return Replayer(std::move(core));
}

Result<Replayer> replay_journal(const std::string& folder) {
    NOCTURNE_TRY(const std::unique_ptr<store::Store> store, store::Store::open_read_only(folder));
    NOCTURNE_TRY(Replayer replayer, begin_journal(*store));
    NOCTURNE_TRY(const model::Position last, store->last_position());
    NOCTURNE_TRY(std::vector<model::PluginKilled> kills,
                 engine::read_kills(*store, replayer.core().position() + 1));
    replayer.foresee(std::move(kills));
    Progress progress(this_terminal().is_err);
    Status decoded;
    NOCTURNE_TRY_STATUS(store->read(replayer.core().position() + 1, [&](const store::Entry& entry) {
        Result<model::Input::Body> body = model::decode_body(entry.bytes);
        if (!body) {
            decoded =
                fail(ErrorCode::Damaged, "journal position " + std::to_string(entry.position) +
                                             ": " + body.error().message);
            return false;
        }
        replayer.apply_recorded({entry.position, entry.at, *std::move(body)});
        progress.show(entry.position, last, "position " + std::to_string(entry.position));
        return true;
    }));
    NOCTURNE_TRY_STATUS(decoded);
    return replayer;
}

// What is not to be had of plugins, and the remedy; nullptr when all is well.
const char* wrong_about_plugins(const ReplayOptions& options) {
    const bool has_plugins = !options.plugins.empty();
    if (!has_plugins && (!options.against_plugins.empty() || !options.parameters.empty())) {
        return "--param and --against-plugins need --plugins";
    }
    if (has_plugins && !options.journal.empty()) {
        return "--plugins goes with --events: a journal has its own plugins";
    }
    if (has_plugins && options.rules.empty() && !options.against.empty()) {
        return "--against compares rules, and there are no --rules; --against-plugins compares "
               "plugins";
    }
    return nullptr;
}

int compare(const ReplayOptions& options, Format format) {
    ComparisonInputs inputs{options.events,  options.changes, options.topology,
                            options.journal, options.against, options.rules};
    inputs.old_plugins =
        options.against_plugins.empty() ? options.plugins : options.against_plugins;
    inputs.new_plugins = options.plugins;
    inputs.compares_plugins = !options.against_plugins.empty();
    Result<std::vector<model::PluginValue>> values = plugin_values(options.parameters);
    if (!values) {
        complain(to_string(values.error()));
        return kFindings;
    }
    inputs.values = *std::move(values);
    if (options.against.empty()) {
        inputs.old_rules = options.rules.empty() ? "none" : options.rules;
        inputs.new_rules = inputs.old_rules;
    }
    return compare_runs(inputs, format);
}

int replay(const ReplayOptions& options, Format format) {
    if (const char* wrong = wrong_about_plugins(options)) {
        complain(wrong);
        return kUsage;
    }
    if (!options.against.empty() || !options.against_plugins.empty()) {
        return compare(options, format);
    }
    if (!options.rules.empty() && !options.journal.empty()) {
        complain("--rules with --journal needs --against: the journal has its own rules; "
                 "--against journal compares with them");
        return kUsage;
    }
    if (options.journal.empty()) {
        return replay_events(options, format);
    }
    const Result<Replayer> replayer = replay_journal(options.journal);
    if (!replayer) {
        complain(to_string(replayer.error()));
        return kFindings;
    }
    print_incidents(*replayer, format);
    return kOk;
}

}  // namespace

void add_replay(CLI::App& app, Action& chosen) {
    CLI::App* command = app.add_subcommand(
        "replay", "Run the whole engine over recorded events, print the incidents");
    auto options = std::make_shared<ReplayOptions>();
    CLI::Option* events =
        command
            ->add_option("--events", options->events,
                         "NDJSON files, .gz too; - is standard input; several are merged by time")
            ->option_text("FILE...");
    command->add_option("--changes", options->changes, "more events, of kind change")
        ->option_text("FILE...");
    command->add_option("--topology", options->topology, "the service graph, YAML")
        ->option_text("FILE...");
    command->add_option("--rules", options->rules, "rules: a file, or a folder of them")
        ->option_text("PATH");
    command
        ->add_option("--against", options->against,
                     "tell what --rules would have done otherwise than these rules (\"none\", or "
                     "with --journal \"journal\": those of the time)")
        ->option_text("PATH");
    command
        ->add_option("--plugins", options->plugins,
                     "Lua plugins: a file, or a folder of them; their instructions are counted "
                     "instead of their time")
        ->option_text("PATH");
    command
        ->add_option("--param", options->parameters,
                     "a parameter of --plugins, e.g. owner.fallback=ops")
        ->option_text("PLUGIN.NAME=VALUE");
    command
        ->add_option(
            "--against-plugins", options->against_plugins,
            "tell what --plugins would have done otherwise than these plugins, or \"none\"")
        ->option_text("PATH");
    CLI::Option* journal =
        command
            ->add_option("--journal", options->journal,
                         "replay the journal in a daemon's data folder instead; it may run")
            ->option_text("DIR");
    journal->excludes(events);
    command->add_flag("--strict", options->strict, "exit 1 when a line is bad");
    auto format = add_format(*command);
    command->callback([&chosen, options, format] {
        if (options->events.empty() && options->journal.empty()) {
            throw CLI::RequiredError("--events or --journal");
        }
        chosen = [options, format] {
            int code = kOk;
            engine::run_deep([&] { code = replay(*options, *format); });  // plugins want a stack
            return code;
        };
    });
}

}  // namespace nocturne::cli
