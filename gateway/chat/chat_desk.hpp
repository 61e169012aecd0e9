// ChatDesk: hears what people say in any chat, and answers. The one place where it is decided who
// may do what.
#pragma once

#include "gateway/chat/chat_backend.hpp"
#include "gateway/chat/chat_command.hpp"
#include "gateway/chat/people.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace nocturne::gateway {

// Why something that came from a chat was not done; each is counted.
enum class ChatRefusal : std::uint8_t {
    Header,     // a signature or a time is missing
    Signature,  // it is wrong
    Stale,      // the time is too far from ours
    Replayed,   // it was carried out before
    Oversized,
    Malformed,      // it cannot be read
    UnknownUser,    // who is not listed
    Role,           // whose role is too small
    Command,        // that is no command, or wrongly used
    Engine,         // the engine said no
    NotConfigured,  // a request for a medium that is not set up
    Busy,           // more at once than we take
};

inline constexpr std::array<std::string_view, 12> kChatRefusalNames{
    "header",       "signature", "stale",   "replayed", "oversized",      "malformed",
    "unknown_user", "role",      "command", "engine",   "not_configured", "busy"};

struct ChatReply {
    std::string text;  // empty: say nothing
    bool is_private = true;
};

// For the audit: an order, or what was refused.
struct ChatNote {
    ChatSpeaker who;  // the name is what the medium says when we do not know them
    std::string action;
    std::string subject;
    std::optional<ChatRefusal> refusal;
    std::string reason;
};

class ChatDesk {
   public:
    // `backend` must outlive it. `note` is called for each order and each refusal; may be empty.
    ChatDesk(People people, ChatBackend& backend, std::function<void(const ChatNote&)> note = {});

    // Any thread; waits for the engine. `place`: "#ops".
    ChatReply hear(const ChatIdentity& who, std::string_view text, const std::string& place);

    // From the next message on.
    void set_people(People people);

    // What a medium refuses before it comes to the desk.
    void refuse(rules::ChatMedium medium, ChatRefusal refusal);

    void append_metrics(std::string& out) const;

   private:
    ChatReply greet_stranger(const ChatIdentity& who);
    Result<std::string> carry_out(const ChatCommand& command, const ChatSpeaker& who);

    std::shared_ptr<const People> people_;  // shared: swapped whole at reload
    ChatBackend& backend_;
    const std::function<void(const ChatNote&)> note_;
    std::mutex mutex_;
    std::set<std::string> strangers_;  // that were told; guarded by mutex_

    std::array<std::array<std::atomic<std::uint64_t>, kChatRefusalNames.size()>,
               rules::kChatMediumNames.size()>
        refusals_{};
    std::array<std::atomic<std::uint64_t>, rules::kChatMediumNames.size()> carried_out_{};
};

}  // namespace nocturne::gateway
