// Incidents: what is known of them, and what people order about them.
#include "engine/run_view.hpp"
#include "engine/view.hpp"
#include "gateway/api/answers.hpp"
#include "gateway/api/handlers.hpp"
#include "gateway/api/parameters.hpp"
#include "gateway/incident_graph.hpp"
#include "gateway/request_body.hpp"
#include "model/incident.hpp"
#include "model/json_writer.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace nocturne::gateway {

namespace {

Result<engine::IncidentQuery> parse_incident_query(const Target& target) {
    NOCTURNE_TRY_STATUS(check_parameters(target, {"state", "all", "limit"}));
    engine::IncidentQuery query;
    if (const std::optional<std::string_view> state = target.find("state")) {
        if (!model::find_name<model::IncidentState>(model::kIncidentStateNames, *state)) {
            return fail(ErrorCode::Invalid,
                        "parameter \"state\": \"" + std::string(state->substr(0, 64)) +
                            "\" is not one of open, acknowledged, resolved, reopened, merged");
        }
        query.state = std::string(*state);
    }
    NOCTURNE_TRY(query.all, parse_flag(target, "all"));
    NOCTURNE_TRY(query.limit, parse_limit(target, query.limit));
    return query;
}

void no_such_incident(const Respond& respond, std::string_view id) {
    respond(error_response(404, "no incident \"" + std::string(id.substr(0, 64)) + "\""));
}

void read_history(const Context& context, model::Id id, Respond respond) {
    const std::string name = model::format_id(model::kIncidentPrefix, id);
    if (!context->parts.read_history) {
        no_such_incident(respond, name);
        return;
    }
    context->parts.in_background([context, name, respond] {
        if (std::optional<std::string> json = context->parts.read_history(name)) {
            respond(json_response(*std::move(json)));
        } else {
            no_such_incident(respond, name);
        }
    });
}

// With the run that people should see with it, if there is one. Not part of the incident's own
// JSON: that is kept as history when it is over, and runs go on after it.
std::optional<std::string> render_with_run(const engine::Core& core, model::Id id) {
    std::optional<std::string> json = engine::render_incident(core, id);
    const model::Run* run = json ? engine::run_to_show(core, id) : nullptr;
    if (run != nullptr) {
        model::JsonWriter out;
        engine::write_run(out, core, *run);
        json->pop_back();  // what closes the incident
        *json += ",\"run\":" + out.take() + "}";
    }
    return json;
}

// What `render` makes of the incident's JSON, from memory or from history, in the background.
void ask_incident(const Context& context, const Call& call, Respond respond,
                  std::function<HttpResponse(std::string_view json)> render) {
    const std::optional<model::Id> id = model::parse_id(model::kIncidentPrefix, call.name);
    if (!id) {
        no_such_incident(respond, call.name);
        return;
    }
    look(context, respond, [context, respond, render, id = *id](const engine::Core& core) {
        std::optional<std::string> json = engine::render_incident(core, id);
        context->parts.in_background([context, respond, render, id, json = std::move(json)] {
            const std::string name = model::format_id(model::kIncidentPrefix, id);
            const std::optional<std::string> found =
                json || !context->parts.read_history ? json : context->parts.read_history(name);
            found ? respond(render(*found)) : no_such_incident(respond, name);
        });
    });
}

// Looks whether the incident is there, submits the command, answers with the incident after it.
void command_incident(const Context& context, const Call& call, Respond respond,
                      model::Command (*make)(model::Id, OperatorBody)) {
    Checked<OperatorBody> body = parse_operator_body(call.request.body);
    if (!body.problems.empty()) {
        respond(problems_response(body.problems));
        return;
    }
    body.value.by = name_of(call.caller, std::move(body.value.by));
    const std::optional<model::Id> id = model::parse_id(model::kIncidentPrefix, call.name);
    if (!id) {
        no_such_incident(respond, call.name);
        return;
    }
    look(context, respond,
         [context, respond, id = *id, caller = call.caller,
          command = make(*id, std::move(body.value))](const engine::Core& core) {
             if (!engine::render_incident(core, id)) {
                 no_such_incident(respond, model::format_id(model::kIncidentPrefix, id));
                 return;
             }
             submit(context, command, note_of(caller, command), sizeof(command), respond,
                    [context, id](model::Position, Respond answer) {
                        ask(context, std::move(answer), [id](const engine::Core& after) {
                            return json_response(engine::render_incident(after, id).value_or("{}"));
                        });
                    });
         });
}

}  // namespace

void get_incidents(const Context& context, Call call, Respond respond) {
    Result<engine::IncidentQuery> query = parse_incident_query(call.target);
    if (!query) {
        respond(error_response(400, query.error().message));
        return;
    }
    ask(context, std::move(respond), [query = *std::move(query)](const engine::Core& core) {
        return json_response(engine::render_incidents(core, query));
    });
}

void get_incident(const Context& context, Call call, Respond respond) {
    const std::optional<model::Id> id = model::parse_id(model::kIncidentPrefix, call.name);
    if (!id) {
        no_such_incident(respond, call.name);
        return;
    }
    look(context, respond, [context, respond, id = *id](const engine::Core& core) {
        if (std::optional<std::string> json = render_with_run(core, id)) {
            respond(json_response(*std::move(json)));
        } else {
            read_history(context, id, respond);
        }
    });
}

void get_incident_svg(const Context& context, Call call, Respond respond) {
    ask_incident(context, call, std::move(respond), [](std::string_view json) {
        Result<std::string> svg = render_incident_svg(json);
        return svg ? text_response(*std::move(svg), 200, "image/svg+xml")
                   : error_response(404, svg.error().message);
    });
}

void get_incident_impact(const Context& context, Call call, Respond respond) {
    ask_incident(context, call, std::move(respond), [](std::string_view json) {
        Result<std::string> impact = render_incident_impact(json);
        return impact ? json_response(*std::move(impact))
                      : error_response(404, impact.error().message);
    });
}

void post_acknowledge(const Context& context, Call call, Respond respond) {
    command_incident(context, call, std::move(respond),
                     [](model::Id id, OperatorBody body) -> model::Command {
                         return model::AcknowledgeIncident{id, std::move(body.by)};
                     });
}

void post_resolve(const Context& context, Call call, Respond respond) {
    command_incident(context, call, std::move(respond),
                     [](model::Id id, OperatorBody body) -> model::Command {
                         return model::ResolveIncident{id, std::move(body.by)};
                     });
}

void post_label(const Context& context, Call call, Respond respond) {
    if (const Checked<OperatorBody> body = parse_operator_body(call.request.body);
        body.problems.empty() && body.value.cause.empty()) {
        respond(error_response(
            400, "cause: is missing; expected the node, or the words, that name the cause"));
        return;
    }
    command_incident(context, call, std::move(respond),
                     [](model::Id id, OperatorBody body) -> model::Command {
                         return model::LabelIncident{id, std::move(body.cause), std::move(body.by)};
                     });
}

void post_merge(const Context& context, Call call, Respond respond) {
    if (const Checked<OperatorBody> body = parse_operator_body(call.request.body);
        body.problems.empty() && body.value.from == model::kNoId) {
        respond(
            error_response(400, "from: is missing; expected the incident that goes into this one"));
        return;
    }
    command_incident(context, call, std::move(respond),
                     [](model::Id id, OperatorBody body) -> model::Command {
                         return model::MergeIncidents{id, body.from, std::move(body.by)};
                     });
}

void post_split(const Context& context, Call call, Respond respond) {
    if (const Checked<OperatorBody> body = parse_operator_body(call.request.body);
        body.problems.empty() && body.value.alerts.empty()) {
        respond(error_response(
            400, "alerts: is missing; expected those that become an incident of their own"));
        return;
    }
    command_incident(
        context, call, std::move(respond), [](model::Id id, OperatorBody body) -> model::Command {
            return model::SplitIncident{id, std::move(body.alerts), std::move(body.by)};
        });
}

void post_unmerge(const Context& context, Call call, Respond respond) {
    const std::optional<model::Fingerprint> identity = model::parse_fingerprint(call.name);
    Checked<OperatorBody> body = parse_operator_body(call.request.body);
    if (!identity || !body.problems.empty()) {
        respond(error_response(400, "expected an identity of 32 hex digits, as `why` shows it"));
        return;
    }
    const model::Command command =
        model::UnmergeIdentity{*identity, name_of(call.caller, std::move(body.value.by))};
    submit(context, command, note_of(call.caller, command), call.request.body.size(),
           std::move(respond), [name = call.name](model::Position, Respond answer) {
               model::JsonWriter out;
               out.begin_object().member("identity", name).member("state", "unmerged");
               out.end_object();
               answer(json_response(out.take()));
           });
}

}  // namespace nocturne::gateway
