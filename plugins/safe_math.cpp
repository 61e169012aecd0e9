// Randomness that is the same at each run.
#include "plugins/environment.hpp"
#include "plugins/meter.hpp"

namespace nocturne::plugins {

namespace {

// Upvalues: Lua's own randomseed, the host's seed. Without arguments Lua would take the time and an
// address.
int safe_randomseed(lua_State* L) {
    const int count = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    if (count == 0) {
        lua_pushvalue(L, lua_upvalueindex(2));
    }
    lua_call(L, count == 0 ? 1 : count, 0);
    return 0;
}

}  // namespace

void add_safe_math(lua_State* L, std::uint64_t seed) {
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L, -1, LUA_MATHLIBNAME);
    lua_getfield(L, -1, "randomseed");
    lua_remove(L, -2);
    lua_remove(L, -2);
    lua_pushinteger(L, static_cast<lua_Integer>(seed));
    lua_pushcclosure(L, safe_randomseed, 2);
    lua_pushvalue(L, -1);
    lua_call(L, 0, 0);
    lua_setfield(L, -2, "randomseed");
}

}  // namespace nocturne::plugins
