#include "model/position.hpp"

#include <cctype>
#include <charconv>

namespace nocturne::model {

std::string format_id(char prefix, Id id) {
    return prefix + std::to_string(id.position) + "-" + std::to_string(id.index);
}

std::optional<Id> parse_id(char prefix, std::string_view text) {
    if (!text.empty() && std::toupper(static_cast<unsigned char>(text.front())) == prefix) {
        text.remove_prefix(1);
    }
    Id id;
    const char* end = text.data() + text.size();
    const auto [dash, position_error] = std::from_chars(text.data(), end, id.position);
    if (position_error != std::errc() || dash == end || *dash != '-') {
        return std::nullopt;
    }
    const auto [rest, index_error] = std::from_chars(dash + 1, end, id.index);
    if (index_error != std::errc() || rest != end) {
        return std::nullopt;
    }
    return id;
}

}  // namespace nocturne::model
