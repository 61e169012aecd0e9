#include "engine/run_text.hpp"

namespace nocturne::engine {

std::string clean(std::string_view text, std::size_t bytes_max) {
    std::string cleaned(text.substr(0, bytes_max));
    if (text.size() > bytes_max) {
        while (!cleaned.empty() && (static_cast<unsigned char>(cleaned.back()) & 0xC0) == 0x80) {
            cleaned.pop_back();
        }
        if (!cleaned.empty() && static_cast<unsigned char>(cleaned.back()) >= 0xC0) {
            cleaned.pop_back();
        }
    }
    for (char& byte : cleaned) {
        if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F) {
            byte = ' ';
        }
    }
    return cleaned;
}

}  // namespace nocturne::engine
