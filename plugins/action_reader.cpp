// Actions: from a table, and whether their effector could take them.
#include "model/json_writer.hpp"
#include "model/matcher.hpp"
#include "model/playbook_settings.hpp"
#include "model/role.hpp"
#include "model/severity.hpp"
#include "model/suggestion.hpp"
#include "plugins/limits.hpp"
#include "plugins/plan_reader.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace nocturne::plugins {

namespace {

using model::Action;
using model::Effector;

constexpr std::size_t kTargetBytesMax = 2048;
constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kValueBytesMax = 64U << 10;
constexpr model::Duration kDay = model::PlaybookSettings::kWindowMax;
constexpr model::Duration kWaitMax = kDay - std::chrono::minutes(1);
constexpr model::Duration kSilenceMax = std::chrono::days(7);
constexpr model::Duration kEveryMax = std::chrono::minutes(10);
constexpr std::string_view kHeader = "header.";

constexpr std::array<std::string_view, 4> kActionKeys{"effector", "target", "arguments", "timeout"};
constexpr std::array<std::string_view, 5> kHttpArguments{"method", "body", "content_type",
                                                         "expect_status", "expect_body"};
constexpr std::array<std::string_view, 3> kLookArguments{"expect_status", "expect_body", "every"};
constexpr std::array<std::string_view, 1> kNotifyArguments{"text"};
constexpr std::array<std::string_view, 1> kWaitArguments{"for"};
constexpr std::array<std::string_view, 1> kAskArguments{"question"};
constexpr std::array<std::string_view, 3> kSilenceArguments{"matchers", "for", "comment"};
constexpr std::array<std::string_view, 5> kMethods{"GET", "POST", "PUT", "PATCH", "DELETE"};
constexpr std::array<std::string_view, 3> kAskRoles{"responder", "approver", "admin"};
// Those that may have several lines.
constexpr std::array<std::string_view, 5> kTexts{"body", "text", "question", "comment",
                                                 "expect_body"};

// What an effector takes. Free: whatever the program's parameters are.
struct Shape {
    std::span<const std::string_view> arguments;
    std::string_view target;  // what it is, for messages; empty: it has none
    std::string_view needed;  // an argument
    bool has_headers = false;
    bool is_free = false;
};

Shape shape_of(const Action& action) {
    switch (action.effector) {
        case Effector::Http: return {kHttpArguments, "the url", "", true};
        case Effector::Command: return {{}, "the name of the program", "", false, true};
        case Effector::Notify: return {kNotifyArguments, "the channel", "text"};
        case Effector::Wait: return {kWaitArguments, "", "for"};
        case Effector::Ask: return {kAskArguments, "the role", "question"};
        case Effector::Silence: return {kSilenceArguments, "", "matchers"};
        case Effector::Check: break;
    }
    if (action.target.find("://") == std::string::npos) {
        return {{}, "a url, or the name of a program", "", false, true};
    }
    return {kLookArguments, "the url", "", true};
}

std::string quoted(std::string_view text) {
    return '"' + printable(text, 60) + '"';
}

std::string_view value_of(const Action& action, std::string_view name) {
    const auto found = action.arguments.find(std::string(name));
    return found == action.arguments.end() ? std::string_view() : found->second;
}

PlanProblem check_one_of(std::string_view name, std::string_view value,
                         std::span<const std::string_view> known) {
    if (value.empty() || std::find(known.begin(), known.end(), value) != known.end()) {
        return std::nullopt;
    }
    std::string list;
    for (const std::string_view one : known) {
        list += (list.empty() ? "" : ", ") + std::string(one);
    }
    return std::string(name) + ": found " + quoted(value) + "; expected one of " + list;
}

PlanProblem check_time(std::string_view name, std::string_view text, model::Duration max) {
    if (text.empty()) {
        return std::nullopt;
    }
    const Result<model::Duration> value = model::parse_duration(text);
    if (value && *value > model::Duration(0) && *value <= max) {
        return std::nullopt;
    }
    return std::string(name) + ": found " + quoted(text) +
           "; expected a time such as \"30s\", at most " + model::format_duration(max);
}

PlanProblem check_argument(const Shape& shape, const std::string& name, const std::string& value) {
    if (name.empty() || name.size() > kNameBytesMax || !is_clean(name, Cleanness::Name)) {
        return "arguments: the name " + quoted(name) + " is not one of 1 to " +
               std::to_string(kNameBytesMax) + " bytes without control characters";
    }
    const bool is_header =
        shape.has_headers && name.size() > kHeader.size() && name.starts_with(kHeader);
    if (!shape.is_free && !is_header &&
        std::find(shape.arguments.begin(), shape.arguments.end(), name) == shape.arguments.end()) {
        return "there is no argument " + quoted(name) + "; " +
               model::suggest(name, shape.arguments);
    }
    if (value.size() > kValueBytesMax) {
        return name + " has " + std::to_string(value.size()) + " bytes; at most " +
               std::to_string(kValueBytesMax);
    }
    const bool is_text =
        !shape.is_free && std::find(kTexts.begin(), kTexts.end(), name) != kTexts.end();
    if (!is_clean(value, is_text ? Cleanness::Text : Cleanness::Name)) {
        return name + " has control characters or broken UTF-8: " + quoted(value);
    }
    return std::nullopt;
}

PlanProblem check_target(const Action& action, const Shape& shape) {
    if (shape.target.empty()) {
        return action.target.empty()
                   ? PlanProblem()
                   : "has the target " + quoted(action.target) + ", and takes none";
    }
    const std::string what = "target (" + std::string(shape.target) + ")";
    if (action.target.empty()) {
        return what + " is missing";
    }
    if (action.target.size() > kTargetBytesMax) {
        return what + " has " + std::to_string(action.target.size()) + " bytes; at most " +
               std::to_string(kTargetBytesMax);
    }
    if (!is_clean(action.target, Cleanness::Name)) {
        return what + " has control characters or broken UTF-8: " + quoted(action.target);
    }
    return std::nullopt;
}

// What only some effectors have.
PlanProblem check_values(const Action& action) {
    switch (action.effector) {
        case Effector::Http:
            if (action.target.find("://") == std::string::npos) {
                return "target (the url): found " + quoted(action.target) +
                       "; expected one such as \"http://cart-1/restart\"";
            }
            return check_one_of("method", value_of(action, "method"), kMethods);
        case Effector::Wait: return check_time("for", value_of(action, "for"), kWaitMax);
        case Effector::Ask: return check_one_of("target (the role)", action.target, kAskRoles);
        case Effector::Check: return check_time("every", value_of(action, "every"), kEveryMax);
        case Effector::Silence: {
            if (const auto matchers = model::parse_matchers(value_of(action, "matchers"));
                !matchers) {
                return "matchers: " + matchers.error().message;
            }
            if (value_of(action, "for").empty()) {
                return "argument for is missing: how long, such as \"30m\"";
            }
            return check_time("for", value_of(action, "for"), kSilenceMax);
        }
        case Effector::Command:
        case Effector::Notify: break;
    }
    return std::nullopt;
}

PlanProblem in_place(std::string_view place, PlanProblem problem) {
    if (problem) {
        *problem = std::string(place) + ": " + *problem;
    }
    return problem;
}

PlanProblem read_arguments(lua_State* L, int index, Action& action) {
    std::vector<std::string> names;
    if (PlanProblem problem = read_keys(L, index, kArgumentCountMax, names)) {
        return in_place("arguments", std::move(problem));
    }
    for (const std::string& name : names) {
        lua_pushlstring(L, name.data(), name.size());
        lua_rawget(L, index);
        PlanProblem problem = read_argument(L, lua_gettop(L), action.arguments[name]);
        lua_pop(L, 1);
        if (problem) {
            return in_place("arguments." + printable(name, 60), std::move(problem));
        }
    }
    return std::nullopt;
}

PlanProblem read_effector(lua_State* L, int index, Action& action) {
    if (lua_type(L, index) != LUA_TSTRING) {
        return "effector is missing; make the action by nocturne.action.http{...}, .command{...}, "
               "...";
    }
    const std::string_view name = lua_tostring(L, index);
    const auto known = model::find_name<Effector>(model::kEffectorNames, name);
    if (!known) {
        return check_one_of("effector", name.empty() ? " " : name, model::kEffectorNames);
    }
    action.effector = *known;
    action.timeout = model::default_timeout(*known);
    return std::nullopt;
}

PlanProblem read_target(lua_State* L, int index, Action& action) {
    if (lua_isnil(L, index)) {
        return std::nullopt;
    }
    if (lua_type(L, index) != LUA_TSTRING) {
        return "target: found a " + std::string(luaL_typename(L, index)) + "; expected a text";
    }
    std::size_t length = 0;
    const char* bytes = lua_tolstring(L, index, &length);
    if (length > kTargetBytesMax) {
        return "target has " + std::to_string(length) + " bytes; at most " +
               std::to_string(kTargetBytesMax);
    }
    action.target.assign(bytes, length);
    return std::nullopt;
}

PlanProblem read_member(lua_State* L, const std::string& key, int index, Action& action) {
    if (key == "effector") {
        return read_effector(L, index, action);
    }
    if (key == "target") {
        return read_target(L, index, action);
    }
    if (key == "timeout") {
        return in_place("timeout", read_timeout(L, index, action.timeout));
    }
    if (!lua_istable(L, index)) {
        return "arguments: found a " + std::string(luaL_typename(L, index)) + "; expected a table";
    }
    return read_arguments(L, index, action);
}

}  // namespace

PlanProblem read_keys(lua_State* L, int index, std::size_t max, std::vector<std::string>& keys,
                      FirstEntry first) {
    if (lua_getmetatable(L, index) != 0) {
        lua_pop(L, 1);
        return "has a metatable; plans are plain tables";
    }
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        if (first == FirstEntry::IsSkipped && lua_isinteger(L, -1) != 0 &&
            lua_tointeger(L, -1) == 1) {
            continue;
        }
        if (keys.size() == max) {
            lua_pop(L, 1);
            return "has more than " + std::to_string(max) + " keys";
        }
        if (lua_type(L, -1) != LUA_TSTRING) {
            const std::string type = luaL_typename(L, -1);
            lua_pop(L, 1);
            return "has a key that is a " + type + "; keys are texts";
        }
        std::size_t length = 0;
        const char* bytes = lua_tolstring(L, -1, &length);
        keys.emplace_back(bytes, std::min(length, kValueBytesMax));
    }
    std::sort(keys.begin(), keys.end());
    return std::nullopt;
}

PlanProblem read_argument(lua_State* L, int index, std::string& value) {
    switch (lua_type(L, index)) {
        case LUA_TBOOLEAN: value = lua_toboolean(L, index) != 0 ? "true" : "false"; break;
        case LUA_TNUMBER: {
            model::JsonWriter json;
            if (lua_isinteger(L, index) != 0) {
                value = json.number(static_cast<std::int64_t>(lua_tointeger(L, index))).take();
            } else if (std::isfinite(lua_tonumber(L, index))) {
                value = json.number(lua_tonumber(L, index)).take();
            } else {
                return "must be finite, not infinite or NaN";
            }
            break;
        }
        case LUA_TSTRING: {
            std::size_t length = 0;
            const char* bytes = lua_tolstring(L, index, &length);
            if (length > kValueBytesMax) {
                return "has " + std::to_string(length) + " bytes; at most " +
                       std::to_string(kValueBytesMax);
            }
            value.assign(bytes, length);
            break;
        }
        default:
            return "found a " + std::string(luaL_typename(L, index)) +
                   "; expected a text, a number or a boolean";
    }
    return std::nullopt;
}

PlanProblem read_timeout(lua_State* L, int index, model::Duration& timeout) {
    if (lua_type(L, index) != LUA_TSTRING) {
        return "found a " + std::string(luaL_typename(L, index)) +
               "; expected a time such as \"30s\"";
    }
    std::size_t length = 0;
    const char* bytes = lua_tolstring(L, index, &length);
    const std::string_view text(bytes, length);
    const Result<model::Duration> value = model::parse_duration(text);
    if (!value || *value <= model::Duration(0) || *value > kDay) {
        return "found " + quoted(text) + "; expected a time such as \"30s\", at most " +
               model::format_duration(kDay);
    }
    timeout = *value;
    return std::nullopt;
}

PlanProblem check_action(const Action& action) {
    const Shape shape = shape_of(action);
    if (PlanProblem problem = check_target(action, shape)) {
        return problem;
    }
    for (const auto& [name, value] : action.arguments) {
        if (PlanProblem problem = check_argument(shape, name, value)) {
            return problem;
        }
    }
    if (!shape.needed.empty() && value_of(action, shape.needed).empty()) {
        return "argument " + std::string(shape.needed) + " is missing";
    }
    return check_values(action);
}

PlanProblem read_action(lua_State* L, int index, Action& action) {
    if (!lua_istable(L, index)) {
        return "found a " + std::string(luaL_typename(L, index)) +
               "; expected an action, as nocturne.action.http{...} and its like make them";
    }
    std::vector<std::string> keys;
    if (PlanProblem problem = read_keys(L, index, kActionKeys.size() * 2, keys)) {
        return problem;
    }
    if (std::find(keys.begin(), keys.end(), "effector") == keys.end()) {
        return "effector is missing; make the action by nocturne.action.http{...}, .command{...}, "
               "...";
    }
    for (const std::string& key : keys) {
        if (std::find(kActionKeys.begin(), kActionKeys.end(), key) == kActionKeys.end()) {
            return "unknown key " + quoted(key) + "; " + model::suggest(key, kActionKeys);
        }
        lua_pushlstring(L, key.data(), key.size());
        lua_rawget(L, index);
        PlanProblem problem = read_member(L, key, lua_gettop(L), action);
        lua_pop(L, 1);
        if (problem) {
            return problem;
        }
    }
    return check_action(action);
}

}  // namespace nocturne::plugins
