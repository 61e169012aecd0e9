#include "gateway/effectors/result_text.hpp"

#include <cstdint>

namespace nocturne::gateway {

namespace {

// Bytes of the sound UTF-8 letter at the start; 0 when there is none.
std::size_t letter_bytes(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    const std::size_t size = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
    if (size == 0 || size > text.size()) {
        return 0;
    }
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) {
            return 0;
        }
    }
    const bool is_wrong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
                          (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
    return is_wrong ? 0 : size;
}

bool is_shown(std::string_view letter) {
    const auto first = static_cast<unsigned char>(letter[0]);
    if (letter.size() == 1) {
        return first == '\n' || first == '\t' || (first >= 0x20 && first != 0x7F);
    }
    const auto second = static_cast<unsigned char>(letter[1]);
    if (first == 0xC2 && second < 0xA0) {
        return false;  // U+0080 to U+009F, control characters too
    }
    // Marks that turn the direction of the text make it read as something else.
    if (first == 0xE2 && letter.size() == 3) {
        const auto third = static_cast<unsigned char>(letter[2]);
        return !(second == 0x80 && third >= 0xAA && third <= 0xAE) &&
               !(second == 0x81 && third >= 0xA6 && third <= 0xA9);
    }
    return true;
}

}  // namespace

std::string printable(std::string_view text, std::size_t bytes_max) {
    static constexpr std::string_view kRest = "...";
    std::string out;
    while (!text.empty()) {
        const std::size_t size = letter_bytes(text);
        const std::string_view letter = text.substr(0, size);
        const bool shown = size > 0 && is_shown(letter);
        if (out.size() + (shown ? size : 1) > bytes_max) {
            while (!out.empty() && out.size() + kRest.size() > bytes_max) {
                // Whole letters only.
                do {
                    const auto last = static_cast<unsigned char>(out.back());
                    out.pop_back();
                    if ((last & 0xC0U) != 0x80U) {
                        break;
                    }
                } while (!out.empty());
            }
            return bytes_max < kRest.size() ? out : out.append(kRest);
        }
        out.append(shown ? letter : "?");
        text.remove_prefix(size == 0 ? 1 : size);
    }
    return out;
}

}  // namespace nocturne::gateway
