// ChatChannel: a place in a chat that we write to.
#pragma once

#include "gateway/chat/incident_message.hpp"
#include "gateway/effectors/secrets.hpp"
#include "model/result.hpp"
#include "rules/chat_settings.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace nocturne::gateway {

// Calls may wait for the medium, and come from one thread at a time.
class ChatChannel {
   public:
    virtual ~ChatChannel() = default;

    // Whether `update` changes what was posted. Otherwise it writes a new line.
    virtual bool can_update() const = 0;
    // A message about the incident; gives what `update` needs to find it again.
    virtual Result<std::string> post(const IncidentMessage& message) = 0;
    virtual Status update(const std::string& reference, const IncidentMessage& message) = 0;
    // Plain text, once; `key` is the same when the same is told again.
    virtual Status say(const std::string& text, const std::string& key) = 0;
};

// What all channels over HTTP need. Borrows nothing.
struct ChatWay {
    Secrets secrets{{}};
    std::function<bool()> is_over;  // gives a request up when it says so
    std::function<std::int64_t()> now_s;
};

std::unique_ptr<ChatChannel> make_slack_channel(const rules::ChatChannel& settings, ChatWay way);
std::unique_ptr<ChatChannel> make_mattermost_channel(const rules::ChatChannel& settings,
                                                     ChatWay way);
std::unique_ptr<ChatChannel> make_webhook_channel(const rules::ChatChannel& settings, ChatWay way);

}  // namespace nocturne::gateway
