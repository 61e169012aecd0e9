// What an action answered, as text that people and logs can be shown.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nocturne::gateway {

inline constexpr std::size_t kResultTextBytesMax = 4096;

// Valid UTF-8 without control characters (but line ends and tabs), at most `bytes_max` of it, with
// "..." in place of the rest. What does not fit is shown as "?".
std::string printable(std::string_view text, std::size_t bytes_max = kResultTextBytesMax);

}  // namespace nocturne::gateway
