// ChatDoor: requests that a chat's server sends us, checked before a word of them is believed.
#pragma once

#include "gateway/api.hpp"
#include "gateway/chat/chat_desk.hpp"
#include "gateway/chat/signature.hpp"
#include "gateway/effectors/secrets.hpp"
#include "rules/chat_settings.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nocturne::gateway {

inline constexpr std::size_t kChatBodyBytesMax = 64U << 10;
inline constexpr std::int64_t kSlackWindowS = 300;

// Slash commands and buttons of Slack: the signature v0 over the raw bytes, then the time, then
// whether it was carried out before; only then is it read.
class SlackDoor {
   public:
    // `channels`: those of Slack count. `now_s`: seconds since 1970.
    SlackDoor(std::vector<rules::ChatChannel> channels, Secrets secrets, ChatDesk& desk,
              std::function<std::int64_t()> now_s);

    HttpResponse handle(const HttpRequest& request);

   private:
    std::optional<ChatRefusal> check(const HttpRequest& request);
    HttpResponse answer_command(const std::vector<std::pair<std::string, std::string>>& form);
    HttpResponse answer_button(const std::string& payload);

    std::vector<std::string> signing_secrets_;  // names
    Secrets secrets_;
    ChatDesk& desk_;
    std::function<std::int64_t()> now_s_;
    ReplayWindow window_{2 * kSlackWindowS};
};

// Slash commands (by their token) and buttons (by our own signature in their context) of
// Mattermost.
class MattermostDoor {
   public:
    MattermostDoor(std::vector<rules::ChatChannel> channels, Secrets secrets, ChatDesk& desk,
                   std::function<std::int64_t()> now_s);

    HttpResponse handle(const HttpRequest& request);

   private:
    HttpResponse answer_command(const HttpRequest& request);
    HttpResponse answer_button(const HttpRequest& request);
    bool is_ours(std::string_view command, std::string_view signature) const;

    std::vector<std::string> tokens_;  // names of secrets
    Secrets secrets_;
    ChatDesk& desk_;
    std::function<std::int64_t()> now_s_;
    ReplayWindow window_{2 * kSlackWindowS};
};

// What a button of Mattermost carries so that we know our own: over the command, with the slash
// command's token.
std::string sign_button(std::string_view token, std::string_view command);

}  // namespace nocturne::gateway
