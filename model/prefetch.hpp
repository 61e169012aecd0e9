// prefetch: asks the processor for memory that will be read soon, and does not wait for it.
#pragma once

#include <cstddef>

namespace nocturne::model {

// Of longer memory only the beginning: the rest is read in order, which the processor foresees.
inline void prefetch(const void* begin, std::size_t bytes) {
    constexpr std::size_t kLine = 64;
    constexpr std::size_t kMost = 4 * kLine;
    const auto* at = static_cast<const char*>(begin);
    for (std::size_t i = 0; i < bytes && i < kMost; i += kLine) {
        __builtin_prefetch(at + i);
    }
}

}  // namespace nocturne::model
