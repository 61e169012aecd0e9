// EngineBackend: the chat's orders, given to a running engine.
#pragma once

#include "gateway/chat/chat_backend.hpp"
#include "gateway/effectors/action_result.hpp"
#include "model/command.hpp"
#include "model/position.hpp"

#include <functional>

namespace nocturne::engine {
class Loop;
}

namespace nocturne::gateway {

class EngineBackend : public ChatBackend {
   public:
    // `loop` must outlive it.
    explicit EngineBackend(engine::Loop& loop, std::function<model::Time()> clock = {});

    Result<std::string> incidents() override;
    Result<IncidentMessage> incident(std::string_view id) override;
    Result<std::string> why(std::string_view subject) override;
    Result<std::string> acknowledge(std::string_view id, const ChatSpeaker& who) override;
    Result<std::string> label(std::string_view id, std::string_view cause,
                              const ChatSpeaker& who) override;
    Result<std::string> silence(std::string_view matchers, model::Duration duration,
                                const ChatSpeaker& who) override;

   protected:
    // The plan that is shown with an incident; nothing when there is none.
    virtual std::optional<ProposedPlan> plan_of(model::Id incident);

    engine::Loop& loop() { return loop_; }

   private:
    Result<model::Id> find_incident(std::string_view id);

    engine::Loop& loop_;
    std::function<model::Time()> clock_;
};

// For the effector `silence`: what its arguments say, ordered by the run.
ActionResult silence_by_action(ChatBackend& backend, const ActionCall& call);

}  // namespace nocturne::gateway
