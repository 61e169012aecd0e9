// Reads of a playbook's table what other plugins do not have.
#pragma once

#include "plugins/manifest.hpp"
#include "plugins/manifest_values.hpp"

namespace nocturne::plugins {

// `table`: its stack index. The parameters of the manifest have been read.
void read_playbook(ManifestValues& values, int table, Manifest& manifest);

}  // namespace nocturne::plugins
