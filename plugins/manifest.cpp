#include "plugins/manifest.hpp"

#include <algorithm>

namespace nocturne::plugins {

std::string_view name_of(PluginKind kind) {
    return kPluginKindNames[static_cast<std::size_t>(kind)];
}

std::string_view name_of(PluginMode mode) {
    return kPluginModeNames[static_cast<std::size_t>(mode)];
}

model::RunMode run_mode_of(PluginMode mode) {
    switch (mode) {
        case PluginMode::Shadow: return model::RunMode::Observe;
        case PluginMode::Suggest: return model::RunMode::Suggest;
        case PluginMode::Approve: return model::RunMode::Approve;
        case PluginMode::Auto: return model::RunMode::Auto;
    }
    return model::RunMode::Observe;
}

std::string_view name_of(Write write) {
    return kWriteNames[static_cast<std::size_t>(write)];
}

bool Wants::may(Write write) const {
    return std::find(writes.begin(), writes.end(), write) != writes.end();
}

}  // namespace nocturne::plugins
