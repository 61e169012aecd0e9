// The plugins that come with the program: scripts/*/*.lua, as part of it.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace nocturne::plugins {

struct ShippedScript {
    std::string_view name;  // "best"
    std::string_view file;  // "scripts/detectors/best.lua", as messages have it
    std::string_view text;
};

// By file.
std::span<const ShippedScript> shipped_scripts();

// Nothing when there is none of this name.
std::optional<ShippedScript> find_shipped_script(std::string_view name);

}  // namespace nocturne::plugins
