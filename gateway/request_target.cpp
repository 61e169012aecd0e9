#include "gateway/request_target.hpp"

#include <algorithm>
#include <cstddef>

namespace nocturne::gateway {

namespace {

int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

enum class Plus { IsPlus, IsSpace };

Result<std::string> decode_percent(std::string_view text, Plus plus) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus == Plus::IsSpace) {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return fail(ErrorCode::Invalid,
                            "the URL has a % without two hexadecimal digits behind it");
            }
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return out;
}

}  // namespace

std::optional<std::string_view> Target::find(std::string_view name) const {
    std::optional<std::string_view> found;
    for (const auto& [key, value] : query) {
        if (key == name) {
            found = value;
        }
    }
    return found;
}

Result<Target> parse_target(std::string_view target) {
    Target parsed;
    target = target.substr(0, target.find('#'));
    const std::size_t mark = target.find('?');
    std::string_view path = target.substr(0, mark);
    if (!path.starts_with('/')) {
        return fail(ErrorCode::Invalid, "the URL's path does not start with /");
    }
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        const std::string_view part = path.substr(0, path.find('/'));
        path.remove_prefix(part.size());
        if (!part.empty()) {
            NOCTURNE_TRY(std::string decoded, decode_percent(part, Plus::IsPlus));
            parsed.path.push_back(std::move(decoded));
        }
    }
    std::string_view query =
        mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.empty()) {
            continue;
        }
        const std::size_t equals = pair.find('=');
        NOCTURNE_TRY(std::string name, decode_percent(pair.substr(0, equals), Plus::IsSpace));
        NOCTURNE_TRY(std::string value,
                     decode_percent(equals == std::string_view::npos ? std::string_view()
                                                                     : pair.substr(equals + 1),
                                    Plus::IsSpace));
        parsed.query.emplace_back(std::move(name), std::move(value));
    }
    return parsed;
}

}  // namespace nocturne::gateway
