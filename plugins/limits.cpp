#include "plugins/limits.hpp"

#include <cstring>

namespace nocturne::plugins {

namespace {

// The length of the well-formed UTF-8 character at the start of `text`, or 0.
std::size_t character_at(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    const std::size_t length = first >= 0xC2 && first < 0xE0   ? 2
                               : first >= 0xE0 && first < 0xF0 ? 3
                               : first >= 0xF0 && first < 0xF5 ? 4
                                                               : 0;
    if (length == 0 || text.size() < length) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) {
            return 0;
        }
    }
    const unsigned char second = byte(1);
    const bool is_malformed =
        (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
        (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F) ||
        (first == 0xC2 && second < 0xA0);  // C1 controls: terminals obey them
    return is_malformed ? 0 : length;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::Ok: return "ok";
        case Verdict::Error: return "error";
        case Verdict::KilledTime: return "killed_time";
        case Verdict::KilledMemory: return "killed_memory";
        case Verdict::Refused: return "refused";
    }
    return "error";
}

std::string printable(std::string_view text, std::size_t bytes_max) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = character_at(text);
        std::string_view next = length == 0 ? "?" : text.substr(0, length);
        if (text.front() == '\n') {
            next = "\\n";
        } else if (text.front() == '\t') {
            next = " ";
        } else if (static_cast<unsigned char>(text.front()) < 0x20 || text.front() == '\x7F') {
            next = "?";
        }
        if (out.size() + next.size() > bytes_max) {
            return out + "...";
        }
        out += next;
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

namespace {

constexpr std::uint64_t kSpaces = 0x2020202020202020;

// Of eight bytes, whether all are printable ASCII: none below a space, none above '~'.
bool is_plain(std::uint64_t bytes) {
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    constexpr std::uint64_t kHighs = 0x8080808080808080;
    const std::uint64_t below = bytes - kSpaces;  // borrows where a byte is less
    const std::uint64_t above = bytes + kOnes;    // 0x7F becomes 0x80
    return ((bytes | below | above) & kHighs) == 0;
}

template <typename Word>
Word load(const char* bytes) {
    Word word = 0;
    std::memcpy(&word, bytes, sizeof(word));
    return word;
}

// The last up to eight bytes of a text that has some, in any order, some twice.
std::uint64_t last_bytes(std::string_view text) {
    const std::size_t size = text.size();
    const char* const end = text.data() + size;
    if (size >= 8) {
        return load<std::uint64_t>(end - 8);
    }
    if (size >= 4) {
        return load<std::uint32_t>(text.data()) | std::uint64_t{load<std::uint32_t>(end - 4)}
                                                      << 32U;
    }
    std::uint64_t bytes = kSpaces;
    std::memcpy(&bytes, text.data(), 1);
    std::memcpy(reinterpret_cast<char*>(&bytes) + 1, text.data() + size / 2, 1);
    std::memcpy(reinterpret_cast<char*>(&bytes) + 2, end - 1, 1);
    return bytes;
}

// Where to look closer; the text's size: nowhere.
std::size_t plain_prefix(std::string_view text) {
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        if (!is_plain(load<std::uint64_t>(text.data() + at))) {
            return at;
        }
    }
    return at == text.size() || is_plain(last_bytes(text)) ? text.size() : at;
}

// Character by character.
bool is_clean_closely(std::string_view text, Cleanness cleanness) {
    while (!text.empty()) {
        const std::size_t length = character_at(text);
        const auto byte = static_cast<unsigned char>(text.front());
        const bool is_control = byte < 0x20 || byte == 0x7F;
        const bool is_space = byte == '\n' || byte == '\t';
        if (length == 0 || (is_control && !(is_space && cleanness == Cleanness::Text))) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace

bool is_clean(std::string_view text, Cleanness cleanness) {
    const std::size_t plain = plain_prefix(text);
    return plain == text.size() || is_clean_closely(text.substr(plain), cleanness);
}

}  // namespace nocturne::plugins
