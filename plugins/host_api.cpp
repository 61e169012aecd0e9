// nocturne.now, nocturne.log, nocturne.state, and the table that holds all of nocturne.*
#include "plugins/host.hpp"
#include "plugins/native_statistics.hpp"
#include "plugins/read_only.hpp"

namespace nocturne::plugins {

namespace {

int now(lua_State* L) {
    Host& host = Host::of(L);
    host.enter(L, "nocturne.now");
    arguments_at_most(L, 0, "nocturne.now");
    lua_pushinteger(L, model::to_unix_ms(host.world_of_call(L, "nocturne.now").now()));
    return 1;
}

int log(lua_State* L) {
    constexpr const char* kName = "nocturne.log";
    Host& host = Host::of(L);
    host.enter(L, kName);
    arguments_at_most(L, 1, kName);
    if (lua_type(L, 1) != LUA_TSTRING) {
        Host::refuse(L, kName, std::string("takes a string, not ") + luaL_typename(L, 1));
    }
    std::size_t length = 0;
    const char* text = lua_tolstring(L, 1, &length);
    host.meter.tick(L, length / 16 + 1);
    if (!host.meter.log(printable({text, length}, host.meter.limits().log_bytes_max))) {
        Host::refuse(L, kName, "over the quota of log lines or bytes of one call");
    }
    return 0;
}

}  // namespace

void add_host_api(lua_State* L, int state) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_createtable(L, 0, 16);
    static constexpr luaL_Reg kFunctions[] = {{"now", now}, {"log", log}, {nullptr, nullptr}};
    luaL_setfuncs(L, kFunctions, 0);
    lua_pushvalue(L, state);
    lua_setfield(L, -2, "state");
    add_effect_functions(L);
    add_lookup_functions(L);
    lua_createtable(L, 0, 8);
    add_graph_functions(L);
    make_read_only(L, "nocturne.graph", MissingKey::IsError);
    lua_setfield(L, -2, "graph");
    lua_createtable(L, 0, 8);
    add_action_functions(L);
    make_read_only(L, "nocturne.action", MissingKey::IsError);
    lua_setfield(L, -2, "action");
    add_native_statistics(L);
    make_read_only(L, "nocturne.stats", MissingKey::IsError);
    lua_setfield(L, -2, "stats");
    make_read_only(L, "nocturne", MissingKey::IsError);
    lua_setfield(L, -2, "nocturne");
    lua_pop(L, 1);
}

}  // namespace nocturne::plugins
