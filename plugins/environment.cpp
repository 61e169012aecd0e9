#include "plugins/environment.hpp"

#include "plugins/meter.hpp"

#include <iterator>

namespace nocturne::plugins {

namespace {

// What stock Lua has and needs no care of ours: bounded by its arguments, or by a block's cap.
constexpr const char* kBase[] = {"assert",   "error",    "ipairs", "next",
                                 "rawequal", "rawget",   "rawlen", "rawset",
                                 "select",   "tonumber", "type",   "getmetatable"};
constexpr const char* kString[] = {"byte",     "char",    "len", "lower",  "pack",
                                   "packsize", "reverse", "sub", "unpack", "upper"};
constexpr const char* kMath[] = {"abs", "acos",       "asin", "atan", "ceil", "cos", "deg",
                                 "exp", "floor",      "fmod", "huge", "log",  "max", "maxinteger",
                                 "min", "mininteger", "modf", "pi",   "rad",  "sin", "sqrt",
                                 "tan", "tointeger",  "type", "ult"};
constexpr const char* kUtf8[] = {"char", "charpattern", "codepoint", "codes", "len", "offset"};
constexpr const char* kCoroutine[] = {"create", "isyieldable", "running", "status", "yield"};

// Opens a library of Lua's and pushes a new table with what is on the list.
template <std::size_t N>
void push_chosen(lua_State* L, const char* name, lua_CFunction open, const char* const (&list)[N]) {
    luaL_requiref(L, name, open, 0);
    lua_createtable(L, 0, static_cast<int>(N) + 8);
    for (const char* function : list) {
        lua_getfield(L, -2, function);
        lua_setfield(L, -2, function);
    }
    lua_remove(L, -2);
}

// The metatable that all strings share: out of reach, and its __index is the curated library.
void lock_string_metatable(lua_State* L, int library) {
    library = lua_absindex(L, library);
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushvalue(L, library);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}

}  // namespace

void build_environment(lua_State* L) {
    push_chosen(L, LUA_GNAME, luaopen_base, kBase);
    const int globals = lua_gettop(L);
    add_safe_base(L);

    push_chosen(L, LUA_STRLIBNAME, luaopen_string, kString);
    add_safe_string(L);
    add_safe_patterns(L);
    lock_string_metatable(L, -1);
    lua_setfield(L, globals, LUA_STRLIBNAME);

    lua_newtable(L);
    add_safe_table(L);
    lua_setfield(L, globals, LUA_TABLIBNAME);

    push_chosen(L, LUA_MATHLIBNAME, luaopen_math, kMath);
    add_safe_math(L);
    lua_setfield(L, globals, LUA_MATHLIBNAME);

    push_chosen(L, LUA_UTF8LIBNAME, luaopen_utf8, kUtf8);
    lua_setfield(L, globals, LUA_UTF8LIBNAME);

    push_chosen(L, LUA_COLIBNAME, luaopen_coroutine, kCoroutine);
    add_safe_coroutine(L);
    lua_setfield(L, globals, LUA_COLIBNAME);

    lua_newtable(L);
    add_safe_time(L);
    lua_setfield(L, globals, LUA_OSLIBNAME);

    lua_pushliteral(L, LUA_VERSION);
    lua_setfield(L, globals, "_VERSION");
    lua_pushvalue(L, globals);
    lua_setfield(L, globals, LUA_GNAME);

    // load() hands out this table, so it must be the curated one; and nothing keeps the full
    // libraries.
    lua_pushvalue(L, globals);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_settop(L, globals - 1);
}

}  // namespace nocturne::plugins
