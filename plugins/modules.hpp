// require(): the other files of the plugin's own folder, by plain names. The host has read them; no
// file is opened here.
#pragma once

#include "plugins/lua_headers.hpp"
#include "plugins/plugin.hpp"

namespace nocturne::plugins {

// Makes the global require. `source` must outlive the state. Outside a run.
void add_require(lua_State* L, const PluginSource& source);

// "plugins/owner.lua" and "geo" make "plugins/owner/geo.lua".
std::string file_of_module(const PluginSource& source, std::string_view module);

}  // namespace nocturne::plugins
