// What functions of ours take from plugins: named numbers in a table, and plain numbers. Strict:
// whatever is not as it must be is an error of the plugin's that names the argument.
#pragma once

#include "plugins/lua_headers.hpp"

#include <array>
#include <cstddef>
#include <limits>
#include <span>

namespace nocturne::plugins {

inline constexpr double kRequired = std::numeric_limits<double>::infinity();
inline constexpr bool kWhole = true;
inline constexpr std::size_t kArgumentsMax = 8;

struct Argument {
    const char* name = nullptr;
    double standard = kRequired;
    double low = 0;  // bounds, inclusive
    double high = 0;
    bool is_whole = false;
};

// The table at 1, or nothing at all: each argument in its order, its standard where it is not
// given. Raises for an unknown name, and for what is no number within its bounds.
void read_arguments(lua_State* L, const char* function, std::span<const Argument> arguments,
                    std::span<double> values);

// Raises: as many were expected.
void refuse_count(lua_State* L, std::size_t count);

// Raises unless there are as many arguments, the object included.
inline void expect_count(lua_State* L, std::size_t count) {
    if (lua_gettop(L) != static_cast<int>(count)) {
        refuse_count(L, count);
    }
}

// Numbers only: texts that look like one are refused.
inline double number_at(lua_State* L, int index) {
    if (lua_type(L, index) != LUA_TNUMBER) {
        luaL_typeerror(L, index, "number");
    }
    return lua_tonumber(L, index);
}

using Scores = std::array<double, 64>;

// The numbers from `first` on; NaN counts as 0.
std::span<const double> read_scores(lua_State* L, int first, Scores& scores);

}  // namespace nocturne::plugins
