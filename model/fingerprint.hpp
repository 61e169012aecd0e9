// Fingerprint: the 128 bits that stand for an identity.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nocturne::model {

// XXH3 over length-prefixed texts. Two different identities share a fingerprint with a chance of
// about n^2 / 2^129 for n identities; it is no defence against who makes collisions on purpose.
struct Fingerprint {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend constexpr auto operator<=>(const Fingerprint&, const Fingerprint&) = default;
};

// 32 hex digits.
std::string to_string(const Fingerprint& fingerprint);

// What to_string gave, or nothing.
std::optional<Fingerprint> parse_fingerprint(std::string_view text);

Fingerprint fingerprint_of(std::string_view bytes);

// The bits are already well mixed: no second hash.
struct FingerprintHash {
    using is_avalanching = void;

    std::size_t operator()(const Fingerprint& fingerprint) const { return fingerprint.low; }
};

}  // namespace nocturne::model
