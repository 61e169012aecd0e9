// Chat: all that talks with people: the channels that are told, the doors and the desk that listen.
#pragma once

#include "gateway/api.hpp"
#include "gateway/chat/chat_backend.hpp"
#include "gateway/chat/chat_desk.hpp"
#include "gateway/chat/irc_client.hpp"
#include "gateway/effectors/action_result.hpp"
#include "rules/action_settings.hpp"
#include "rules/chat_settings.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

class EffectFeed;

struct ChatParts {
    rules::ChatSettings settings;
    std::vector<rules::SecretSource> secrets;
    std::filesystem::path folder;  // where it is kept which message is whose; empty: nowhere
    // Each order and each refusal, for the audit; may be empty.
    std::function<void(const ChatNote&)> note = {};
    std::function<std::int64_t()> now_s = {};  // default: the system's clock
    IrcPace irc_pace = {};
};

class Chat {
   public:
    // Both must outlive it. Starts its threads.
    Chat(ChatParts parts, ChatBackend& backend, EffectFeed& feed);
    // What is under way is given up.
    ~Chat();
    Chat(const Chat&) = delete;
    Chat& operator=(const Chat&) = delete;

    // A request of a chat's server; answers from a thread of ours. Never blocks.
    void handle(std::string_view medium, HttpRequest request,
                std::function<void(HttpResponse)> respond);

    // For the effector `notify`: tells the channel; waits for it.
    ActionResult notify(const ActionCall& call);

    // The names of the channels.
    std::vector<std::string> channels() const;

    // Whom we know, from now on. Channels stay as they are until a restart.
    void set_people(std::vector<rules::ChatUser> users);

    void append_metrics(std::string& out) const;

   private:
    class Inside;
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::gateway
