// `nocturne plugin`: what people do with plugins, without a daemon.
#include "cli/commands.hpp"
#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/plugin_check_page.hpp"
#include "cli/plugin_commands.hpp"
#include "cli/plugin_files.hpp"
#include "cli/plugin_new.hpp"
#include "model/event_json.hpp"
#include "model/json_writer.hpp"
#include "plugins/raw_check.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

namespace nocturne::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* kEventByDefault =
    R"({"source":"plugin-check","resource":"orders-db","check":"latency","severity":"major",)"
    R"("summary":"p99 over 500 ms","value":512.5,"labels":{"team":"shop"},"annotations":{"runs":3}})";

struct PluginCheckOptions {
    std::vector<std::string> files;
    std::vector<std::string> limits;
    std::vector<std::string> tables;
    std::vector<std::string> parameters;
    std::string event;
    int calls = 1;
    bool is_raw = false;
    bool drops_last_line = false;
};

// ---- what was asked for ----

// "16MiB", "64KiB", "200ms", "2s", "20000000": the number in the smallest unit.
std::optional<std::uint64_t>
read_quantity(std::string_view text,
              std::initializer_list<std::pair<std::string_view, std::uint64_t>> units) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    for (const auto& [name, factor] : units) {
        if (error == std::errc() && unit == name && number > 0 &&
            number <= (std::uint64_t{1} << 40) / factor) {
            return number * factor;
        }
    }
    return std::nullopt;
}

void apply_limit(const std::string& text, plugins::Limits& limits) {
    const std::size_t equals = std::min(text.find('='), text.size());
    const std::string name = text.substr(0, equals);
    const std::string value = text.substr(std::min(equals + 1, text.size()));
    std::optional<std::uint64_t> number;
    if (name == "memory") {
        number = read_quantity(value, {{"", 1}, {"B", 1}, {"KiB", 1U << 10}, {"MiB", 1U << 20}});
        limits.memory_bytes_max = number.value_or(0);
    } else if (name == "cpu") {
        number = read_quantity(value, {{"ms", 1}, {"s", 1000}});
        limits.call_cpu_max = limits.load_cpu_max = std::chrono::milliseconds(number.value_or(0));
    } else if (name == "instructions") {
        number = read_quantity(value, {{"", 1}});
        limits.instructions_max = number.value_or(0);
    }
    if (!number) {
        throw CLI::ValidationError(
            "--limit",
            "\"" + text + "\"; expected memory=16MiB, cpu=200ms or instructions=20000000");
    }
}

Result<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file || fs::is_directory(path)) {
        return fail({ErrorCode::NotFound, "cannot be read", {{path, 0, 0}}});
    }
    return std::string{std::istreambuf_iterator<char>(file), {}};
}

Result<model::EventBatch> read_event(const std::string& path) {
    std::string text = kEventByDefault;
    if (!path.empty()) {
        NOCTURNE_TRY(text, read_file(path));
    }
    model::EventBatch batch;
    if (Status taken = model::EventDecoder().decode_one(text, batch); !taken) {
        Error error = std::move(taken).error();
        error.places.push_back({path, 1, 0});
        return fail(std::move(error));
    }
    return batch;
}

// The last line is where a plain chunk starts what it does.
void drop_last_line(std::string& source) {
    while (!source.empty() && (source.back() == '\n' || source.back() == '\r')) {
        source.pop_back();
    }
    const std::size_t line = source.rfind('\n');
    source.resize(line == std::string::npos ? 0 : line + 1);
}

// ---- what came of it ----

void write(model::JsonWriter& out, const plugins::Outcome& outcome) {
    using Returned = plugins::Outcome::Returned;
    out.begin_object().member("verdict", plugins::name_of(outcome.verdict)).key("returned");
    if (outcome.verdict != plugins::Verdict::Ok) {
        out.null();
    } else if (outcome.returned == Returned::True || outcome.returned == Returned::False) {
        out.boolean(outcome.returned == Returned::True);
    } else {
        out.text(outcome.returned == Returned::Text ? outcome.text : "other");
    }
    out.member("message", outcome.message)
        .member("instructions", outcome.instructions)
        .member("cpu_ms", static_cast<double>(outcome.cpu.count() / 1000) / 1000.0)
        .member("memory_bytes", static_cast<std::uint64_t>(outcome.memory_bytes))
        .end_object();
}

std::string to_json(const std::string& file, const plugins::RawRun& run) {
    model::JsonWriter out;
    out.begin_object().member("file", file).key("load");
    write(out, run.load);
    out.key("calls").begin_array();
    for (const plugins::Outcome& call : run.calls) {
        write(out, call);
    }
    out.end_array()
        .member("unload_ms", static_cast<double>(run.unload.count() / 1000) / 1000.0)
        .member("engine", run.is_neighbour_well ? "alive" : "harmed")
        .end_object();
    return out.take();
}

bool is_ok(const plugins::RawRun& run) {
    const auto ok = [](const plugins::Outcome& outcome) {
        return outcome.verdict == plugins::Verdict::Ok;
    };
    return run.is_neighbour_well && ok(run.load) &&
           std::all_of(run.calls.begin(), run.calls.end(), ok);
}

int check_raw(const PluginCheckOptions& options, const plugins::Limits& limits) {
    Result<model::EventBatch> event = read_event(options.event);
    if (!event) {
        complain(to_string(event.error()));
        return kFindings;
    }
    plugins::RawCheck check(limits, std::move(*event));
    bool all_ok = true;
    for (const std::string& file : options.files) {
        Result<std::string> source = read_file(file);
        if (!source) {
            complain(to_string(source.error()));
            all_ok = false;
            continue;
        }
        if (options.drops_last_line) {
            drop_last_line(*source);
        }
        const std::string name = "plugin/" + fs::path(file).filename().string();
        const plugins::RawRun run = check.run(*source, name, options.calls);
        print(to_json(file, run) + "\n");
        std::fflush(stdout);  // whoever reads along sees each file when it is done
        all_ok = all_ok && is_ok(run);
    }
    return all_ok ? kOk : kFindings;
}

// ---- a plugin ----

Result<std::vector<plugins::PluginSetting>> read_settings(const std::vector<std::string>& texts) {
    std::vector<plugins::PluginSetting> settings;
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            return fail(ErrorCode::Invalid, "--param \"" + text + "\"; expected NAME=VALUE");
        }
        settings.push_back({text.substr(0, equals), text.substr(equals + 1), "", "--param"});
    }
    return settings;
}

// Tables are those of the plugin's folder, and those that were named.
Result<plugins::Plugin::Options> read_options(const PluginCheckOptions& options,
                                              const plugins::Limits& limits) {
    plugins::Plugin::Options read;
    read.ceiling = limits;
    NOCTURNE_TRY(read.settings, read_settings(options.parameters));
    NOCTURNE_TRY(read.tables, read_plugin_tables(fs::path(options.files.front()).parent_path()));
    for (const std::string& file : options.tables) {
        NOCTURNE_TRY(plugins::PluginTable table, read_plugin_table(file));
        read.tables.insert(read.tables.begin(), std::move(table));
    }
    return read;
}

Result<plugins::CheckedPlugin> check_file(const PluginCheckOptions& options,
                                          const plugins::Limits& limits) {
    NOCTURNE_TRY(plugins::PluginSource source, read_plugin_source(options.files.front()));
    NOCTURNE_TRY(plugins::Plugin::Options read, read_options(options, limits));
    std::optional<model::EventBatch> event;
    if (!options.event.empty()) {
        NOCTURNE_TRY(event, read_event(options.event));
    }
    return check_plugin(std::move(source), std::move(read), std::move(event));
}

int check(const PluginCheckOptions& options, const plugins::Limits& limits, Format format) {
    Result<plugins::CheckedPlugin> checked = check_file(options, limits);
    if (!checked) {
        plugins::CheckedPlugin unread;
        unread.verdict = plugins::Verdict::Error;
        unread.message = to_string(checked.error());
        checked = std::move(unread);
    }
    const std::string& file = options.files.front();
    const Terminal terminal = this_terminal();
    const bool is_json = format == Format::Json || (format == Format::Auto && !terminal.is_out);
    print(is_json ? plugin_check_json(file, *checked)
                  : plugin_check_page(file, *checked, terminal.out));
    return checked->verdict == plugins::Verdict::Ok ? kOk : kFindings;
}

void refuse_what_is_raw(const PluginCheckOptions& options, const CLI::App& command) {
    if (options.files.size() > 1) {
        throw CLI::ValidationError("FILE", "one plugin at a time; --raw takes several");
    }
    for (const char* name : {"--calls", "--drop-last-line"}) {
        if (command.count(name) > 0) {
            throw CLI::ValidationError(name, "goes with --raw only");
        }
    }
}

void add_plugin_check(CLI::App& plugin, Action& chosen) {
    CLI::App* command = plugin.add_subcommand(
        "check", "Load a plugin in the sandbox, call it, and tell what it did");
    auto options = std::make_shared<PluginCheckOptions>();
    command->add_option("files", options->files, "the plugin; with --raw, Lua files")
        ->required()
        ->option_text("FILE...");
    command->add_option("--event", options->event, "the event that is given, JSON")
        ->option_text("FILE");
    command->add_option("--param", options->parameters, "sets a parameter of the plugin")
        ->take_all()
        ->allow_extra_args(false)
        ->option_text("NAME=VALUE");
    command
        ->add_option("--table", options->tables,
                     "a table that it may read, CSV; those in its own folder are there")
        ->take_all()
        ->allow_extra_args(false)
        ->option_text("FILE");
    command->add_flag("--raw", options->is_raw,
                      "plain chunks, which return anything and may define on_event(event)");
    command->add_option("--calls", options->calls, "with --raw: how often on_event is called (1)")
        ->check(CLI::Range(0, 1'000'000))
        ->option_text("N");
    command->add_flag("--drop-last-line", options->drops_last_line,
                      "with --raw: leave out the last line of each file");
    command
        ->add_option("--limit", options->limits,
                     "memory=16MiB, cpu=50ms (per call and load) or instructions=5000000")
        ->take_all()
        ->allow_extra_args(false)
        ->option_text("NAME=VALUE");
    auto format = add_format(*command, Format::Auto);
    command->footer(
        "Without --event it makes up one that the plugin wants. Without --format a page on a\n"
        "terminal, JSON elsewhere; with --raw one JSON line a file. Verdicts: ok, error,\n"
        "killed_time, killed_memory, refused. Exit code 0 when it is ok (with --raw: when all "
        "are,\n"
        "and the plugin beside them still works).");
    command->callback([&chosen, options, format, command] {
        plugins::Limits limits;
        for (const std::string& limit : options->limits) {
            apply_limit(limit, limits);
        }
        if (!options->is_raw) {
            refuse_what_is_raw(*options, *command);
            chosen = [options, limits, format] { return check(*options, limits, *format); };
            return;
        }
        chosen = [options, limits] { return check_raw(*options, limits); };
    });
}

}  // namespace

void add_plugin(CLI::App& app, Action& chosen) {
    CLI::App* command =
        app.add_subcommand("plugin", "Lua plugins: new, check, list, show, compare, promote");
    command->require_subcommand(1);
    add_plugin_new(*command, chosen);
    add_plugin_check(*command, chosen);
    add_plugin_commands(*command, chosen);
}

}  // namespace nocturne::cli
