// ChatCommand: what a person says to us in a chat, whatever the chat.
#pragma once

#include "model/result.hpp"
#include "model/role.hpp"
#include "model/time.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace nocturne::gateway {

enum class ChatVerb : std::uint8_t {
    Help,
    Incidents,
    Show,
    Why,
    WhatWouldYouDo,
    Plan,
    Approve,
    Reject,
    Answer,
    Silence,
    Acknowledge,
    Label,
};

struct ChatCommand {
    ChatVerb verb = ChatVerb::Help;
    std::string subject;  // an incident ("I1042-3"), a run, or what `why` can be asked about
    std::string
        text;  // approve: the beginning of the plan's hash; reject: the reason; answer: yes,
               // no, again or leave; label: the cause; silence: matchers; help: a command
    model::Duration duration{};  // of a silence
};

struct ChatVerbUse {
    std::string_view name;
    std::string_view use;   // "ack ID"
    std::string_view what;  // for people
    model::Role role;       // that it needs at least
};

// By ChatVerb.
const ChatVerbUse& use_of(ChatVerb verb);

inline constexpr std::size_t kChatTextBytesMax = 4096;

// An Error says what is wrong, and how it is used. Upper and lower case are the same in the verb.
Result<ChatCommand> parse_chat_command(std::string_view text);

// What somebody with that role may say, in one line; more of one command when it is named.
std::string chat_help(model::Role role, std::string_view command = "");

}  // namespace nocturne::gateway
