#include "cli/plugins_reading.hpp"

#include "cli/plugin_files.hpp"
#include "engine/deep_thread.hpp"
#include "plugins/plugin.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

namespace nocturne::cli {

namespace {

namespace fs = std::filesystem;

class PluginReader {
   public:
    explicit PluginReader(const engine::PluginRun& run, bool are_playbooks = false)
        : run_(run), are_playbooks_(are_playbooks) {}

    PluginsReading read(const std::vector<fs::path>& paths,
                        const std::vector<model::PluginValue>& values,
                        const std::vector<model::PluginStance>& stances) {
        reading_.revision.values = values;
        reading_.revision.stances = stances;
        for (const fs::path& path : paths) {
            take_path(path);
        }
        engine::run_deep([&] { load_all(); });
        check_names();
        keep_wanted_tables();
        return std::move(reading_);
    }

   private:
    void complain(const std::string& message, Place place) {
        reading_.problems.push_back({ErrorCode::Invalid, message, {std::move(place)}});
    }

    void take_path(const fs::path& path) {
        std::error_code error;
        if (!fs::is_directory(path, error)) {
            take_plugin(path);
            return;
        }
        for (const fs::path& file : files_in(path, ".lua")) {
            if (is_plugin_file(file)) {
                take_plugin(file);
            }
        }
    }

    void take_plugin(const fs::path& path) {
        if (!seen_.insert(path).second) {
            return;
        }
        std::optional<plugins::PluginSource> source = read_plugin_source(path, reading_.problems);
        if (!source) {
            return;
        }
        model::PluginFile file{std::move(source->file), std::move(source->text), {}};
        for (plugins::PluginSource::Module& module : source->modules) {
            file.modules.push_back({std::move(module.name), std::move(module.text)});
        }
        reading_.revision.files.push_back(std::move(file));
        take_tables(path.parent_path());
    }

    void take_tables(const fs::path& folder) {
        if (!folders_.insert(folder).second) {
            return;
        }
        for (const fs::path& path : files_in(folder, ".csv")) {
            Result<std::string> text = read_plugin_text(path);
            if (!text) {
                reading_.problems.push_back(std::move(text).error());
                continue;
            }
            model::RuleFile table{path.filename().string(), *std::move(text), model::kNoTime};
            std::error_code error;
            if (const auto written = fs::last_write_time(path, error); !error) {
                table.written =
                    std::chrono::floor<model::Duration>(fs::file_time_type::clock::to_sys(written));
            }
            reading_.revision.tables.push_back(std::move(table));
        }
    }

    void load_all() {
        const std::vector<plugins::PluginTable> tables = engine::parse_tables(reading_.revision);
        for (const model::PluginFile& file : reading_.revision.files) {
            const auto plugin = engine::load_plugin(file, reading_.revision, tables, run_);
            if (!plugin) {
                Error error = plugin.error();
                if (error.places.empty() && error.message.find(file.name) == std::string::npos) {
                    error.places.push_back({file.name, 0, 0});
                }
                reading_.problems.push_back(std::move(error));
                failed_ = true;
                continue;
            }
            const plugins::Manifest& manifest = (*plugin)->manifest();
            check_kind(file, manifest.kind);
            if (const auto [other, is_new] = names_.emplace(manifest.name, file.name); !is_new) {
                complain("the name \"" + manifest.name + "\" is that of " + other->second +
                             " too; give each plugin a name of its own",
                         {file.name, 0, 0});
            }
            wanted_.insert(manifest.wants.tables.begin(), manifest.wants.tables.end());
        }
        for (const auto& [name, file] : names_) {
            reading_.names.push_back(name);
        }
    }

    void check_kind(const model::PluginFile& file, plugins::PluginKind kind) {
        const bool is_playbook = kind == plugins::PluginKind::Playbook;
        if (are_playbooks_ && !is_playbook) {
            complain("is no playbook but of kind " + std::string(name_of(kind)) +
                         "; list it under `plugins:`",
                     {file.name, 0, 0});
        } else if (!are_playbooks_ && is_playbook) {
            complain("is a playbook, and playbooks are not run with the plugins; list it under "
                     "`remediation: playbooks:`",
                     {file.name, 0, 0});
        }
    }

    // Settings of a plugin that is not there; of a broken file nobody knows the name.
    void check_names() {
        if (failed_) {
            return;
        }
        std::set<std::string> told;
        for (const model::PluginValue& value : reading_.revision.values) {
            if (!names_.contains(value.plugin) && told.insert(value.plugin).second) {
                reading_.problems.push_back(
                    {ErrorCode::Invalid,
                     value.place + ": no plugin is named \"" + value.plugin + "\"",
                     {}});
            }
        }
        for (const model::PluginStance& stance : reading_.revision.stances) {
            if (!names_.contains(stance.plugin) && told.insert(stance.plugin).second) {
                reading_.problems.push_back(
                    {ErrorCode::Invalid,
                     "plugin_settings: no plugin is named \"" + stance.plugin + "\"",
                     {}});
            }
        }
    }

    void keep_wanted_tables() {
        std::set<std::string> kept;
        std::erase_if(reading_.revision.tables, [&](const model::RuleFile& table) {
            return !wanted_.contains(table.name) || !kept.insert(table.name).second;
        });
    }

    const engine::PluginRun& run_;
    const bool are_playbooks_;
    PluginsReading reading_;
    std::set<fs::path> seen_;
    std::set<fs::path> folders_;
    std::map<std::string, std::string> names_;  // plugin to file
    std::set<std::string> wanted_;              // tables
    bool failed_ = false;
};

}  // namespace

PluginsReading read_plugins(const std::vector<fs::path>& paths,
                            const std::vector<model::PluginValue>& values,
                            const std::vector<model::PluginStance>& stances,
                            const engine::PluginRun& run) {
    return PluginReader(run).read(paths, values, stances);
}

PluginsReading read_playbooks(const std::vector<fs::path>& paths,
                              const std::vector<model::PluginValue>& values) {
    const engine::PluginRun run;
    return PluginReader(run, true).read(paths, values, {});
}

engine::PluginRun counting_run() {
    engine::PluginRun run = engine::PluginRun::patient();
    run.ceiling.memory_bytes_max = plugins::Limits().memory_bytes_max;
    run.ceiling.block_bytes_max = plugins::Limits().block_bytes_max;
    run.ceiling.patience = 1;
    run.counting = plugins::Counting::Instructions;
    return run;
}

Result<std::vector<model::PluginValue>> plugin_values(const std::vector<std::string>& parameters) {
    std::vector<model::PluginValue> values;
    for (const std::string& parameter : parameters) {
        const std::size_t mark = parameter.find('=');
        const std::size_t dot = parameter.find('.');
        if (mark == std::string::npos || dot == 0 || dot >= mark || dot + 1 == mark) {
            return fail(ErrorCode::Invalid, "--param \"" + parameter +
                                                "\" is not PLUGIN.NAME=VALUE; expected e.g. "
                                                "owner.fallback=ops");
        }
        values.push_back({parameter.substr(0, dot), parameter.substr(dot + 1, mark - dot - 1),
                          parameter.substr(mark + 1), "", "--param"});
    }
    return values;
}

Status status_of(const PluginsReading& reading) {
    constexpr std::size_t kTold = 10;
    std::string text;
    for (std::size_t i = 0; i < std::min(reading.problems.size(), kTold); ++i) {
        text += (i > 0 ? "; " : "") + to_string(reading.problems[i]);
    }
    if (reading.problems.size() > kTold) {
        text += "; and " + std::to_string(reading.problems.size() - kTold) +
                " more (`nocturne check` tells all)";
    }
    return text.empty() ? Status() : Status(fail(ErrorCode::Invalid, text));
}

}  // namespace nocturne::cli
