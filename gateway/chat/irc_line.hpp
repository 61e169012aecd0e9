// Lines of IRC: what one says, and how a long text becomes several.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

struct IrcLine {
    std::map<std::string, std::string> tags;  // of IRCv3, unescaped
    std::string prefix;                       // "anna!~anna@10.1.2.3"
    std::string command;                      // upper case, or three digits
    std::vector<std::string> parameters;

    // "anna" of the prefix.
    std::string nick() const { return prefix.substr(0, prefix.find('!')); }

    // Empty when there are fewer.
    std::string parameter(std::size_t i) const {
        return i < parameters.size() ? parameters[i] : std::string();
    }
};

// Without the line end. Whatever the bytes, something comes out; an empty command is no line.
IrcLine parse_irc_line(std::string_view text);

// Pieces of at most `bytes_max`, cut between words where there are any, and between letters; line
// ends part as well. Control characters (formatting, too) are left out.
std::vector<std::string> split_for_irc(std::string_view text, std::size_t bytes_max);

}  // namespace nocturne::gateway
