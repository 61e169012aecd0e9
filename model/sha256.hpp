// SHA-256 of bytes, as 32 bytes and as 64 hexadecimal digits.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace nocturne::model {

using Sha256 = std::array<std::uint8_t, 32>;

// Of the parts one after the other.
Sha256 sha256_of(std::initializer_list<std::string_view> parts);

// 64 digits in lower case, and back; nothing for any other text.
std::string to_string(const Sha256& hash);
std::optional<Sha256> parse_sha256(std::string_view text);

// Takes the same time whatever the difference, so that an answer's time tells nothing of a secret.
bool are_equal(const Sha256& a, const Sha256& b);

inline std::string_view bytes_of(const Sha256& hash) {
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace nocturne::model
