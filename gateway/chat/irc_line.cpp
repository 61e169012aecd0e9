#include "gateway/chat/irc_line.hpp"

#include <algorithm>

namespace nocturne::gateway {

namespace {

std::string_view take_until(std::string_view& text, char end) {
    const std::string_view part = text.substr(0, text.find(end));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return part;
}

std::string unescape(std::string_view value) {
    std::string out;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] != '\\') {
            out += value[i];
        } else if (++i < value.size()) {
            switch (value[i]) {
                case ':': out += ';'; break;
                case 's': out += ' '; break;
                case 'r': out += '\r'; break;
                case 'n': out += '\n'; break;
                default: out += value[i];
            }
        }
    }
    return out;
}

bool is_letter_start(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

}  // namespace

IrcLine parse_irc_line(std::string_view text) {
    IrcLine line;
    if (text.starts_with('@')) {
        text.remove_prefix(1);
        std::string_view tags = take_until(text, ' ');
        while (!tags.empty()) {
            std::string_view tag = take_until(tags, ';');
            const std::string_view name = take_until(tag, '=');
            line.tags[std::string(name)] = unescape(tag);
        }
    }
    while (text.starts_with(' ')) {
        text.remove_prefix(1);
    }
    if (text.starts_with(':')) {
        text.remove_prefix(1);
        line.prefix = take_until(text, ' ');
    }
    while (text.starts_with(' ')) {
        text.remove_prefix(1);
    }
    line.command = take_until(text, ' ');
    std::transform(line.command.begin(), line.command.end(), line.command.begin(), [](char letter) {
        return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    });
    while (!text.empty()) {
        if (text.starts_with(':')) {
            line.parameters.emplace_back(text.substr(1));
            break;
        }
        if (const std::string_view word = take_until(text, ' '); !word.empty()) {
            line.parameters.emplace_back(word);
        }
    }
    return line;
}

std::vector<std::string> split_for_irc(std::string_view text, std::size_t bytes_max) {
    std::vector<std::string> pieces;
    while (!text.empty()) {
        const std::string_view whole = take_until(text, '\n');
        std::string line;
        std::copy_if(whole.begin(), whole.end(), std::back_inserter(line), [](char letter) {
            return static_cast<unsigned char>(letter) >= 0x20 && letter != 0x7F;
        });
        std::string_view rest = line;
        while (rest.size() > bytes_max) {
            std::size_t end = rest.rfind(' ', bytes_max);
            if (end == std::string_view::npos || end < bytes_max / 2) {
                end = bytes_max;
                while (end > 1 && !is_letter_start(rest[end])) {
                    --end;
                }
            }
            pieces.emplace_back(rest.substr(0, end));
            rest.remove_prefix(end);
            while (rest.starts_with(' ')) {
                rest.remove_prefix(1);
            }
        }
        if (!rest.empty()) {
            pieces.emplace_back(rest);
        }
    }
    return pieces;
}

}  // namespace nocturne::gateway
