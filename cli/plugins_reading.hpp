// The plugins that a command works with: read, loaded once to see whether they are right, and all
// that is wrong with them.
#pragma once

#include "engine/plugin_loading.hpp"
#include "model/plugins_revision.hpp"
#include "model/result.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace nocturne::cli {

struct PluginsReading {
    model::PluginsRevision revision;
    std::vector<std::string> names;  // of the plugins, as their tables say, sorted
    std::vector<Error> problems;     // with any, do not use the rest
};

// Of a folder, the *.lua files in it are plugins, without *_test.lua; those in a folder of a
// plugin's own name are its modules, and *.csv beside it are the tables that it may ask for.
PluginsReading read_plugins(const std::vector<std::filesystem::path>& paths,
                            const std::vector<model::PluginValue>& values = {},
                            const std::vector<model::PluginStance>& stances = {},
                            const engine::PluginRun& run = {});

// The same for what stands under `remediation: playbooks:`, where nothing else may stand.
PluginsReading read_playbooks(const std::vector<std::filesystem::path>& paths,
                              const std::vector<model::PluginValue>& values = {});

// For recorded events: instructions are counted instead of time, so that a plugin is killed at the
// same place each time.
engine::PluginRun counting_run();

// "owner.fallback=ops": what the command line sets of plugins.
Result<std::vector<model::PluginValue>> plugin_values(const std::vector<std::string>& parameters);

// All problems as one, for whoever can only say one thing.
Status status_of(const PluginsReading& reading);

}  // namespace nocturne::cli
