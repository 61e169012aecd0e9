// `nocturne plugin new`: a plugin to begin with, and its test.
#pragma once

#include "cli/commands.hpp"
#include "model/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace nocturne::cli {

enum class NewPlugin : std::uint8_t { Enricher, Detector, Playbook };

// Writes NAME.lua and NAME_test.lua into the folder, which is made when it is not there, and gives
// their paths. An existing file of either name is an error, and nothing is written.
Result<std::vector<std::filesystem::path>> write_new_plugin(const std::string& name, NewPlugin kind,
                                                            const std::filesystem::path& folder);

// Under `nocturne plugin`.
void add_plugin_new(CLI::App& plugin, Action& chosen);

}  // namespace nocturne::cli
