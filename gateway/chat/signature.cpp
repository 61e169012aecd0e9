#include "gateway/chat/signature.hpp"

#include <sodium.h>

#include <array>

namespace nocturne::gateway {

namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view message) {
    crypto_auth_hmacsha256_state state;
    std::array<unsigned char, crypto_auth_hmacsha256_BYTES> hash{};
    (void)crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size());
    (void)crypto_auth_hmacsha256_update(&state, bytes_of(message), message.size());
    (void)crypto_auth_hmacsha256_final(&state, hash.data());
    std::array<char, 2 * crypto_auth_hmacsha256_BYTES + 1> digits{};
    (void)sodium_bin2hex(digits.data(), digits.size(), hash.data(), hash.size());
    return digits.data();
}

bool are_equal_secrets(std::string_view a, std::string_view b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

ReplayWindow::Seen ReplayWindow::note(const std::string& key, std::int64_t now_s) {
    const std::lock_guard lock(mutex_);
    while (!by_age_.empty() && by_age_.front().first + keep_s_ < now_s) {
        keys_.erase(by_age_.front().second);
        by_age_.pop_front();
    }
    if (keys_.count(key) > 0) {
        return Seen::Again;
    }
    if (keys_.size() >= entries_max_) {
        return Seen::Full;
    }
    keys_.insert(key);
    by_age_.emplace_back(now_s, key);
    return Seen::First;
}

}  // namespace nocturne::gateway
