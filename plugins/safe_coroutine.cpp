// Coroutines: each has a hook counter of its own, each resume is paid for, and no kill ends in one.
#include "plugins/environment.hpp"
#include "plugins/meter.hpp"

namespace nocturne::plugins {

namespace {

constexpr std::uint64_t kResumeCost = 20;  // instructions

lua_State* thread_at(lua_State* L, int index) {
    lua_State* thread = lua_tothread(L, index);
    luaL_argexpected(L, thread != nullptr, index, "coroutine");
    return thread;
}

// As auxresume of Lua's library: how many results are on top, or -1 and an error value.
int resume(lua_State* L, lua_State* thread, int arguments) {
    Meter& meter = Meter::of(L);
    meter.tick(L, kResumeCost);
    if (lua_checkstack(thread, arguments) == 0) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    lua_xmove(L, thread, arguments);
    int results = 0;
    int status = LUA_OK;
    {
        const Meter::Running running(meter, thread);
        status = lua_resume(thread, L, arguments, &results);
    }
    if (status == LUA_ERRMEM) {
        meter.stop_for_memory(L);
    }
    meter.check(L);
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_xmove(thread, L, 1);
        return -1;
    }
    if (lua_checkstack(L, results + 1) == 0) {
        lua_pop(thread, results);
        lua_pushliteral(L, "too many results to resume");
        return -1;
    }
    lua_xmove(thread, L, results);
    return results;
}

int safe_resume(lua_State* L) {
    lua_State* const thread = thread_at(L, 1);
    const int results = resume(L, thread, lua_gettop(L) - 1);
    lua_pushboolean(L, results >= 0);
    lua_insert(L, results >= 0 ? -(results + 1) : -2);
    return results >= 0 ? results + 1 : 2;
}

// Runs the pending __close of a coroutine that is suspended or dead. Lua 5.4.4 counts no C levels
// here, hence our own count.
int close_thread(lua_State* L, lua_State* thread) {
    Meter& meter = Meter::of(L);
    meter.tick(L, kResumeCost);
    int status = LUA_OK;
    {
        const Meter::Closing closing(L, meter);
        const Meter::Running running(meter, thread);
        status = lua_resetthread(thread);
    }
    if (status == LUA_ERRMEM) {
        meter.stop_for_memory(L);
    }
    meter.check(L);
    return status;
}

// An error in the function that wrap made goes on in the caller, after the coroutine's pending
// __close; never after a kill, for in a killed thread hooks are off.
int call_wrapped(lua_State* L) {
    lua_State* const thread = lua_tothread(L, lua_upvalueindex(1));
    const int results = resume(L, thread, lua_gettop(L));
    if (results >= 0) {
        return results;
    }
    const int status = lua_status(thread);
    if (status != LUA_OK && status != LUA_YIELD) {
        close_thread(L, thread);
        lua_xmove(thread, L, 1);
    }
    if (lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

int safe_wrap(lua_State* L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State* const thread = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, thread, 1);
    lua_pushcclosure(L, call_wrapped, 1);
    return 1;
}

bool is_normal_or_running(lua_State* L, lua_State* thread) {
    lua_Debug frame;
    return thread == L || (lua_status(thread) == LUA_OK && lua_getstack(thread, 0, &frame) != 0);
}

int safe_close(lua_State* L) {
    lua_State* const thread = thread_at(L, 1);
    if (is_normal_or_running(L, thread)) {
        return luaL_error(L, "cannot close a %s coroutine", thread == L ? "running" : "normal");
    }
    if (close_thread(L, thread) == LUA_OK) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushboolean(L, 0);
    lua_xmove(thread, L, 1);
    return 2;
}

}  // namespace

void add_safe_coroutine(lua_State* L) {
    static constexpr luaL_Reg kFunctions[] = {
        {"close", safe_close}, {"resume", safe_resume}, {"wrap", safe_wrap}, {nullptr, nullptr}};
    luaL_setfuncs(L, kFunctions, 0);
}

}  // namespace nocturne::plugins
