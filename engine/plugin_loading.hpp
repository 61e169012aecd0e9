// From a PluginsRevision to plugins that run: what the engine does when it applies one, and the
// edge beforehand, to see whether it would.
#pragma once

#include "engine/plugin_run.hpp"
#include "model/plugins_revision.hpp"
#include "model/result.hpp"
#include "plugins/plugin.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::engine {

// A revision's tables, parsed once for all its plugins.
std::vector<plugins::PluginTable> parse_tables(const model::PluginsRevision& revision);

// The version hash of a file and its modules.
std::string hash_of(const model::PluginFile& file);

// Of all that makes a plugin of this name and source what it is: source, values, the tables that it
// wants. What is the same goes on over a reload.
std::string make_of(const std::string& hash, const plugins::Manifest& manifest,
                    const model::PluginsRevision& revision);

// With the values that the revision has for it.
Result<std::unique_ptr<plugins::Plugin>>
load_plugin(const model::PluginFile& file, const model::PluginsRevision& revision,
            const std::vector<plugins::PluginTable>& tables, const PluginRun& run);

}  // namespace nocturne::engine
