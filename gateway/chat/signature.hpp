// Signatures of what chats send, and of what we send: HMAC-SHA256.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace nocturne::gateway {

// 64 hexadecimal digits.
std::string hmac_sha256(std::string_view key, std::string_view message);

// In a time that does not depend on where they differ.
bool are_equal_secrets(std::string_view a, std::string_view b);

// Remembers what was carried out, so that it is not again. Any thread.
class ReplayWindow {
   public:
    enum class Seen : std::uint8_t {
        First,
        Again,
        Full,  // more at a time than can be remembered: nothing more is taken, so that none slips
               // through
    };

    explicit ReplayWindow(std::int64_t keep_s, std::size_t entries_max = 10'000)
        : keep_s_(keep_s), entries_max_(entries_max) {}

    Seen note(const std::string& key, std::int64_t now_s);

   private:
    const std::int64_t keep_s_;
    const std::size_t entries_max_;
    std::mutex mutex_;
    std::unordered_set<std::string> keys_;
    std::deque<std::pair<std::int64_t, std::string>> by_age_;
};

}  // namespace nocturne::gateway
