#include "engine/plugin_loading.hpp"

#include "model/fingerprint.hpp"
#include "rules/csv.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::engine {

namespace {

constexpr std::size_t kRowsMax = 100'000;

plugins::PluginSource source_of(const model::PluginFile& file) {
    plugins::PluginSource source{file.name, file.text, {}};
    for (const model::PluginFile::Module& module : file.modules) {
        source.modules.push_back({module.name, module.text});
    }
    return source;
}

std::vector<plugins::PluginSetting> settings_of(const model::PluginsRevision& revision,
                                                std::string_view plugin) {
    std::vector<plugins::PluginSetting> settings;
    for (const model::PluginValue& value : revision.values) {
        if (value.plugin == plugin) {
            settings.push_back({value.parameter, value.value, value.scope, value.place});
        }
    }
    return settings;
}

}  // namespace

PluginRun PluginRun::patient() {
    constexpr int kTimes = 20;
    PluginRun run;
    run.ceiling.call_cpu_max *= kTimes;
    run.ceiling.load_cpu_max *= kTimes;
    run.ceiling.memory_bytes_max *= kTimes;
    run.ceiling.block_bytes_max *= kTimes;
    run.ceiling.patience = kTimes;
    return run;
}

std::vector<plugins::PluginTable> parse_tables(const model::PluginsRevision& revision) {
    std::vector<plugins::PluginTable> tables;
    for (const model::RuleFile& file : revision.tables) {
        rules::ProblemList ignored;  // the edge has told of them; rows that are wrong are left out
        std::vector<rules::CsvRow> rows = rules::parse_csv(file.text, file.name, kRowsMax, ignored);
        plugins::PluginTable& table = tables.emplace_back();
        table.name = file.name;
        if (rows.empty()) {
            continue;
        }
        table.columns = std::move(rows.front().cells);
        for (auto row = rows.begin() + 1; row != rows.end(); ++row) {
            row->cells.resize(table.columns.size());
            table.rows.push_back(std::move(row->cells));
        }
    }
    return tables;
}

std::string hash_of(const model::PluginFile& file) {
    return plugins::version_hash(source_of(file));
}

std::string make_of(const std::string& hash, const plugins::Manifest& manifest,
                    const model::PluginsRevision& revision) {
    model::Writer out;
    out.text(hash);
    for (const plugins::PluginSetting& setting : settings_of(revision, manifest.name)) {
        out.text(setting.parameter);
        out.text(setting.value);
        out.text(setting.scope);
    }
    for (const std::string& name : manifest.wants.tables) {
        for (const model::RuleFile& table : revision.tables) {
            if (table.name == name) {
                out.text(table.name);
                out.text(table.text);
            }
        }
    }
    return model::to_string(model::fingerprint_of(out.bytes()));
}

Result<std::unique_ptr<plugins::Plugin>>
load_plugin(const model::PluginFile& file, const model::PluginsRevision& revision,
            const std::vector<plugins::PluginTable>& tables, const PluginRun& run) {
    plugins::Plugin::Options options;
    options.ceiling = run.ceiling;
    options.counting = run.counting;
    options.tables = tables;
    NOCTURNE_TRY(std::unique_ptr<plugins::Plugin> plugin,
                 plugins::Plugin::load(source_of(file), options));
    // What is set for it goes by its name, which its own table says.
    options.settings = settings_of(revision, plugin->manifest().name);
    if (options.settings.empty()) {
        return plugin;
    }
    return plugins::Plugin::load(source_of(file), std::move(options));
}

}  // namespace nocturne::engine
