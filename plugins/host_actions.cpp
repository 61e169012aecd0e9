// nocturne.action.*: each makes one action of a plan, as a plain table. They do nothing.
#include "model/json_writer.hpp"
#include "plugins/host.hpp"
#include "plugins/lua_json.hpp"
#include "plugins/plan_reader.hpp"

#include <array>

namespace nocturne::plugins {

namespace {

using model::Action;
using model::Effector;

constexpr std::size_t kBodyBytesMax = 64U << 10;

// How an author says it, beside the names that arguments have anyway.
struct Saying {
    const char* function;
    const char* target;    // the key that gives the target; null: it has none, or it stands first
    const char* first;     // what stands first is: "target", an argument, or null: nothing may
    const char* duration;  // the argument that the key `duration` gives; null: there is none
    const char* example;
};

// By Effector.
constexpr std::array<Saying, 7> kSayings{{
    {"nocturne.action.http", "url", nullptr, nullptr,
     "{ url = \"http://cart-1/restart\", method = \"POST\" }"},
    {"nocturne.action.command", nullptr, "target", nullptr,
     "{ \"restart-unit\", unit = \"cart-1\" }"},
    {"nocturne.action.notify", "channel", nullptr, nullptr,
     "{ channel = \"ops\", text = \"cart-1 is restarted\" }"},
    {"nocturne.action.wait", nullptr, "for", nullptr, "{ \"5m\" }"},
    {"nocturne.action.ask", "role", nullptr, nullptr,
     "{ role = \"responder\", question = \"is cart-1 drained?\" }"},
    {"nocturne.action.check", "url", "target", nullptr, "{ url = \"http://cart-1/health\" }"},
    {"nocturne.action.silence", nullptr, nullptr, "for",
     "{ matchers = 'resource=\"cart-1\"', duration = \"30m\" }"},
}};

// The table that a constructor was given, which is at 1.
class ActionTable {
   public:
    ActionTable(lua_State* L, Effector effector)
        : L_(L), effector_(effector), saying_(kSayings[static_cast<std::size_t>(effector)]) {}

    Action read() {
        if (lua_gettop(L_) != 1 || !lua_istable(L_, 1)) {
            refuse(std::string("takes one table, such as ") + saying_.example);
        }
        action_.effector = effector_;
        action_.timeout = model::default_timeout(effector_);
        read_first();
        std::vector<std::string> keys;
        if (const PlanProblem problem =
                read_keys(L_, 1, kArgumentCountMax, keys, FirstEntry::IsSkipped)) {
            refuse(*problem);
        }
        for (const std::string& key : keys) {
            lua_pushlstring(L_, key.data(), key.size());
            lua_rawget(L_, 1);
            member(key);
            lua_settop(L_, 1);
        }
        if (effector_ == Effector::Wait) {
            wait_long_enough();
        }
        if (const PlanProblem problem = check_action(action_)) {
            refuse(*problem);
        }
        return std::move(action_);
    }

   private:
    [[noreturn]] void refuse(const std::string& why) { Host::refuse(L_, saying_.function, why); }

    void read_first() {
        lua_rawgeti(L_, 1, 1);
        const bool is_there = !lua_isnil(L_, -1);
        if (is_there && saying_.first == nullptr) {
            refuse(std::string("takes names, such as ") + saying_.example);
        }
        if (is_there) {
            if (lua_type(L_, -1) != LUA_TSTRING) {
                refuse(std::string("what stands first must be a text, as in ") + saying_.example);
            }
            const std::string first = text();
            std::string& place = saying_.first == std::string_view("target")
                                     ? action_.target
                                     : action_.arguments[saying_.first];
            place = first;
        }
        lua_pop(L_, 1);
    }

    std::string text() {
        std::string value;
        if (const PlanProblem problem = read_argument(L_, lua_gettop(L_), value)) {
            refuse(*problem);
        }
        Meter::of(L_).tick(L_, value.size() / 16 + 1);
        return value;
    }

    // The value is on top of the stack.
    void member(const std::string& key) {
        const bool has_headers = effector_ == Effector::Http || effector_ == Effector::Check;
        if (key == "timeout") {
            if (const PlanProblem problem = read_timeout(L_, 2, action_.timeout)) {
                refuse("timeout: " + *problem);
            }
        } else if (saying_.target != nullptr && key == saying_.target) {
            action_.target = argument(key);
        } else if (saying_.duration != nullptr && key == "duration") {
            action_.arguments[saying_.duration] = argument(key);
        } else if (has_headers && key == "headers") {
            headers();
        } else if (effector_ == Effector::Http && key == "body" && lua_istable(L_, 2)) {
            json_body();
        } else {
            action_.arguments[key] = argument(key);
        }
    }

    std::string argument(const std::string& key) {
        std::string value;
        if (const PlanProblem problem = read_argument(L_, 2, value)) {
            refuse(printable(key, 60) + ": " + *problem);
        }
        Meter::of(L_).tick(L_, value.size() / 16 + 1);
        return value;
    }

    void headers() {
        std::vector<std::string> names;
        if (!lua_istable(L_, 2)) {
            refuse("headers must be a table, such as { Accept = \"text/plain\" }");
        }
        if (const PlanProblem problem = read_keys(L_, 2, kArgumentCountMax, names)) {
            refuse("headers " + *problem);
        }
        for (const std::string& name : names) {
            lua_pushlstring(L_, name.data(), name.size());
            lua_rawget(L_, 2);
            action_.arguments["header." + name] = text();
            lua_pop(L_, 1);
        }
    }

    void json_body() {
        model::JsonWriter json;
        write_json(L_, 2, saying_.function, json);
        std::string& body = action_.arguments["body"];
        body = json.take();
        if (body.size() > kBodyBytesMax) {
            refuse("body has " + std::to_string(body.size()) + " bytes as JSON; at most " +
                   std::to_string(kBodyBytesMax));
        }
    }

    // What has no answer within its timeout counts as unknown, and a wait answers at its end.
    void wait_long_enough() {
        const auto time = model::parse_duration(action_.arguments["for"]);
        if (time && *time <= model::PlaybookSettings::kWindowMax) {
            action_.timeout = *time + std::chrono::minutes(1);
        }
    }

    lua_State* L_;
    const Effector effector_;
    const Saying& saying_;
    Action action_;
};

void set(lua_State* L, const char* key, std::string_view text) {
    lua_pushlstring(L, text.data(), text.size());
    lua_setfield(L, -2, key);
}

// In the largest unit that says it exactly.
std::string text_of(model::Duration time) {
    const std::int64_t ms = time.count();
    return ms % 3'600'000 == 0 ? std::to_string(ms / 3'600'000) + "h"
           : ms % 60'000 == 0  ? std::to_string(ms / 60'000) + "m"
           : ms % 1'000 == 0   ? std::to_string(ms / 1'000) + "s"
                               : std::to_string(ms) + "ms";
}

// Upvalue: the effector.
int make_action(lua_State* L) {
    const auto effector = static_cast<Effector>(lua_tointeger(L, lua_upvalueindex(1)));
    const Saying& saying = kSayings[static_cast<std::size_t>(effector)];
    Host& host = Host::of(L);
    host.enter(L, saying.function);
    if (host.manifest.kind != PluginKind::Playbook && host.stage != Host::Stage::Load) {
        Host::refuse(L, saying.function, "is for playbooks");
    }
    push_action(L, ActionTable(L, effector).read());
    return 1;
}

}  // namespace

void push_action(lua_State* L, const Action& action) {
    lua_createtable(L, 0, 4);
    set(L, "effector", model::name_of(action.effector));
    if (!action.target.empty()) {
        set(L, "target", action.target);
    }
    set(L, "timeout", text_of(action.timeout));
    lua_createtable(L, 0, static_cast<int>(action.arguments.size()));
    for (const auto& [name, value] : action.arguments) {
        lua_pushlstring(L, name.data(), name.size());
        lua_pushlstring(L, value.data(), value.size());
        lua_rawset(L, -3);
    }
    lua_setfield(L, -2, "arguments");
}

void add_action_functions(lua_State* L) {
    for (std::size_t i = 0; i < kSayings.size(); ++i) {
        lua_pushinteger(L, static_cast<lua_Integer>(i));
        lua_pushcclosure(L, make_action, 1);
        lua_setfield(L, -2, std::string(model::kEffectorNames[i]).c_str());
    }
}

}  // namespace nocturne::plugins
