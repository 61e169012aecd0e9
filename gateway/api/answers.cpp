#include "gateway/api/answers.hpp"

#include "engine/loop.hpp"
#include "model/input.hpp"
#include "model/json_writer.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace nocturne::gateway {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kFullWait{2000};  // for room in the engine, then 503

// Submits until there is room, then answers by `done` once it is durable.
void submit_until(const Context& context, std::shared_ptr<model::Input::Body> body,
                  model::AuditNote note, std::size_t bytes, Respond respond, Done done,
                  Clock::time_point until) {
    const bool taken = context->loop.try_submit(
        *body, bytes,
        [respond, done](const Result<model::Position>& position) {
            if (position) {
                done(*position, respond);
            } else {
                respond(unavailable("not done, the journal cannot be written: " +
                                    position.error().message));
            }
        },
        engine::Loop::Writer::Loop, {note});
    if (taken) {
        return;
    }
    if (Clock::now() >= until) {
        respond(unavailable("the engine has no room or is stopping; try again"));
        return;
    }
    context->parts.a_moment_later([context, body, note, bytes, respond, done, until] {
        submit_until(context, body, note, bytes, respond, done, until);
    });
}

void submit_body(const Context& context, model::Input::Body body, model::AuditNote note,
                 std::size_t bytes, Respond respond, Done done) {
    submit_until(context, std::make_shared<model::Input::Body>(std::move(body)), std::move(note),
                 bytes, std::move(respond), std::move(done), Clock::now() + kFullWait);
}

}  // namespace

HttpResponse json_response(std::string body, unsigned status) {
    HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    response.body += '\n';
    return response;
}

HttpResponse text_response(std::string body, unsigned status, std::string_view type) {
    HttpResponse response;
    response.status = status;
    response.content_type = type;
    response.body = std::move(body);
    return response;
}

HttpResponse unavailable(std::string_view message) {
    HttpResponse response = error_response(503, message);
    response.headers.emplace_back("Retry-After", "1");
    return response;
}

HttpResponse problems_response(const std::vector<std::string>& problems) {
    model::JsonWriter out;
    const std::string more =
        problems.size() > 1 ? " (and " + std::to_string(problems.size() - 1) + " more)" : "";
    out.begin_object().member("error", problems.front() + more).key("problems").begin_array();
    for (const std::string& problem : problems) {
        out.text(problem);
    }
    out.end_array().end_object();
    HttpResponse response = json_response(out.take(), 400);
    response.error = problems.front() + more;
    return response;
}

HttpResponse error_response(unsigned status, std::string_view message) {
    model::JsonWriter out;
    out.begin_object().member("error", message).end_object();
    HttpResponse response = json_response(out.take(), status);
    response.error = message;
    return response;
}

HttpResponse refusal_response(const model::RunEvent& event, std::string_view run) {
    model::JsonWriter out;
    const std::string name(model::name_of(event.reason));
    out.begin_object().member("error",
                              "refused: " + name + (event.text.empty() ? "" : ": " + event.text));
    out.member("reason", name).key("run");
    run.empty() ? void(out.null()) : void(out.raw(run));
    out.end_object();
    const bool is_forbidden = event.reason == model::Reason::RoleTooLow ||
                              event.reason == model::Reason::PersonUnknown ||
                              event.reason == model::Reason::SelfApproval;
    return json_response(out.take(), is_forbidden ? 403 : 409);
}

std::string name_of(const Caller& caller, std::string by) {
    if (!caller.name.empty()) {
        return caller.name;
    }
    return by.empty() ? "unknown" : std::move(by);
}

model::AuditNote note_of(const Caller& caller, const model::Command& command) {
    model::AuditNote note = model::note_of(command);
    note.role = caller.role_name();
    note.from = caller.from;
    return note;
}

void look(const Context& context, const Respond& respond,
          std::function<void(const engine::Core&)> read) {
    if (!context->loop.query(std::move(read))) {
        respond(unavailable("the engine is stopping"));
    }
}

void ask(const Context& context, Respond respond,
         std::function<HttpResponse(const engine::Core&)> render) {
    look(context, respond, [respond, render = std::move(render)](const engine::Core& core) {
        respond(render(core));
    });
}

void submit(const Context& context, const model::Command& command, model::AuditNote note,
            std::size_t bytes, Respond respond, Done done) {
    submit_body(context, command, std::move(note), bytes, std::move(respond), std::move(done));
}

void submit(const Context& context, model::TopologyChange change, model::AuditNote note,
            std::size_t bytes, Respond respond, Done done) {
    submit_body(context, std::move(change), std::move(note), bytes, std::move(respond),
                std::move(done));
}

void submit(const Context& context, model::PlanProposed proposal, model::AuditNote note,
            std::size_t bytes, Respond respond, Done done) {
    submit_body(context, std::move(proposal), std::move(note), bytes, std::move(respond),
                std::move(done));
}

}  // namespace nocturne::gateway
