#include "gateway/chat/engine_backend.hpp"

#include "engine/loop.hpp"
#include "engine/view.hpp"
#include "engine/why.hpp"
#include "gateway/effectors/action_arguments.hpp"
#include "gateway/effectors/result_text.hpp"

#include <chrono>
#include <utility>

namespace nocturne::gateway {

namespace {

tl::unexpected<Error> stopping() {
    return fail(ErrorCode::Unavailable, "the engine is stopping");
}

tl::unexpected<Error> unknown(std::string_view id) {
    return fail(ErrorCode::NotFound, "no incident \"" + printable(id, 64) + "\"");
}

}  // namespace

EngineBackend::EngineBackend(engine::Loop& loop, Planner* planner,
                             std::function<model::Time()> clock)
    : loop_(loop), planner_(planner), clock_(std::move(clock)) {
    if (!clock_) {
        clock_ = [] {
            return std::chrono::floor<model::Duration>(std::chrono::system_clock::now());
        };
    }
}

Result<std::string> EngineBackend::incidents() {
    std::string json;
    if (!loop_.query_and_wait(
            [&](const engine::Core& core) { json = engine::render_incidents(core, {}); })) {
        return stopping();
    }
    return list_incidents(json);
}

Result<IncidentMessage> EngineBackend::incident(std::string_view id) {
    const std::optional<model::Id> parsed = model::parse_id(model::kIncidentPrefix, id);
    if (!parsed) {
        return unknown(id);
    }
    std::optional<std::string> json;
    std::shared_ptr<const topology::Graph> graph;
    std::optional<ShownRun> run;
    if (!loop_.query_and_wait([&](const engine::Core& core) {
            json = engine::render_incident(core, *parsed);
            graph = engine::topology_of(core);
            run = shown_run_of(core, *parsed);
        })) {
        return stopping();
    }
    if (!json) {
        return unknown(id);
    }
    NOCTURNE_TRY(const IncidentMessage plain, make_incident_message(*json, "", std::nullopt));
    const std::optional<std::string> impact =
        plain.suspect.empty() ? std::nullopt : engine::render_impact(*graph, plain.suspect);
    return make_incident_message(*json, impact.value_or(""), std::move(run));
}

Result<std::string> EngineBackend::why(std::string_view subject) {
    std::optional<std::string> json;
    if (!loop_.query_and_wait(
            [&](const engine::Core& core) { json = engine::render_why(core, subject); })) {
        return stopping();
    }
    if (!json) {
        return fail(ErrorCode::NotFound, "nothing is known of \"" + printable(subject, 64) +
                                             "\"; expected an alert, an incident or a resource");
    }
    return tell_why(*json);
}

Result<model::Id> EngineBackend::find_incident(std::string_view id) {
    const std::optional<model::Id> parsed = model::parse_id(model::kIncidentPrefix, id);
    bool is_there = false;
    if (parsed && !loop_.query_and_wait([&](const engine::Core& core) {
            is_there = engine::render_incident(core, *parsed).has_value();
        })) {
        return stopping();
    }
    if (!is_there) {
        return unknown(id);
    }
    return *parsed;
}

Result<std::string> EngineBackend::acknowledge(std::string_view id, const ChatSpeaker& who) {
    NOCTURNE_TRY(const model::Id incident, find_incident(id));
    NOCTURNE_TRY_STATUS(
        loop_.submit_and_wait(model::Command(model::AcknowledgeIncident{incident, who.name})));
    return std::string(id) + " is acknowledged by " + who.name;
}

Result<std::string> EngineBackend::label(std::string_view id, std::string_view cause,
                                         const ChatSpeaker& who) {
    NOCTURNE_TRY(const model::Id incident, find_incident(id));
    NOCTURNE_TRY_STATUS(loop_.submit_and_wait(
        model::Command(model::LabelIncident{incident, std::string(cause), who.name})));
    return std::string(id) + " was caused by " + std::string(cause) + ", says " + who.name;
}

Result<std::string> EngineBackend::silence(std::string_view matchers, model::Duration duration,
                                           const ChatSpeaker& who) {
    bool has_room = false;
    if (!loop_.query_and_wait(
            [&](const engine::Core& core) { has_room = engine::has_room_for_silence(core); })) {
        return stopping();
    }
    if (!has_room) {
        return fail(ErrorCode::Unavailable, "there are as many silences as can be; expire some");
    }
    model::AddSilence silence;
    silence.matchers = matchers;
    silence.starts_at = clock_();
    silence.ends_at = silence.starts_at + duration;
    silence.created_by = who.name;
    silence.comment = "from " + who.from;
    NOCTURNE_TRY(const model::Position position,
                 loop_.submit_and_wait(model::Command(std::move(silence))));
    return "silenced as " + model::format_id(model::kSilencePrefix, {position, 0}) + " for " +
           model::format_duration(duration);
}

ActionResult silence_by_action(ChatBackend& backend, const ActionCall& call) {
    const Result<model::Duration> duration = model::parse_duration(argument_of(call.action, "for"));
    if (!duration) {
        return refused(duration.error().message);
    }
    const std::string_view comment = argument_of(call.action, "comment");
    const Result<std::string> done =
        backend.silence(argument_of(call.action, "matchers"), *duration,
                        {"playbook", model::Role::Responder,
                         "run " + call.key + (comment.empty() ? "" : ": " + std::string(comment))});
    if (!done) {
        return refused(done.error().message);
    }
    return {ActionResult::Outcome::Ok, *done, true};
}

}  // namespace nocturne::gateway
