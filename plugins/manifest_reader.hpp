// Reads the table that a plugin's file returned into a Manifest.
#pragma once

#include "plugins/limits.hpp"
#include "plugins/lua_headers.hpp"
#include "plugins/manifest.hpp"
#include "plugins/plugin.hpp"

#include <string>
#include <vector>

namespace nocturne::plugins {

struct ManifestReading {
    Manifest manifest;
    // `plugins/owner.lua:4: kind: found "enrichr", ...`, in the order in which the table is read.
    std::vector<std::string> problems;
};

// The value is on top of the stack and stays there. Raw: nothing of the plugin's runs. Outside a
// run, where nothing is refused.
ManifestReading read_manifest(lua_State* L, const PluginSource& source, const Limits& ceiling);

}  // namespace nocturne::plugins
