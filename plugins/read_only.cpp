#include "plugins/read_only.hpp"

#include "model/suggestion.hpp"
#include "plugins/environment.hpp"
#include "plugins/limits.hpp"
#include "plugins/meter.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::plugins {

namespace {

constexpr std::size_t kKeyBytesShown = 60;

// Upvalue: the kind.
int refuse_write(lua_State* L) {
    return luaL_error(L, "%s is read-only", lua_tostring(L, lua_upvalueindex(1)));
}

// Upvalue: the kind. Argument 1: the table itself, whose keys are texts.
int refuse_missing(lua_State* L) {
    Meter& meter = Meter::of(L);
    meter.check(L);
    const char* kind = lua_tostring(L, lua_upvalueindex(1));
    if (lua_type(L, 2) != LUA_TSTRING) {
        return luaL_error(L, "%s has no such key", kind);
    }
    std::size_t length = 0;
    const char* text = lua_tolstring(L, 2, &length);
    const std::string_view key(text, length);
    std::vector<std::string_view> known;
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        meter.tick(L);
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING) {
            const char* name = lua_tolstring(L, -1, &length);
            known.emplace_back(name, length);
        }
    }
    std::string message = std::string(kind) + " has no \"" + printable(key, kKeyBytesShown) + "\"";
    if (!known.empty()) {
        std::sort(known.begin(), known.end());
        message += "; " + model::suggest(key, known);
    }
    lua_pushlstring(L, message.data(), message.size());
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
    return lua_error(L);
}

// Upvalue: the table. What pairs() gives out is the iterator and the view, never the table.
int pairs_of_view(lua_State* L) {
    lua_settop(L, 1);
    lua_pushcfunction(L, ordered_pairs);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_call(L, 1, 1);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

int length_of_view(lua_State* L) {
    lua_pushinteger(L, static_cast<lua_Integer>(lua_rawlen(L, lua_upvalueindex(1))));
    return 1;
}

}  // namespace

void make_read_only(lua_State* L, const char* kind, MissingKey missing) {
    const int table = lua_gettop(L);
    if (missing == MissingKey::IsError) {
        lua_createtable(L, 0, 1);
        lua_pushstring(L, kind);
        lua_pushcclosure(L, refuse_missing, 1);
        lua_setfield(L, -2, "__index");
        lua_setmetatable(L, table);
    }
    lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 6);
    lua_pushvalue(L, table);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, kind);
    lua_pushcclosure(L, refuse_write, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushvalue(L, table);
    lua_pushcclosure(L, pairs_of_view, 1);
    lua_setfield(L, -2, "__pairs");
    lua_pushvalue(L, table);
    lua_pushcclosure(L, length_of_view, 1);
    lua_setfield(L, -2, "__len");
    lua_pushstring(L, kind);
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_replace(L, table);
}

}  // namespace nocturne::plugins
