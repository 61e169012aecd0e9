// Fields: what a test hands to its functions, read with care.
#pragma once

#include "model/severity.hpp"
#include "model/suggestion.hpp"
#include "model/time.hpp"
#include "plugins/host.hpp"
#include "plugins/test_bench.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

namespace nocturne::plugins {

// ---- of every function of t ----

// Its bench, the first upvalue.
TestBench& bench_of(lua_State* L);
// First of all: counts the call, and its arguments.
void enter_test_function(lua_State* L, const char* function, int arguments_max);
// The message begins with the place in the test.
[[noreturn]] void fail_test(lua_State* L, const std::string& message);
// Seconds since 1970, or RFC 3339.
model::Time time_of(lua_State* L, int index, const char* function);

// A table with named fields, at an index of the stack that stays.
class Fields {
   public:
    Fields(lua_State* L, int index, const char* function, std::span<const std::string_view> keys)
        : L_(L), index_(lua_absindex(L, index)), function_(function) {
        if (!lua_istable(L, index_)) {
            Host::refuse(L, function, std::string("takes a table, not ") + luaL_typename(L, index));
        }
        lua_pushnil(L_);
        while (lua_next(L_, index_) != 0) {
            lua_pop(L_, 1);
            const std::string_view key =
                lua_type(L_, -1) == LUA_TSTRING ? lua_tostring(L_, -1) : "";
            if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
                Host::refuse(L_, function_,
                             "unknown field \"" + printable(key, 60) + "\"; " +
                                 model::suggest(key, keys));
            }
        }
    }

    std::string text(const char* key, std::string_view standard = {}) {
        std::string text(standard);
        const int type = get(key);
        if (type == LUA_TSTRING && lua_rawlen(L_, -1) == 0) {
            text.clear();
        } else if (type != LUA_TNIL) {
            text =
                text_argument(L_, lua_gettop(L_), function_, key, kTextBytesMax, Cleanness::Text);
        }
        lua_pop(L_, 1);
        return text;
    }

    double number(const char* key, double standard) {
        double number = standard;
        if (const int type = get(key); type == LUA_TNUMBER) {
            number = lua_tonumber(L_, -1);
        } else if (type != LUA_TNIL) {
            Host::refuse(L_, function_, std::string(key) + " must be a number");
        }
        lua_pop(L_, 1);
        return number;
    }

    bool flag(const char* key, bool standard) {
        const bool flag = get(key) == LUA_TNIL ? standard : lua_toboolean(L_, -1) != 0;
        lua_pop(L_, 1);
        return flag;
    }

    model::Time time(const char* key, model::Time standard) {
        const model::Time time =
            get(key) == LUA_TNIL ? standard : time_of(L_, lua_gettop(L_), function_);
        lua_pop(L_, 1);
        return time;
    }

    model::Severity severity(const char* key) {
        return one_of(key, model::kSeverityNames, model::Severity::Major);
    }

    // One of the names.
    template <typename Enum, std::size_t N>
    Enum one_of(const char* key, const std::array<std::string_view, N>& names, Enum standard) {
        const std::string word = text(key, names[static_cast<std::size_t>(standard)]);
        const auto value = model::find_name<Enum>(names, word);
        if (!value) {
            std::string list;
            for (const std::string_view name : names) {
                list += (list.empty() ? "" : ", ") + std::string(name);
            }
            Host::refuse(L_, function_,
                         std::string(key) + " \"" + printable(word, 60) + "\" is not one of " +
                             list);
        }
        return *value;
    }

    // Calls visit(index of the stack) for each element of the list, which may be absent.
    template <typename Visit>
    void each(const char* key, Visit&& visit) {
        if (const int type = get(key); type == LUA_TTABLE) {
            const int list = lua_gettop(L_);
            const lua_Unsigned length = lua_rawlen(L_, list);
            for (lua_Unsigned i = 1; i <= length; ++i) {
                Meter::of(L_).tick(L_);
                lua_rawgeti(L_, list, static_cast<lua_Integer>(i));
                visit(lua_gettop(L_));
                lua_pop(L_, 1);
            }
        } else if (type != LUA_TNIL) {
            Host::refuse(L_, function_, std::string(key) + " must be a list");
        }
        lua_pop(L_, 1);
    }

   private:
    static constexpr std::size_t kTextBytesMax = 4096;

    int get(const char* key) {
        luaL_checkstack(L_, 4, function_);
        lua_pushstring(L_, key);
        return lua_rawget(L_, index_);
    }

    lua_State* L_;
    int index_;
    const char* function_;
};

}  // namespace nocturne::plugins
