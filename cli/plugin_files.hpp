// Files of plugins, read from disk: the one place of all commands that do.
#pragma once

#include "model/result.hpp"
#include "plugins/plugin.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace nocturne::cli {

// A plugin, a test or a table may have so many bytes on disk; the sandbox allows a plugin less, and
// says so.
inline constexpr std::size_t kPluginFileBytesMax = 16U << 20;

// The file with its modules: the .lua files of the folder of its own name, without tests. nullopt
// when the file itself cannot be read; what is wrong is told in `problems`.
std::optional<plugins::PluginSource> read_plugin_source(const std::filesystem::path& file,
                                                        std::vector<Error>& problems);
// The first problem is the error.
Result<plugins::PluginSource> read_plugin_source(const std::filesystem::path& file);

// A *_test.lua; what it may require() are the .lua files of the folder testing/ beside it.
Result<plugins::PluginSource> read_test_source(const std::filesystem::path& file);

// The *.csv files of a folder, by name; each with its header. The first problem is the error.
Result<std::vector<plugins::PluginTable>> read_plugin_tables(const std::filesystem::path& folder);
Result<plugins::PluginTable> read_plugin_table(const std::filesystem::path& file);

// A plugin or a module of one, and no test.
bool is_plugin_file(const std::filesystem::path& file);
// The regular files of a folder with that extension, by name, at most 1,000; none when there is no
// such folder.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder,
                                            const char* extension);
Result<std::string> read_plugin_text(const std::filesystem::path& file);

// What stands in a plugin's message, a line each: "plugins/owner.lua:5: kind: ..." has a place.
std::vector<Error> problems_of(const std::string& message);

}  // namespace nocturne::cli
