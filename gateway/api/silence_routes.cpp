// Silences.
#include "engine/view.hpp"
#include "gateway/api/answers.hpp"
#include "gateway/api/handlers.hpp"
#include "gateway/request_body.hpp"
#include "model/json_writer.hpp"

#include <optional>
#include <string>
#include <utility>

namespace nocturne::gateway {

void get_silences(const Context& context, Call, Respond respond) {
    ask(context, std::move(respond),
        [](const engine::Core& core) { return json_response(engine::render_silences(core)); });
}

void post_silence(const Context& context, Call call, Respond respond) {
    Checked<model::AddSilence> silence =
        parse_silence_body(call.request.body, context->parts.clock());
    if (!silence.problems.empty()) {
        respond(problems_response(silence.problems));
        return;
    }
    silence.value.created_by = name_of(call.caller, std::move(silence.value.created_by));
    look(context, respond,
         [context, respond, caller = call.caller, size = call.request.body.size(),
          command = model::Command(std::move(silence.value))](const engine::Core& core) {
             if (!engine::has_room_for_silence(core)) {
                 respond(error_response(409, "there are as many silences as can be; expire some"));
                 return;
             }
             submit(context, command, note_of(caller, command), size, respond,
                    [](model::Position position, Respond answer) {
                        model::JsonWriter out;
                        out.begin_object().member(
                            "id", model::format_id(model::kSilencePrefix, {position, 0}));
                        out.end_object();
                        answer(json_response(out.take(), 201));
                    });
         });
}

void delete_silence(const Context& context, Call call, Respond respond) {
    const std::optional<model::Id> id = model::parse_id(model::kSilencePrefix, call.name);
    if (!id) {
        respond(error_response(404, "no silence \"" + call.name.substr(0, 64) + "\""));
        return;
    }
    const model::Command command = model::ExpireSilence{
        *id, name_of(call.caller, std::string(call.target.find("by").value_or("")))};
    look(context, respond,
         [context, respond, id = *id, command, caller = call.caller](const engine::Core& core) {
             const std::string name = model::format_id(model::kSilencePrefix, id);
             if (engine::render_silences(core).find("\"id\":\"" + name + "\"") ==
                 std::string::npos) {
                 respond(error_response(404, "no silence \"" + name + "\""));
                 return;
             }
             submit(
                 context, command, note_of(caller, command), sizeof(model::ExpireSilence), respond,
                 [name](model::Position, Respond answer) {
                     model::JsonWriter out;
                     out.begin_object().member("id", name).member("state", "expired").end_object();
                     answer(json_response(out.take()));
                 });
         });
}

}  // namespace nocturne::gateway
