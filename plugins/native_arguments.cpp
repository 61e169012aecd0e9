#include "plugins/native_arguments.hpp"

#include <algorithm>
#include <cmath>

namespace nocturne::plugins {

namespace {

// "window, alpha"
void push_names(lua_State* L, std::span<const Argument> arguments) {
    lua_pushliteral(L, "");
    const char* separator = "";
    for (const Argument& argument : arguments) {
        lua_pushfstring(L, "%s%s", separator, argument.name);
        lua_concat(L, 2);
        separator = ", ";
    }
}

void refuse_unknown(lua_State* L, const char* function, std::span<const Argument> arguments) {
    const char* const given =
        lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : luaL_typename(L, -2);
    push_names(L, arguments);
    luaL_error(L, "stats.%s: unknown argument \"%s\"; it has %s", function, given,
               lua_tostring(L, -1));
}

bool is_known(lua_State* L, std::span<const Argument> arguments) {
    if (lua_type(L, -2) != LUA_TSTRING) {
        return false;
    }
    for (const Argument& argument : arguments) {
        lua_pushstring(L, argument.name);
        const bool is_it = lua_rawequal(L, -1, -3) != 0;
        lua_pop(L, 1);
        if (is_it) {
            return true;
        }
    }
    return false;
}

void refuse_value(lua_State* L, const char* function, const Argument& argument) {
    const char* found = luaL_typename(L, -1);
    if (lua_type(L, -1) == LUA_TNUMBER) {
        lua_pushvalue(L, -1);
        found = lua_tostring(L, -1);
    }
    luaL_error(L, "stats.%s: %s is %s; expected a %s from %f to %f", function, argument.name,
               lua_isnil(L, -1) ? "missing" : found, argument.is_whole ? "whole number" : "number",
               argument.low, argument.high);
}

double read_argument(lua_State* L, const char* function, const Argument& argument) {
    lua_pushstring(L, argument.name);
    lua_rawget(L, 1);
    if (lua_isnil(L, -1) && argument.standard != kRequired) {
        lua_pop(L, 1);
        return argument.standard;
    }
    const bool is_number = lua_type(L, -1) == LUA_TNUMBER;
    const double value = is_number ? lua_tonumber(L, -1) : NAN;
    if (!(value >= argument.low && value <= argument.high) ||
        (argument.is_whole && value != std::floor(value))) {
        refuse_value(L, function, argument);
    }
    lua_pop(L, 1);
    return value;
}

}  // namespace

void read_arguments(lua_State* L, const char* function, std::span<const Argument> arguments,
                    std::span<double> values) {
    if (lua_gettop(L) == 0) {
        lua_newtable(L);
    }
    if (lua_gettop(L) != 1 || lua_type(L, 1) != LUA_TTABLE) {
        push_names(L, arguments);
        luaL_error(L, "stats.%s takes one table, as in stats.%s{...}, with %s", function, function,
                   lua_tostring(L, -1));
    }
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        if (!is_known(L, arguments)) {
            refuse_unknown(L, function, arguments);
        }
        lua_pop(L, 1);
    }
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        values[i] = read_argument(L, function, arguments[i]);
    }
}

void refuse_count(lua_State* L, std::size_t count) {
    luaL_error(L, "expected %d arguments (the object counts), got %d", static_cast<int>(count),
               lua_gettop(L));
}

std::span<const double> read_scores(lua_State* L, int first, Scores& scores) {
    const int count = lua_gettop(L) - first + 1;
    if (count > static_cast<int>(scores.size())) {
        luaL_error(L, "expected at most %d scores, got %d", static_cast<int>(scores.size()), count);
    }
    for (int i = 0; i < count; ++i) {
        const double score = number_at(L, first + i);
        scores[static_cast<std::size_t>(i)] = score > 0 ? score : 0;  // and for NaN
    }
    return {scores.data(), static_cast<std::size_t>(std::max(count, 0))};
}

}  // namespace nocturne::plugins
