// The form in which stored bytes stand in a database row: packed, sealed and bounded.
#pragma once

#include "model/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nocturne::store {

inline constexpr std::size_t kRowBytesMax = std::size_t{256} << 20;  // before compression

// What a row belongs to (its position, time and kind, or its place in a snapshot), as one number.
// It is part of the checksum, so that a whole row in the wrong place does not check out either.
using Seal = std::uint64_t;
Seal seal_of(std::uint64_t a, std::uint64_t b, std::uint64_t c);

// Appends to `out` the row for `bytes`: codec, raw size, checksum, then the bytes, compressed where
// that pays. `bytes` has at most kRowBytesMax.
void append_row(std::string& out, std::string_view bytes, Seal seal = 0);

// The same in a string of its own.
std::string pack_row(std::string_view bytes, Seal seal = 0);

// The bytes of a row. Damaged for anything that pack_row did not make with that seal; never
// allocates more than kRowBytesMax, nor more than 255 times what it was given.
Result<std::string> unpack_row(std::string_view row, Seal seal = 0);

}  // namespace nocturne::store
