// ChatBackend: what a chat can ask of, and order, the engine. All calls may wait; none comes from
// the engine's threads or the HTTP server's.
#pragma once

#include "gateway/chat/incident_message.hpp"
#include "model/result.hpp"
#include "model/role.hpp"
#include "model/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace nocturne::gateway {

// Who gives an order, for the audit and for the rules of approval.
struct ChatSpeaker {
    std::string name;
    model::Role role = model::Role::Viewer;
    std::string from;  // "slack #ops"
};

class ChatBackend {
   public:
    virtual ~ChatBackend() = default;

    // Each gives what the person is told; an Error, what is wrong.
    virtual Result<std::string> incidents() = 0;
    virtual Result<IncidentMessage> incident(std::string_view id) = 0;
    virtual Result<std::string> why(std::string_view subject) = 0;
    virtual Result<std::string> acknowledge(std::string_view id, const ChatSpeaker& who) = 0;
    virtual Result<std::string> label(std::string_view id, std::string_view cause,
                                      const ChatSpeaker& who) = 0;
    virtual Result<std::string> silence(std::string_view matchers, model::Duration duration,
                                        const ChatSpeaker& who) = 0;

    // What would be done about the incident. Changes nothing.
    virtual Result<std::string> what_would_you_do(std::string_view id) = 0;
    // Makes a plan that can be approved.
    virtual Result<std::string> plan(std::string_view id, const ChatSpeaker& who) = 0;
    // `hash`: the beginning of the plan's that the person has read; "" when none was given.
    virtual Result<std::string> approve(std::string_view run, std::string_view hash,
                                        const ChatSpeaker& who) = 0;
    virtual Result<std::string> reject(std::string_view run, std::string_view reason,
                                       const ChatSpeaker& who) = 0;
    // To what the run asks; "yes", "no", "again" or "leave".
    virtual Result<std::string> answer(std::string_view run, std::string_view answer,
                                       const ChatSpeaker& who) = 0;
};

}  // namespace nocturne::gateway
