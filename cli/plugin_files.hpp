// Files of plugins, for commands that work with one at a time.
#pragma once

#include "model/result.hpp"
#include "plugins/plugin.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace nocturne::cli {

// The file with its modules: the .lua files of the folder of its own name, without tests.
Result<plugins::PluginSource> read_plugin_source(const std::filesystem::path& file);

// The *.csv files of a folder, by name; each with its header. The first problem is the error.
Result<std::vector<plugins::PluginTable>> read_plugin_tables(const std::filesystem::path& folder);
Result<plugins::PluginTable> read_plugin_table(const std::filesystem::path& file);

// What stands in a plugin's message, a line each: "plugins/owner.lua:5: kind: ..." has a place.
std::vector<Error> problems_of(const std::string& message);

}  // namespace nocturne::cli
