#define XXH_INLINE_ALL
#include "model/fingerprint.hpp"

#include <xxhash.h>

#include <charconv>

namespace nocturne::model {

std::string to_string(const Fingerprint& fingerprint) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(32);
    for (const std::uint64_t half : {fingerprint.high, fingerprint.low}) {
        for (int shift = 60; shift >= 0; shift -= 4) {
            text.push_back(kDigits[(half >> shift) & 0xF]);
        }
    }
    return text;
}

std::optional<Fingerprint> parse_fingerprint(std::string_view text) {
    constexpr std::size_t kHalf = 16;
    Fingerprint fingerprint;
    if (text.size() != 2 * kHalf) {
        return std::nullopt;
    }
    const auto read = [&](std::string_view half, std::uint64_t& value) {
        const auto [end, error] = std::from_chars(half.data(), half.data() + kHalf, value, kHalf);
        return error == std::errc() && end == half.data() + kHalf;
    };
    const bool is_read =
        read(text.substr(0, kHalf), fingerprint.high) && read(text.substr(kHalf), fingerprint.low);
    return is_read ? std::optional(fingerprint) : std::nullopt;
}

Fingerprint fingerprint_of(std::string_view bytes) {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    return {hash.high64, hash.low64};
}

}  // namespace nocturne::model
