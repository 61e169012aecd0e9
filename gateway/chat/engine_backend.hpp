// EngineBackend: the chat's orders, given to a running engine.
#pragma once

#include "gateway/chat/chat_backend.hpp"
#include "gateway/effectors/action_result.hpp"
#include "model/command.hpp"
#include "model/position.hpp"
#include "model/run.hpp"

#include <functional>

namespace nocturne::engine {
class Core;
class Loop;
}  // namespace nocturne::engine

namespace nocturne::gateway {

class Planner;

class EngineBackend : public ChatBackend {
   public:
    // All must outlive it. Without a planner no playbook makes plans.
    explicit EngineBackend(engine::Loop& loop, Planner* planner = nullptr,
                           std::function<model::Time()> clock = {});

    Result<std::string> incidents() override;
    Result<IncidentMessage> incident(std::string_view id) override;
    Result<std::string> why(std::string_view subject) override;
    Result<std::string> acknowledge(std::string_view id, const ChatSpeaker& who) override;
    Result<std::string> label(std::string_view id, std::string_view cause,
                              const ChatSpeaker& who) override;
    Result<std::string> silence(std::string_view matchers, model::Duration duration,
                                const ChatSpeaker& who) override;

    Result<std::string> what_would_you_do(std::string_view id) override;
    Result<std::string> plan(std::string_view id, const ChatSpeaker& who) override;
    Result<std::string> approve(std::string_view run, std::string_view hash,
                                const ChatSpeaker& who) override;
    Result<std::string> reject(std::string_view run, std::string_view reason,
                               const ChatSpeaker& who) override;
    Result<std::string> answer(std::string_view run, std::string_view answer,
                               const ChatSpeaker& who) override;

   private:
    Result<model::Id> find_incident(std::string_view id);
    Result<model::Run> find_run(std::string_view id);
    // What the engine says to a person's word about the run.
    Result<std::string> say(model::Command command, model::Id run, const ChatSpeaker& who);

    engine::Loop& loop_;
    Planner* const planner_;
    std::function<model::Time()> clock_;
};

// The run that is shown with an incident; nothing when there is none. On the core thread.
std::optional<ShownRun> shown_run_of(const engine::Core& core, model::Id incident);

// For the effector `silence`: what its arguments say, ordered by the run.
ActionResult silence_by_action(ChatBackend& backend, const ActionCall& call);

}  // namespace nocturne::gateway
