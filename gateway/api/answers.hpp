// What handlers share: answers, questions to the engine, and orders that go into the journal.
#pragma once

#include "gateway/api/call.hpp"
#include "model/audit.hpp"
#include "model/command.hpp"
#include "model/position.hpp"
#include "model/run.hpp"
#include "model/topology_change.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::engine {
class Core;
}

namespace nocturne::gateway {

// ---- answers; that of an error is error_response of api.hpp ----

HttpResponse json_response(std::string body, unsigned status = 200);
HttpResponse text_response(std::string body, unsigned status = 200,
                           std::string_view type = "text/plain; charset=utf-8");
// 503, to be tried again in a second.
HttpResponse unavailable(std::string_view message);
// 400: {"error":the first,"problems":[all]}; there is at least one.
HttpResponse problems_response(const std::vector<std::string>& problems);

// 403 when the person may not, else 409: {"error":...,"reason":...,"run":`run` or null}.
HttpResponse refusal_response(const model::RunEvent& event, std::string_view run = {});

// ---- who speaks ----

// With a token the name is the token's, whatever the body says.
std::string name_of(const Caller& caller, std::string by);
// For the audit log: the order, and who gives it.
model::AuditNote note_of(const Caller& caller, const model::Command& command);

// ---- the engine ----

// Calls `read` with the state, on the core's thread; answers 503 instead when the engine stops.
void look(const Context& context, const Respond& respond,
          std::function<void(const engine::Core&)> read);

// Answers with what `render` says about the state, on the core's thread.
void ask(const Context& context, Respond respond,
         std::function<HttpResponse(const engine::Core&)> render);

// Submits until there is room, for two seconds, then answers by `done` once it is durable; 503
// otherwise. `note`: for the audit log, in the same commit. `bytes`: about what it weighs.
// An overload each, so that a handler's file does not compile what all inputs can be.
using Done = std::function<void(model::Position, Respond)>;
void submit(const Context& context, const model::Command& command, model::AuditNote note,
            std::size_t bytes, Respond respond, Done done);
void submit(const Context& context, model::TopologyChange change, model::AuditNote note,
            std::size_t bytes, Respond respond, Done done);
void submit(const Context& context, model::PlanProposed proposal, model::AuditNote note,
            std::size_t bytes, Respond respond, Done done);

}  // namespace nocturne::gateway
