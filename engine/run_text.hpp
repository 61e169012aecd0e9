// Texts of strangers in runs: bounded, and harmless to print.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nocturne::engine {

inline constexpr std::size_t kNameBytesMax = 256;
inline constexpr std::size_t kWordsBytesMax = 4096;

// Cut, and without what could steer a terminal; whole characters are kept.
std::string clean(std::string_view text, std::size_t bytes_max);

}  // namespace nocturne::engine
