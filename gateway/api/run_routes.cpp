// Runs of playbooks; the switch for all actions, and frozen nodes.
#include "engine/run_view.hpp"
#include "gateway/api/answers.hpp"
#include "gateway/api/handlers.hpp"
#include "gateway/api/parameters.hpp"
#include "gateway/request_body.hpp"
#include "model/json_writer.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace nocturne::gateway {

namespace {

Result<engine::RunQuery> parse_run_query(const Target& target) {
    NOCTURNE_TRY_STATUS(check_parameters(target, {"state", "incident", "open", "limit"}));
    engine::RunQuery query;
    if (const std::optional<std::string_view> state = target.find("state")) {
        query.state = model::find_name<model::RunState>(model::kRunStateNames, *state);
        if (!query.state) {
            return fail(ErrorCode::Invalid, "parameter \"state\": \"" +
                                                std::string(state->substr(0, 64)) +
                                                "\" is not a state of runs, e.g. "
                                                "awaiting_approval");
        }
    }
    NOCTURNE_TRY(query.incident, parse_incident(target));
    NOCTURNE_TRY(query.open, parse_flag(target, "open"));
    NOCTURNE_TRY(query.limit, parse_limit(target, query.limit));
    return query;
}

void no_such_run(const Respond& respond, std::string_view id) {
    respond(error_response(404, "no run \"" + std::string(id.substr(0, 64)) + "\""));
}

// With a token, who somebody is and what they may do is the token's to say, whatever the body
// says. Who gives no name at all has none: the core refuses their word.
void speak_as(const Caller& caller, RunWordBody& body) {
    if (!caller.name.empty()) {
        body.by = caller.name;
    }
    body.role = caller.role.value_or(body.role);
    if (body.from.empty() || caller.role) {
        body.from = caller.from;
    }
}

// Submits a person's word about a run, answers with the run after it or with the refusal.
void command_run(const Context& context, const Call& call, Respond respond,
                 const std::function<Result<model::Command>(model::Id, RunWordBody)>& make) {
    Checked<RunWordBody> body = parse_run_word_body(call.request.body);
    if (!body.problems.empty()) {
        respond(problems_response(body.problems));
        return;
    }
    const std::optional<model::Id> id = model::parse_id(model::kRunPrefix, call.name);
    if (!id) {
        no_such_run(respond, call.name);
        return;
    }
    speak_as(call.caller, body.value);
    Result<model::Command> command = make(*id, std::move(body.value));
    if (!command) {
        respond(error_response(400, command.error().message));
        return;
    }
    model::AuditNote note = note_of(call.caller, *command);
    submit(context, *command, std::move(note), call.request.body.size(), std::move(respond),
           [context, id = *id](model::Position position, Respond answer) {
               ask(context, std::move(answer), [id, position](const engine::Core& core) {
                   const std::optional<model::RunEvent> event =
                       engine::answer_at(core, id, position);
                   const std::string json = engine::render_run(core, id).value_or("");
                   if (json.empty()) {
                       return error_response(
                           404, "no run \"" + model::format_id(model::kRunPrefix, id) + "\"");
                   }
                   return event && model::is_refusal(event->reason) ? refusal_response(*event, json)
                                                                    : json_response(json);
               });
           });
}

// That actions are stopped or a node is frozen is what was asked for here.
bool is_refused_word(model::Reason reason) {
    return model::is_refusal(reason) && reason != model::Reason::ActionsStopped &&
           reason != model::Reason::NodeFrozen;
}

// Submits a person's word that is about no run; answers with the switch and the frozen nodes.
void command_actions(const Context& context, const Call& call, Respond respond,
                     const std::function<model::Command(RunWordBody)>& make) {
    Checked<RunWordBody> body = parse_run_word_body(call.request.body);
    if (const auto by = call.target.find("by"); by && body.value.by.empty()) {
        body.value.by = *by;
    }
    if (!body.problems.empty()) {
        respond(problems_response(body.problems));
        return;
    }
    speak_as(call.caller, body.value);
    const model::Command command = make(std::move(body.value));
    submit(context, command, note_of(call.caller, command), call.request.body.size(),
           std::move(respond), [context](model::Position position, Respond answer) {
               ask(context, std::move(answer), [position](const engine::Core& core) {
                   const std::optional<model::RunEvent> event =
                       engine::answer_at(core, model::kNoId, position);
                   return event && is_refused_word(event->reason)
                              ? refusal_response(*event)
                              : json_response(engine::render_actions(core));
               });
           });
}

}  // namespace

void get_runs(const Context& context, Call call, Respond respond) {
    Result<engine::RunQuery> query = parse_run_query(call.target);
    if (!query) {
        respond(error_response(400, query.error().message));
        return;
    }
    ask(context, std::move(respond), [query = *std::move(query)](const engine::Core& core) {
        return json_response(engine::render_runs(core, query));
    });
}

void get_run_stats(const Context& context, Call, Respond respond) {
    ask(context, std::move(respond),
        [](const engine::Core& core) { return json_response(engine::render_run_stats(core)); });
}

void get_run(const Context& context, Call call, Respond respond) {
    const std::optional<model::Id> id = model::parse_id(model::kRunPrefix, call.name);
    ask(context, std::move(respond), [id, name = call.name](const engine::Core& core) {
        std::optional<std::string> json = id ? engine::render_run(core, *id) : std::nullopt;
        return json ? json_response(*std::move(json))
                    : error_response(404, "no run \"" + name.substr(0, 64) + "\"");
    });
}

void post_approve(const Context& context, Call call, Respond respond) {
    command_run(
        context, call, std::move(respond),
        [](model::Id id, RunWordBody body) -> Result<model::Command> {
            if (body.hash.empty()) {
                return fail(ErrorCode::Invalid,
                            "hash: is missing; expected the hash of the plan that "
                            "is approved");
            }
            return model::Command(model::ApproveRun{id, body.hash, body.by, body.role, body.from});
        });
}

void post_reject(const Context& context, Call call, Respond respond) {
    command_run(
        context, call, std::move(respond),
        [](model::Id id, RunWordBody body) -> Result<model::Command> {
            return model::Command(model::RejectRun{id, body.by, body.role, body.from, body.why});
        });
}

void post_run_label(const Context& context, Call call, Respond respond) {
    command_run(
        context, call, std::move(respond),
        [](model::Id id, RunWordBody body) -> Result<model::Command> {
            if (!body.label) {
                return fail(ErrorCode::Invalid, "label: is missing; expected one of helped, "
                                                "did_not_help, made_worse, none");
            }
            return model::Command(model::LabelRun{id, *body.label, body.by, body.role, body.from});
        });
}

void post_settle(const Context& context, Call call, Respond respond) {
    command_run(context, call, std::move(respond),
                [](model::Id id, RunWordBody body) -> Result<model::Command> {
                    const std::optional<model::AttemptKey> key =
                        model::parse_attempt_key(body.attempt);
                    if (!body.verdict || !key || key->run != id) {
                        return fail(ErrorCode::Invalid,
                                    "expected a verdict (done, failed, again, abandon) and the "
                                    "attempt that it is about, e.g. \"R12-0/1/run/1\"");
                    }
                    return model::Command(model::SettleRun{
                        *key, static_cast<model::SettleRun::Verdict>(*body.verdict), body.by,
                        body.role, body.from});
                });
}

void get_actions(const Context& context, Call, Respond respond) {
    ask(context, std::move(respond),
        [](const engine::Core& core) { return json_response(engine::render_actions(core)); });
}

void post_stop(const Context& context, Call call, Respond respond) {
    command_actions(context, call, std::move(respond), [](RunWordBody body) -> model::Command {
        return model::StopActions{body.on, body.by, body.role, body.from, body.why};
    });
}

void post_freeze(const Context& context, Call call, Respond respond) {
    command_actions(context, call, std::move(respond),
                    [node = call.name](RunWordBody body) -> model::Command {
                        return model::FreezeNode{node, body.by, body.role, body.from, body.why};
                    });
}

void delete_freeze(const Context& context, Call call, Respond respond) {
    command_actions(context, call, std::move(respond),
                    [node = call.name](RunWordBody body) -> model::Command {
                        return model::ThawNode{node, body.by, body.role, body.from};
                    });
}

}  // namespace nocturne::gateway
