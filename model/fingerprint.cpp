#define XXH_INLINE_ALL
#include "model/fingerprint.hpp"

#include <xxhash.h>

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

Fingerprint fingerprint_of(std::string_view bytes) {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    return {hash.high64, hash.low64};
}

}  // namespace nocturne::model
