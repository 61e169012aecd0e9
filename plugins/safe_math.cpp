// Randomness that is the same at each run: see Meter::random.
#include "plugins/environment.hpp"
#include "plugins/meter.hpp"

#include <bit>

namespace nocturne::plugins {

namespace {

// Without arguments a number from 0 up to 1; else a whole number of the closed range; random(0) has
// 64 random bits.
int safe_random(lua_State* L) {
    const std::uint64_t bits = Meter::of(L).random();
    lua_Integer low = 1;
    lua_Integer high = 0;
    switch (lua_gettop(L)) {
        case 0: lua_pushnumber(L, static_cast<double>(bits >> 11) * 0x1p-53); return 1;
        case 1:
            high = luaL_checkinteger(L, 1);
            if (high == 0) {
                lua_pushinteger(L, static_cast<lua_Integer>(bits));
                return 1;
            }
            break;
        case 2:
            low = luaL_checkinteger(L, 1);
            high = luaL_checkinteger(L, 2);
            break;
        default: return luaL_error(L, "wrong number of arguments");
    }
    luaL_argcheck(L, low <= high, lua_gettop(L), "interval is empty");
    const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    std::uint64_t drawn = bits;
    if (range != UINT64_MAX) {
        // Those above a multiple of the range would make small numbers likelier.
        const std::uint64_t mask = range == 0 ? 0 : UINT64_MAX >> std::countl_zero(range);
        for (drawn = bits & mask; drawn > range; drawn = Meter::of(L).random() & mask) {
        }
    }
    drawn += static_cast<std::uint64_t>(low);  // may go round, and so comes out right
    lua_pushinteger(L, static_cast<lua_Integer>(drawn));
    return 1;
}

// Of the call at hand. Without arguments Lua would take the time and an address.
int safe_randomseed(lua_State* L) {
    const auto seed = lua_gettop(L) == 0 ? 0 : std::bit_cast<std::uint64_t>(luaL_checknumber(L, 1));
    Meter::of(L).restart_random(seed);
    return 0;
}

}  // namespace

void add_safe_math(lua_State* L) {
    static constexpr luaL_Reg kFunctions[] = {
        {"random", safe_random}, {"randomseed", safe_randomseed}, {nullptr, nullptr}};
    luaL_setfuncs(L, kFunctions, 0);
}

}  // namespace nocturne::plugins
