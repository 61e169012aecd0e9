// Texts for Slack.
#pragma once

#include <string>
#include <string_view>

namespace nocturne::gateway {

// Slack's three: what else would be a link or a mention of all stays text.
inline std::string slack_escape(std::string_view text) {
    std::string out;
    for (const char letter : text) {
        switch (letter) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            default: out += letter;
        }
    }
    return out;
}

}  // namespace nocturne::gateway
