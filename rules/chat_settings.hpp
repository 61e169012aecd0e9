// ChatSettings: who may do what from a chat, and which channels are told of incidents.
#pragma once

#include "model/role.hpp"
#include "model/severity.hpp"
#include "model/time.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

// A person, and by what each medium knows them. Empty: not from there.
struct ChatUser {
    std::string name;  // what is noted down
    model::Role role = model::Role::Viewer;
    std::string slack;        // U0ALICE001
    std::string mattermost;   // the user's id, 26 letters
    std::string irc_account;  // of the network's services
    std::string irc_mask;     // nick!user@host with * and ?: only as safe as the network makes it

    friend bool operator==(const ChatUser&, const ChatUser&) = default;
};

enum class ChatMedium : std::uint8_t { Slack, Mattermost, Webhook, Irc };

inline constexpr std::array<std::string_view, 4> kChatMediumNames{"slack", "mattermost", "webhook",
                                                                  "irc"};

// Secrets are given by name, as everywhere.
struct ChatChannel {
    std::string name;  // by which `notify` calls it
    ChatMedium kind = ChatMedium::Webhook;
    bool incidents = true;  // is told of incidents
    model::Severity severity_min = model::Severity::Warning;
    std::string url;                // slack: of the API; mattermost: of the server; webhook: whole
    std::string callback_url;       // mattermost: ours, under which its buttons reach us
    std::string channel;            // slack, mattermost: its id; irc: #name
    std::string token;              // slack, mattermost: of the bot
    std::string signing_secret;     // slack: of the app; webhook: of our signature
    std::string command_token;      // mattermost: of the slash command
    std::filesystem::path ca_file;  // empty: the system's
    std::string server;             // irc: host:port
    bool tls = true;                // irc
    std::string nick = "nocturne";  // irc
    std::string account;            // irc: for SASL PLAIN, with `password`
    std::string password;           // irc: of the account, or of the server when there is none

    friend bool operator==(const ChatChannel&, const ChatChannel&) = default;
};

struct ChatSettings {
    std::vector<ChatUser> users;
    std::vector<ChatChannel> channels;
    model::Duration update_interval = std::chrono::seconds(2);  // of one message, at most so often

    friend bool operator==(const ChatSettings&, const ChatSettings&) = default;
};

}  // namespace nocturne::rules
