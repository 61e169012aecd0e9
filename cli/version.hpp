// Which Nocturne this is.
#pragma once

#include <string>

namespace nocturne::cli {

std::string version_number();  // "0.1.0"
std::string version_commit();  // "unknown" when it was not built from a clone
std::string version_text();    // both

}  // namespace nocturne::cli
