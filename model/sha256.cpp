#include "model/sha256.hpp"

#include <sodium.h>

namespace nocturne::model {

static_assert(std::tuple_size_v<Sha256> == crypto_hash_sha256_BYTES);

Sha256 sha256_of(std::initializer_list<std::string_view> parts) {
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (const std::string_view part : parts) {
        crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(part.data()),
                                  part.size());
    }
    Sha256 hash{};
    crypto_hash_sha256_final(&state, hash.data());
    return hash;
}

std::string to_string(const Sha256& hash) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(2 * hash.size());
    for (const std::uint8_t byte : hash) {
        text.push_back(kDigits[byte >> 4]);
        text.push_back(kDigits[byte & 0xF]);
    }
    return text;
}

std::optional<Sha256> parse_sha256(std::string_view text) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    Sha256 hash{};
    if (text.size() != 2 * hash.size()) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < hash.size(); ++i) {
        const std::size_t high = kDigits.find(text[2 * i]);
        const std::size_t low = kDigits.find(text[2 * i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) {
            return std::nullopt;
        }
        hash[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return hash;
}

bool are_equal(const Sha256& a, const Sha256& b) {
    return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace nocturne::model
