// What came of `nocturne plugin check`, as a page and as JSON.
#pragma once

#include "cli/terminal.hpp"
#include "plugins/plugin_check.hpp"

#include <string>

namespace nocturne::cli {

// Also the line of the file that a problem names. `file`: as it was given.
std::string plugin_check_page(const std::string& file, const plugins::CheckedPlugin& checked,
                              const Palette& palette);
std::string plugin_check_json(const std::string& file, const plugins::CheckedPlugin& checked);

// "read the service graph", "annotate events": what its table asks for, a capability each.
std::vector<std::string> capabilities_of(const plugins::Manifest& manifest);

}  // namespace nocturne::cli
