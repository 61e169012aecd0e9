// Plugins and rules: what decides.
#include "engine/plugin_view.hpp"
#include "engine/why.hpp"
#include "gateway/api/answers.hpp"
#include "gateway/api/handlers.hpp"
#include "gateway/request_body.hpp"

#include <optional>
#include <string>
#include <utility>

namespace nocturne::gateway {

namespace {

HttpResponse no_such_plugin(const std::string& name) {
    return error_response(404, "no plugin \"" + name.substr(0, 64) + "\"");
}

model::Command command_of(engine::PluginCommand command, const std::string& plugin,
                          const OperatorBody& body) {
    switch (command) {
        case engine::PluginCommand::Promote: return model::PromotePlugin{plugin, body.by};
        case engine::PluginCommand::RollBack: return model::RollbackPlugin{plugin, body.by};
        case engine::PluginCommand::Release: return model::ReleasePlugin{plugin, body.by};
        case engine::PluginCommand::SetMode: break;
    }
    return model::SetPluginMode{plugin, body.mode, body.by};
}

// Looks whether that can be done, submits the command, answers with the plugin after it.
void command_plugin(const Context& context, Call call, Respond respond,
                    engine::PluginCommand command) {
    Checked<OperatorBody> body = parse_operator_body(call.request.body);
    if (!body.problems.empty()) {
        respond(problems_response(body.problems));
        return;
    }
    body.value.by = name_of(call.caller, std::move(body.value.by));
    look(context, respond,
         [context, respond, name = call.name, command, caller = call.caller,
          body = std::move(body.value)](const engine::Core& core) {
             if (const Status can = engine::can_do(core, command, name, body.mode); !can) {
                 respond(can.error().code == ErrorCode::NotFound
                             ? error_response(404, can.error().message)
                             : error_response(409, can.error().message));
                 return;
             }
             const model::Command order = command_of(command, name, body);
             submit(context, order, note_of(caller, order), sizeof(order), respond,
                    [context, name](model::Position, Respond answer) {
                        ask(context, std::move(answer), [name](const engine::Core& after) {
                            return json_response(engine::render_plugin(after, name).value_or("{}"));
                        });
                    });
         });
}

}  // namespace

void get_rules(const Context& context, Call, Respond respond) {
    ask(context, std::move(respond),
        [](const engine::Core& core) { return json_response(engine::render_rules(core)); });
}

void get_plugins(const Context& context, Call, Respond respond) {
    ask(context, std::move(respond),
        [](const engine::Core& core) { return json_response(engine::render_plugins(core)); });
}

void get_plugin(const Context& context, Call call, Respond respond) {
    ask(context, std::move(respond), [name = std::move(call.name)](const engine::Core& core) {
        std::optional<std::string> json = engine::render_plugin(core, name);
        return json ? json_response(*std::move(json)) : no_such_plugin(name);
    });
}

void get_comparison(const Context& context, Call call, Respond respond) {
    ask(context, std::move(respond), [name = std::move(call.name)](const engine::Core& core) {
        std::optional<std::string> json = engine::render_comparison(core, name);
        return json ? json_response(*std::move(json)) : no_such_plugin(name);
    });
}

void post_promote(const Context& context, Call call, Respond respond) {
    command_plugin(context, std::move(call), std::move(respond), engine::PluginCommand::Promote);
}

void post_rollback(const Context& context, Call call, Respond respond) {
    command_plugin(context, std::move(call), std::move(respond), engine::PluginCommand::RollBack);
}

void post_release(const Context& context, Call call, Respond respond) {
    command_plugin(context, std::move(call), std::move(respond), engine::PluginCommand::Release);
}

void post_mode(const Context& context, Call call, Respond respond) {
    command_plugin(context, std::move(call), std::move(respond), engine::PluginCommand::SetMode);
}

}  // namespace nocturne::gateway
