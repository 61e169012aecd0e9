// What a check speaks of, read from generic words in its name: the same words in every estate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nocturne::topology {

enum class CheckKind : std::uint8_t {
    Resource,  // cpu, memory, disk, locks, restarts: the node itself
    Error,     // failures, availability
    Latency,   // how long the node takes to answer
    Traffic,   // how much is asked of it
    Transit,   // what the way to it and back takes: either end, or the network between
    Calling,   // what the node sees of those it calls
    Other,
};

inline constexpr std::size_t kCheckKinds = 7;

constexpr std::size_t index_of(CheckKind kind) {
    return static_cast<std::size_t>(kind);
}

// The kind with the first word that the name holds, in any case; Other when it holds none.
CheckKind kind_of(std::string_view check);

}  // namespace nocturne::topology
