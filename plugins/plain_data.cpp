#include "plugins/plain_data.hpp"

#include "plugins/limits.hpp"
#include "plugins/native_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <vector>

namespace nocturne::plugins {

namespace {

// As the bytes have it: never renumbered.
enum class Tag : std::uint8_t { False = 1, True, Integer, Float, Text, Table, Native };

constexpr int kDecodeDepthMax = 32;
constexpr int kStackPerLevel = 8;
constexpr std::size_t kKeyBytesShown = 40;

class Encoder {
   public:
    enum class Natives : std::uint8_t { Encode, Skip };

    Encoder(lua_State* L, std::string_view root, const PlainDataLimits& limits, Natives natives,
            model::Writer& out)
        : L_(L), limits_(limits), natives_(natives), out_(out), bytes_before_(out.bytes().size()),
          path_(root) {}

    std::optional<std::string> encode(int index, PlainDataSize& size) {
        const int top = lua_gettop(L_);
        value(lua_absindex(L_, index), 0);
        lua_settop(L_, top);
        size.nodes = nodes_;
        return std::move(problem_);
    }

   private:
    void problem(std::string_view text) {
        if (!problem_) {
            problem_ = path_ + " " + std::string(text);
        }
    }

    void value(int index, int depth) {
        if (++nodes_ > limits_.nodes_max) {
            return problem("has more than " + std::to_string(limits_.nodes_max) + " values");
        }
        if (out_.bytes().size() - bytes_before_ > limits_.bytes_max) {
            return problem("makes it larger than " + std::to_string(limits_.bytes_max) +
                           " bytes; keep less, or ask for more in wants");
        }
        switch (lua_type(L_, index)) {
            case LUA_TBOOLEAN: return tag(lua_toboolean(L_, index) != 0 ? Tag::True : Tag::False);
            case LUA_TNUMBER: return number(index);
            case LUA_TSTRING: return text(index);
            case LUA_TTABLE: return table(index, depth);
            default: break;
        }
        if (lua_type(L_, index) == LUA_TUSERDATA && is_native(L_, index)) {
            return native(index);
        }
        const char* type = lua_type(L_, index) == LUA_TLIGHTUSERDATA
                               ? "lent object such as an event"
                           : lua_type(L_, index) == LUA_TUSERDATA ? "object of the host's"
                                                                  : luaL_typename(L_, index);
        problem(std::string("is a ") + type +
                "; kept are tables, strings, numbers, booleans and objects of nocturne.stats");
    }

    void tag(Tag tag) { out_.u8(static_cast<std::uint8_t>(tag)); }

    void number(int index) {
        if (lua_isinteger(L_, index) != 0) {
            tag(Tag::Integer);
            return out_.zigzag(lua_tointeger(L_, index));
        }
        const double number = lua_tonumber(L_, index);
        tag(Tag::Float);
        out_.f64(std::isnan(number) ? std::numeric_limits<double>::quiet_NaN() : number);
    }

    void text(int index) {
        std::size_t length = 0;
        const char* bytes = lua_tolstring(L_, index, &length);
        tag(Tag::Text);
        out_.text({bytes, length});
    }

    // Restored, two places would hold two objects.
    bool is_first_place(int index) {
        const auto [place, is_new] = places_.emplace(lua_topointer(L_, index), path_);
        if (!is_new) {
            const bool is_cycle =
                path_.starts_with(place->second) && path_.size() > place->second.size();
            problem((is_cycle ? "is a cycle: it is the table at " : "is the same object as ") +
                    place->second + "; each may be in one place only");
        }
        return is_new;
    }

    void native(int index) {
        if (is_first_place(index) && natives_ == Natives::Encode) {
            tag(Tag::Native);
            encode_native(L_, index, out_);
        }
    }

    void table(int index, int depth) {
        if (!is_first_place(index)) {
            return;
        }
        if (depth == limits_.depth_max || lua_checkstack(L_, kStackPerLevel) == 0) {
            return problem("is deeper than " + std::to_string(limits_.depth_max) + " tables");
        }
        if (lua_getmetatable(L_, index) != 0) {
            lua_pop(L_, 1);
            return problem("has a metatable, which cannot be kept; keep the plain fields");
        }
        std::vector<lua_Integer> integers;
        std::vector<std::string_view> texts;  // of strings that the table holds
        if (!read_keys(index, integers, texts)) {
            return;
        }
        tag(Tag::Table);
        out_.varint(integers.size());
        for (const lua_Integer key : integers) {
            if (problem_) {
                return;
            }
            out_.zigzag(key);
            lua_rawgeti(L_, index, key);
            member(depth, [&] { return "[" + std::to_string(key) + "]"; });
        }
        out_.varint(texts.size());
        for (const std::string_view key : texts) {
            if (problem_) {
                return;
            }
            out_.text(key);
            lua_pushlstring(L_, key.data(), key.size());
            lua_rawget(L_, index);
            member(depth, [&] { return "." + printable(key, kKeyBytesShown); });
        }
    }

    bool read_keys(int index, std::vector<lua_Integer>& integers,
                   std::vector<std::string_view>& texts) {
        lua_pushnil(L_);
        while (lua_next(L_, index) != 0) {
            lua_pop(L_, 1);
            if (integers.size() + texts.size() == limits_.nodes_max) {
                problem("has more than " + std::to_string(limits_.nodes_max) + " values");
                return false;
            }
            if (lua_isinteger(L_, -1) != 0) {
                integers.push_back(lua_tointeger(L_, -1));
            } else if (lua_type(L_, -1) == LUA_TSTRING) {
                std::size_t length = 0;
                const char* bytes = lua_tolstring(L_, -1, &length);
                texts.emplace_back(bytes, length);
            } else {
                problem(std::string("has a key that is a ") +
                        (lua_type(L_, -1) == LUA_TNUMBER ? "fraction" : luaL_typename(L_, -1)) +
                        "; keys are strings and whole numbers");
                return false;
            }
        }
        if (!std::is_sorted(integers.begin(), integers.end())) {
            std::sort(integers.begin(), integers.end());
        }
        std::sort(texts.begin(), texts.end());
        return true;
    }

    // The value on top of the stack, which goes. A path costs more than most values: it is made
    // where it may be needed.
    template <typename Name>
    void member(int depth, Name&& name) {
        const int index = lua_gettop(L_);
        const std::size_t length = path_.size();
        if (const int type = lua_type(L_, index);
            type == LUA_TNUMBER || type == LUA_TBOOLEAN || type == LUA_TSTRING) {
            value(index, depth + 1);
        } else {
            path_ += name();
            value(index, depth + 1);
            path_.resize(length);
        }
        lua_settop(L_, index - 1);
    }

    lua_State* L_;
    const PlainDataLimits& limits_;
    const Natives natives_;
    model::Writer& out_;
    const std::size_t bytes_before_;
    std::string path_;
    std::size_t nodes_ = 0;
    std::unordered_map<const void*, std::string> places_;
    std::optional<std::string> problem_;
};

bool push_value(lua_State* L, model::Reader& in, int depth);

bool push_table(lua_State* L, model::Reader& in, int depth) {
    if (depth == kDecodeDepthMax || lua_checkstack(L, kStackPerLevel) == 0) {
        return false;
    }
    lua_newtable(L);
    const std::size_t integers = in.count();
    for (std::size_t i = 0; i < integers; ++i) {
        const lua_Integer key = in.zigzag();
        if (!push_value(L, in, depth + 1)) {
            return false;
        }
        lua_rawseti(L, -2, key);
    }
    const std::size_t texts = in.count();
    for (std::size_t i = 0; i < texts; ++i) {
        const std::string_view key = in.text();
        lua_pushlstring(L, key.data(), key.size());
        if (!push_value(L, in, depth + 1)) {
            return false;
        }
        lua_rawset(L, -3);
    }
    return in.ok();
}

bool push_value(lua_State* L, model::Reader& in, int depth) {
    switch (static_cast<Tag>(in.u8())) {
        case Tag::False: lua_pushboolean(L, 0); break;
        case Tag::True: lua_pushboolean(L, 1); break;
        case Tag::Integer: lua_pushinteger(L, in.zigzag()); break;
        case Tag::Float: lua_pushnumber(L, in.f64()); break;
        case Tag::Text: {
            const std::string_view text = in.text();
            lua_pushlstring(L, text.data(), text.size());
            break;
        }
        case Tag::Table: return push_table(L, in, depth);
        case Tag::Native: return push_native(L, in);
        default: return false;
    }
    return in.ok();
}

}  // namespace

std::optional<std::string> encode_plain(lua_State* L, int index, std::string_view root,
                                        const PlainDataLimits& limits, model::Writer& out,
                                        PlainDataSize& size) {
    return Encoder(L, root, limits, Encoder::Natives::Encode, out).encode(index, size);
}

std::optional<std::string> check_plain(lua_State* L, int index, std::string_view root,
                                       const PlainDataLimits& limits, PlainDataSize& size) {
    model::Writer out;
    return Encoder(L, root, limits, Encoder::Natives::Skip, out).encode(index, size);
}

bool push_plain(lua_State* L, model::Reader& in) {
    const int top = lua_gettop(L);
    if (push_value(L, in, 0)) {
        return true;
    }
    lua_settop(L, top);
    return false;
}

}  // namespace nocturne::plugins
