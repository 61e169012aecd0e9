// t.equal, t.truthy, t.near, t.error: what a test expects. What is not so is an error with the
// line, what was found and what was expected.
#include "model/json_writer.hpp"
#include "plugins/host.hpp"
#include "plugins/test_functions.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace nocturne::plugins {

namespace {

constexpr int kDepthMax = 16;
constexpr std::size_t kShownBytesMax = 400;
constexpr double kNearByDefault = 1e-9;

// `message`: index of the test's own words, which may be absent.
constexpr int kNoMessage = 0;

[[noreturn]] void fail_test(lua_State* L, const std::string& what, int message) {
    std::string text = what;
    if (message != kNoMessage && lua_type(L, message) == LUA_TSTRING) {
        text = std::string(lua_tostring(L, message)) + ": " + what;
    }
    luaL_where(L, 1);
    lua_pushlstring(L, text.data(), text.size());
    lua_concat(L, 2);
    lua_error(L);
    std::abort();  // lua_error does not come back
}

// ---- showing ----

std::string key_text(lua_State* L, int index) {
    if (lua_type(L, index) == LUA_TSTRING) {
        return lua_tostring(L, index);
    }
    model::JsonWriter out;
    out.begin_array();
    if (lua_isinteger(L, index) != 0) {
        out.number(static_cast<std::int64_t>(lua_tointeger(L, index)));
    } else if (lua_type(L, index) == LUA_TNUMBER) {
        out.number(lua_tonumber(L, index));
    } else {
        out.text(luaL_typename(L, index));
    }
    out.end_array();
    return out.take();
}

std::string number_text(lua_State* L, int index) {
    model::JsonWriter out;
    if (lua_isinteger(L, index) != 0) {
        return out.number(static_cast<std::int64_t>(lua_tointeger(L, index))).take();
    }
    const double number = lua_tonumber(L, index);
    if (std::isnan(number)) {
        return "NaN";
    }
    if (std::isinf(number)) {
        return number > 0 ? "inf" : "-inf";
    }
    return out.number(number).take();
}

void show(lua_State* L, int index, int depth, std::string& out);

void show_table(lua_State* L, int index, int depth, std::string& out) {
    std::vector<std::pair<std::string, std::string>> entries;
    lua_pushnil(L);
    while (lua_next(L, index) != 0 && entries.size() < 100) {
        Meter::of(L).tick(L);
        std::string value;
        show(L, lua_gettop(L), depth + 1, value);
        entries.emplace_back(key_text(L, -2), std::move(value));
        lua_pop(L, 1);
    }
    std::sort(entries.begin(), entries.end());
    out += '{';
    for (const auto& [key, value] : entries) {
        out.append(out.back() == '{' ? " " : ", ").append(key).append(" = ").append(value);
    }
    out += entries.empty() ? "}" : " }";
}

void show(lua_State* L, int index, int depth, std::string& out) {
    luaL_checkstack(L, 8, "t");
    switch (lua_type(L, index)) {
        case LUA_TNIL: out += "nil"; break;
        case LUA_TBOOLEAN: out += lua_toboolean(L, index) != 0 ? "true" : "false"; break;
        case LUA_TNUMBER: out += number_text(L, index); break;
        case LUA_TSTRING: {
            std::size_t length = 0;
            const char* text = lua_tolstring(L, index, &length);
            out += '"' + printable({text, length}, kShownBytesMax) + '"';
            break;
        }
        case LUA_TTABLE:
            if (depth == kDepthMax) {
                out += "{...}";
            } else {
                show_table(L, lua_absindex(L, index), depth, out);
            }
            break;
        default: out += luaL_typename(L, index);
    }
}

std::string shown(lua_State* L, int index) {
    std::string text;
    show(L, lua_absindex(L, index), 0, text);
    return printable(text, kShownBytesMax);
}

// ---- comparing ----

struct Difference {
    std::string path;  // ".annotations.owner"; empty: the whole
    std::string found;
    std::string expected;
};

bool is_equal_plain(lua_State* L, int found, int expected) {
    if (lua_type(L, found) == LUA_TNUMBER && lua_type(L, expected) == LUA_TNUMBER &&
        std::isnan(lua_tonumber(L, found)) && std::isnan(lua_tonumber(L, expected))) {
        return true;
    }
    return lua_rawequal(L, found, expected) != 0;
}

bool compare(lua_State* L, int found, int expected, int depth, Difference& difference);

// Each key of `left`, in both; the values of `left` are the ones found, or the ones expected.
bool compare_keys(lua_State* L, int left, int right, bool is_found, int depth,
                  Difference& difference) {
    lua_pushnil(L);
    while (lua_next(L, left) != 0) {
        Meter::of(L).tick(L);
        const int value = lua_gettop(L);
        lua_pushvalue(L, value - 1);
        lua_rawget(L, right);
        const bool is_same = is_found ? compare(L, value, value + 1, depth + 1, difference)
                                      : !lua_isnil(L, value + 1) ||
                                            compare(L, value + 1, value, depth + 1, difference);
        if (!is_same) {
            const std::string key = key_text(L, value - 1);
            difference.path = (key.front() == '[' ? "" : ".") + key + difference.path;
            return false;
        }
        lua_settop(L, value - 1);
    }
    return true;
}

bool compare(lua_State* L, int found, int expected, int depth, Difference& difference) {
    luaL_checkstack(L, 10, "t.equal");
    if (is_equal_plain(L, found, expected)) {
        return true;
    }
    if (!lua_istable(L, found) || !lua_istable(L, expected) || depth == kDepthMax) {
        difference.found = shown(L, found);
        difference.expected = shown(L, expected);
        return false;
    }
    return compare_keys(L, found, expected, true, depth, difference) &&
           compare_keys(L, expected, found, false, depth, difference);
}

// equal(found, expected, message)
int equal(lua_State* L) {
    Meter::of(L).tick(L, 10);
    arguments_at_most(L, 3, "t.equal");
    lua_settop(L, 3);
    Difference difference;
    if (!compare(L, 1, 2, 0, difference)) {
        fail_test(L,
                  (difference.path.empty() ? "" : "at " + difference.path + ": ") + "expected " +
                      difference.expected + ", found " + difference.found,
                  3);
    }
    return 0;
}

int truthy(lua_State* L) {
    Meter::of(L).tick(L, 2);
    arguments_at_most(L, 2, "t.truthy");
    lua_settop(L, 2);
    if (lua_toboolean(L, 1) == 0) {
        fail_test(L, "expected something true, found " + shown(L, 1), 2);
    }
    return 0;
}

// near(found, expected, how_near = 1e-9)
int near(lua_State* L) {
    Meter::of(L).tick(L, 2);
    arguments_at_most(L, 3, "t.near");
    const double expected = luaL_checknumber(L, 2);
    const double epsilon = luaL_optnumber(L, 3, kNearByDefault);
    if (lua_type(L, 1) != LUA_TNUMBER || !(std::abs(lua_tonumber(L, 1) - expected) <= epsilon)) {
        lua_settop(L, 2);
        lua_pushnumber(L, epsilon);
        fail_test(L,
                  "expected " + shown(L, 2) + " give or take " + shown(L, 3) + ", found " +
                      shown(L, 1),
                  kNoMessage);
    }
    return 0;
}

// error(function, text): that it raises one with this text in it; gives its message.
int error(lua_State* L) {
    Meter& meter = Meter::of(L);
    meter.tick(L, 4);
    arguments_at_most(L, 2, "t.error");
    luaL_checktype(L, 1, LUA_TFUNCTION);
    const std::string_view expected = luaL_optstring(L, 2, "");
    lua_pushvalue(L, 1);
    const int status = lua_pcall(L, 0, 0, 0);
    if (status == LUA_ERRMEM) {
        meter.stop_for_memory(L);
    }
    meter.check(L);
    if (status == LUA_OK) {
        fail_test(L, "expected an error, found none", kNoMessage);
    }
    const std::string found =
        lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : shown(L, lua_gettop(L));
    if (found.find(expected) == std::string::npos) {
        fail_test(
            L, "expected an error with \"" + std::string(expected) + "\", found \"" + found + "\"",
            kNoMessage);
    }
    lua_pushlstring(L, found.data(), found.size());
    return 1;
}

}  // namespace

void add_expectations(lua_State* L) {
    static constexpr luaL_Reg kFunctions[] = {
        {"equal", equal}, {"error", error}, {"near", near}, {"truthy", truthy}, {nullptr, nullptr}};
    luaL_setfuncs(L, kFunctions, 0);
}

}  // namespace nocturne::plugins
