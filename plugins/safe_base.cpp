// The basic functions that need care: what could swallow a kill, read a binary, run a finalizer or
// show an address.
#include "plugins/environment.hpp"
#include "plugins/meter.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

namespace nocturne::plugins {

namespace {

// ---- pcall and xpcall ----

// A memory error is a kill as well: caught here, it must not become a value of the plugin's.
void pass_on_kill(lua_State* L, int status) {
    Meter& meter = Meter::of(L);
    if (status == LUA_ERRMEM) {
        meter.stop_for_memory(L);
    }
    meter.check(L);
}

int finish_pcall(lua_State* L, int status, lua_KContext extra) {
    pass_on_kill(L, status);
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_pushboolean(L, 0);
        lua_pushvalue(L, -2);
        return 2;
    }
    return lua_gettop(L) - static_cast<int>(extra);
}

int safe_pcall(lua_State* L) {
    luaL_checkany(L, 1);
    Meter::of(L).tick(L, 4);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    const int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_pcall);
    return finish_pcall(L, status, 0);
}

// Stands in for the plugin's message handler: an error raised in a hook runs the handler while
// hooks are off, so a busy handler would be a busy engine. For a kill it does nothing.
int guarded_handler(lua_State* L) {
    if (Meter::of(L).killed() != Verdict::Ok) {
        return 1;
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

int safe_xpcall(lua_State* L) {
    const int count = lua_gettop(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    Meter::of(L).tick(L, 4);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, guarded_handler, 1);
    lua_replace(L, 2);
    lua_pushboolean(L, 1);  // handler, true, function: f arguments
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2);
    const int status = lua_pcallk(L, count - 2, LUA_MULTRET, 2, 2, finish_pcall);
    return finish_pcall(L, status, 2);
}

// ---- load ----

int refuse_text(lua_State* L, const char* why) {
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
}

// Text only, whatever mode is asked for; whole strings only, for a reader function runs between the
// steps of the parser.
int safe_load(lua_State* L) {
    Meter& meter = Meter::of(L);
    meter.check(L);
    if (lua_type(L, 1) != LUA_TSTRING) {
        return refuse_text(L, "load takes a string; reader functions are not available in plugins");
    }
    std::size_t length = 0;
    const char* text = lua_tolstring(L, 1, &length);
    if (length > meter.limits().load_text_bytes_max) {
        return refuse_text(L, "load: the text is too long for a plugin");
    }
    meter.tick(L, length / 8 + 1);
    const bool has_environment = !lua_isnone(L, 4);
    const char* name = luaL_optstring(L, 2, "=(load)");
    const int status =
        luaL_loadbufferx(L, text, length, std::strlen(name) > 64 ? "=(load)" : name, "t");
    pass_on_kill(L, status);
    if (status != LUA_OK) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    if (has_environment) {
        lua_pushvalue(L, 4);
        if (lua_setupvalue(L, -2, 1) == nullptr) {
            lua_pop(L, 1);
        }
    }
    return 1;
}

// ---- metatables ----

// A finalizer would run with hooks off, and at unload. Lua marks an object when it is given a
// metatable that has the field, of any type, so a later function would count too. Weak keys make a
// step of the collector quadratic; without the mode such a table only keeps its entries longer.
int safe_setmetatable(lua_State* L) {
    const int type = lua_type(L, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) {
        return luaL_error(L, "cannot change a protected metatable");
    }
    if (type == LUA_TTABLE) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL) {
            return luaL_error(L, "__gc is not available in plugins; remove it from the metatable");
        }
        lua_pushliteral(L, "__mode");
        if (lua_rawget(L, 2) == LUA_TSTRING && std::strchr(lua_tostring(L, -1), 'k') != nullptr) {
            lua_pushliteral(L, "__mode");
            lua_pushnil(L);
            lua_rawset(L, 2);
        }
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

// ---- pairs, in an order that is the same at each run ----

// Lua's own order hangs on a random seed and on addresses. Numbers ascending, then strings byte by
// byte, then false and true, then the rest as Lua has it.
struct Key {
    enum class Rank : std::uint8_t { Number, Text, False, True, Rest };

    Rank rank = Rank::Rest;
    double number = 0;
    std::string_view text{};
    lua_Integer place = 0;  // in the list of keys as Lua has them
};

bool is_before(const Key& a, const Key& b) {
    if (a.rank != b.rank) {
        return a.rank < b.rank;
    }
    if (a.rank == Key::Rank::Number && a.number != b.number) {
        return a.number < b.number;
    }
    if (a.rank == Key::Rank::Text) {
        return a.text < b.text;
    }
    return a.place < b.place;
}

Key key_at(lua_State* L, int index, lua_Integer place) {
    Key key;
    key.place = place;
    switch (lua_type(L, index)) {
        case LUA_TNUMBER:
            key.rank = Key::Rank::Number;
            key.number = lua_tonumber(L, index);
            break;
        case LUA_TSTRING: {
            std::size_t length = 0;
            const char* text = lua_tolstring(L, index, &length);
            key.rank = Key::Rank::Text;
            key.text = {text, length};
            break;
        }
        case LUA_TBOOLEAN:
            key.rank = lua_toboolean(L, index) != 0 ? Key::Rank::True : Key::Rank::False;
            break;
        default: break;
    }
    return key;
}

// Upvalues: the table, its keys in order, how many were given out.
int next_in_order(lua_State* L) {
    lua_Integer place = lua_tointeger(L, lua_upvalueindex(3));
    for (;;) {
        Meter::of(L).tick(L);
        if (lua_rawgeti(L, lua_upvalueindex(2), ++place) == LUA_TNIL) {
            return 1;
        }
        lua_pushvalue(L, -1);
        if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) {  // else: removed meanwhile
            lua_pushinteger(L, place);
            lua_replace(L, lua_upvalueindex(3));
            return 2;
        }
        lua_pop(L, 2);
    }
}

// Pushes a list of the keys of the table at index 1. Only plain lists are told apart from the rest,
// since they come out of Lua in order.
void push_keys_in_order(lua_State* L, Meter& meter) {
    std::vector<Key> keys;
    lua_newtable(L);
    const int list = lua_gettop(L);
    lua_Integer count = 0;
    bool is_in_order = true;
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        meter.tick(L);
        lua_pop(L, 1);
        const Key key = key_at(L, -1, ++count);
        is_in_order = is_in_order && (keys.empty() || is_before(keys.back(), key));
        keys.push_back(key);
        lua_pushvalue(L, -1);
        lua_rawseti(L, list, count);
    }
    if (is_in_order) {
        return;
    }
    meter.tick(L, keys.size() * 8);
    std::sort(keys.begin(), keys.end(), is_before);
    lua_createtable(L, static_cast<int>(keys.size()), 0);
    for (std::size_t i = 0; i < keys.size(); ++i) {
        lua_rawgeti(L, list, keys[i].place);
        lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
    }
    lua_replace(L, list);
}

int continue_pairs(lua_State*, int, lua_KContext) {
    return 3;
}

// ---- texts ----

int safe_tostring(lua_State* L) {
    luaL_checkany(L, 1);
    push_text_of(L, 1, nullptr);
    return 1;
}

int safe_print(lua_State* L) {
    Meter& meter = Meter::of(L);
    meter.check(L);
    const int count = lua_gettop(L);
    std::string line;
    for (int i = 1; i <= count; ++i) {
        std::size_t length = 0;
        const char* text = push_text_of(L, i, &length);
        line += (i > 1 ? " " : "") + printable({text, length}, meter.limits().log_bytes_max);
        lua_pop(L, 1);
        if (line.size() > meter.limits().log_bytes_max) {
            break;
        }
    }
    if (!meter.log(line)) {
        return luaL_error(L, "print: over the quota of log lines or bytes of one call");
    }
    return 0;
}

int safe_collectgarbage(lua_State* L) {
    const char* what = luaL_optstring(L, 1, "collect");
    if (std::string_view(what) == "count") {
        lua_pushnumber(L, static_cast<lua_Number>(Meter::of(L).memory_now()) / 1024);
        return 1;
    }
    return luaL_error(L, "collectgarbage: only \"count\" is available in plugins");
}

}  // namespace

int ordered_pairs(lua_State* L) {
    luaL_checkany(L, 1);
    Meter& meter = Meter::of(L);
    meter.check(L);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_callk(L, 1, 3, 0, continue_pairs);
        return 3;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    push_keys_in_order(L, meter);
    lua_pushvalue(L, 1);
    lua_insert(L, -2);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_in_order, 3);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

const char* push_text_of(lua_State* L, int index, std::size_t* length) {
    index = lua_absindex(L, index);
    if (luaL_callmeta(L, index, "__tostring") != 0) {
        if (lua_type(L, -1) != LUA_TSTRING) {
            luaL_error(L, "'__tostring' must return a string");
        }
        return lua_tolstring(L, -1, length);
    }
    switch (lua_type(L, index)) {
        case LUA_TNUMBER:
        case LUA_TSTRING:
        case LUA_TBOOLEAN:
        case LUA_TNIL: return luaL_tolstring(L, index, length);
        default: break;
    }
    const int type = luaL_getmetafield(L, index, "__name");
    if (type == LUA_TSTRING) {
        return lua_tolstring(L, -1, length);
    }
    if (type != LUA_TNIL) {
        lua_pop(L, 1);
    }
    lua_pushstring(L, luaL_typename(L, index));
    return lua_tolstring(L, -1, length);
}

void add_safe_base(lua_State* L) {
    static constexpr luaL_Reg kFunctions[] = {
        {"collectgarbage", safe_collectgarbage},
        {"load", safe_load},
        {"pairs", ordered_pairs},
        {"pcall", safe_pcall},
        {"print", safe_print},
        {"setmetatable", safe_setmetatable},
        {"tostring", safe_tostring},
        {"xpcall", safe_xpcall},
        {nullptr, nullptr},
    };
    luaL_setfuncs(L, kFunctions, 0);
}

}  // namespace nocturne::plugins
