// os.time, date, clock and difftime: on the time that the host gives, in UTC. Nothing else of os.
#include "plugins/environment.hpp"
#include "plugins/meter.hpp"

#include <array>
#include <cstring>
#include <ctime>
#include <string_view>

namespace nocturne::plugins {

namespace {

constexpr std::size_t kFormatBytesMax = 128;
constexpr lua_Integer kYearMax = 9999;
constexpr std::string_view kConversions = "aAbBcdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%";

int field(lua_State* L, const char* name, int by_default) {
    lua_Integer value = by_default;
    if (lua_getfield(L, 1, name) != LUA_TNIL) {
        int is_integer = 0;
        value = lua_tointegerx(L, -1, &is_integer);
        if (is_integer == 0 || value < -1'000'000 || value > 1'000'000) {
            return luaL_error(L, "field '%s' is not an integer of a date", name);
        }
    } else if (by_default < 0) {
        return luaL_error(L, "field '%s' missing in date table", name);
    }
    lua_pop(L, 1);
    return static_cast<int>(value);
}

int safe_time(lua_State* L) {
    if (lua_isnoneornil(L, 1)) {
        lua_pushinteger(L, Meter::of(L).now());
        return 1;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    std::tm date{};
    date.tm_year = field(L, "year", -1) - 1900;
    date.tm_mon = field(L, "month", -1) - 1;
    date.tm_mday = field(L, "day", -1);
    date.tm_hour = field(L, "hour", 12);
    date.tm_min = field(L, "min", 0);
    date.tm_sec = field(L, "sec", 0);
    lua_pushinteger(L, timegm(&date));
    return 1;
}

int push_date(lua_State* L, const std::tm& date) {
    const auto set = [L](const char* name, int value) {
        lua_pushinteger(L, value);
        lua_setfield(L, -2, name);
    };
    lua_createtable(L, 0, 9);
    set("year", date.tm_year + 1900);
    set("month", date.tm_mon + 1);
    set("day", date.tm_mday);
    set("hour", date.tm_hour);
    set("min", date.tm_min);
    set("sec", date.tm_sec);
    set("yday", date.tm_yday + 1);
    set("wday", date.tm_wday + 1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "isdst");
    return 1;
}

int safe_date(lua_State* L) {
    std::size_t length = 0;
    const char* text = luaL_optlstring(L, 1, "%c", &length);
    const auto at = static_cast<std::time_t>(luaL_optinteger(L, 2, Meter::of(L).now()));
    luaL_argcheck(L, length <= kFormatBytesMax, 1, "format too long");
    luaL_argcheck(L, std::strlen(text) == length, 1, "format contains zeros");
    const char* const format = *text == '!' ? text + 1 : text;  // all is UTC here
    std::tm date{};
    if (gmtime_r(&at, &date) == nullptr || date.tm_year + 1900 > kYearMax || date.tm_year < -1900) {
        return luaL_error(L, "date result cannot be represented");
    }
    if (std::string_view(format).substr(0, 2) == "*t") {
        return push_date(L, date);
    }
    for (const char* c = std::strchr(format, '%'); c != nullptr; c = std::strchr(c + 2, '%')) {
        if (c[1] == '\0' || kConversions.find(c[1]) == std::string_view::npos) {
            return luaL_error(L, "invalid conversion specifier in the format of os.date");
        }
    }
    std::array<char, kFormatBytesMax * 32> out;
    lua_pushlstring(L, out.data(),
                    *format == '\0' ? 0 : std::strftime(out.data(), out.size(), format, &date));
    return 1;
}

int safe_clock(lua_State* L) {
    lua_pushnumber(L, static_cast<lua_Number>(Meter::of(L).now()));
    return 1;
}

int safe_difftime(lua_State* L) {
    lua_pushnumber(L, static_cast<lua_Number>(luaL_checkinteger(L, 1)) -
                          static_cast<lua_Number>(luaL_checkinteger(L, 2)));
    return 1;
}

}  // namespace

void add_safe_time(lua_State* L) {
    static constexpr luaL_Reg kFunctions[] = {{"clock", safe_clock},
                                              {"date", safe_date},
                                              {"difftime", safe_difftime},
                                              {"time", safe_time},
                                              {nullptr, nullptr}};
    luaL_setfuncs(L, kFunctions, 0);
}

}  // namespace nocturne::plugins
