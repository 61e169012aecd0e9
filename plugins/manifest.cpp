#include "plugins/manifest.hpp"

#include <algorithm>

namespace nocturne::plugins {

std::string_view name_of(PluginKind kind) {
    return kPluginKindNames[static_cast<std::size_t>(kind)];
}

std::string_view name_of(PluginMode mode) {
    return kPluginModeNames[static_cast<std::size_t>(mode)];
}

std::string_view name_of(Write write) {
    return kWriteNames[static_cast<std::size_t>(write)];
}

bool Wants::may(Write write) const {
    return std::find(writes.begin(), writes.end(), write) != writes.end();
}

}  // namespace nocturne::plugins
