#include "plugins/lua_json.hpp"

#include "plugins/host.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace nocturne::plugins {

namespace {

constexpr int kDepthMax = 16;

class Writing {
   public:
    Writing(lua_State* L, const char* function, model::JsonWriter& out)
        : L_(L), function_(function), out_(out) {}

    void value(int index, int depth) {
        switch (lua_type(L_, index)) {
            case LUA_TBOOLEAN: out_.boolean(lua_toboolean(L_, index) != 0); break;
            case LUA_TNUMBER: number(index); break;
            case LUA_TSTRING: out_.text(text_at(index)); break;
            case LUA_TTABLE: table(lua_absindex(L_, index), depth); break;
            default: refuse(std::string("cannot take a ") + luaL_typename(L_, index));
        }
    }

   private:
    [[noreturn]] void refuse(const std::string& why) { Host::refuse(L_, function_, why); }

    std::string text_at(int index) {
        std::size_t length = 0;
        const char* bytes = lua_tolstring(L_, index, &length);
        return {bytes, length};
    }

    void number(int index) {
        if (lua_isinteger(L_, index) != 0) {
            out_.number(static_cast<std::int64_t>(lua_tointeger(L_, index)));
            return;
        }
        if (!std::isfinite(lua_tonumber(L_, index))) {
            refuse("numbers must be finite, not infinite or NaN");
        }
        out_.number(lua_tonumber(L_, index));
    }

    void table(int index, int depth) {
        if (depth == kDepthMax) {
            refuse("tables are more than " + std::to_string(kDepthMax) +
                   " deep; does one hold itself?");
        }
        luaL_checkstack(L_, 8, function_);
        if (const lua_Unsigned length = lua_rawlen(L_, index); length > 0) {
            list(index, length, depth);
        } else {
            object(index, depth);
        }
    }

    void list(int index, lua_Unsigned length, int depth) {
        out_.begin_array();
        for (lua_Unsigned i = 1; i <= length; ++i) {
            Meter::of(L_).tick(L_);
            lua_rawgeti(L_, index, static_cast<lua_Integer>(i));
            value(lua_gettop(L_), depth + 1);
            lua_pop(L_, 1);
        }
        out_.end_array();
    }

    void object(int index, int depth) {
        std::vector<std::string> keys;
        lua_pushnil(L_);
        while (lua_next(L_, index) != 0) {
            Meter::of(L_).tick(L_);
            lua_pop(L_, 1);
            if (lua_type(L_, -1) != LUA_TSTRING) {
                refuse(std::string("a key must be a string, not a ") + luaL_typename(L_, -1));
            }
            keys.push_back(text_at(-1));
        }
        std::sort(keys.begin(), keys.end());
        out_.begin_object();
        for (const std::string& key : keys) {
            out_.key(key);
            lua_pushlstring(L_, key.data(), key.size());
            lua_rawget(L_, index);
            value(lua_gettop(L_), depth + 1);
            lua_pop(L_, 1);
        }
        out_.end_object();
    }

    lua_State* L_;
    const char* function_;
    model::JsonWriter& out_;
};

}  // namespace

void write_json(lua_State* L, int index, const char* function, model::JsonWriter& out) {
    Writing(L, function, out).value(lua_absindex(L, index), 0);
}

}  // namespace nocturne::plugins
