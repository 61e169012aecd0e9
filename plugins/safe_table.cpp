// The table library, every loop of it counted. What is no table is refused: what the host lends is
// never changed through here.
#include "plugins/environment.hpp"
#include "plugins/meter.hpp"

#include <climits>
#include <string>
#include <string_view>

namespace nocturne::plugins {

namespace {

lua_Integer length_of(lua_State* L, int index) {
    luaL_checktype(L, index, LUA_TTABLE);
    return luaL_len(L, index);
}

int safe_insert(lua_State* L) {
    Meter& meter = Meter::of(L);
    meter.check(L);
    const lua_Integer end =
        static_cast<lua_Integer>(static_cast<lua_Unsigned>(length_of(L, 1)) + 1);
    lua_Integer place = end;
    const int count = lua_gettop(L);
    if (count == 3) {
        place = luaL_checkinteger(L, 2);
        luaL_argcheck(L, static_cast<lua_Unsigned>(place) - 1U < static_cast<lua_Unsigned>(end), 2,
                      "position out of bounds");
        for (lua_Integer i = end; i > place; --i) {
            meter.tick(L);
            lua_geti(L, 1, i - 1);
            lua_seti(L, 1, i);
        }
    } else if (count != 2) {
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_seti(L, 1, place);
    return 0;
}

int safe_remove(lua_State* L) {
    Meter& meter = Meter::of(L);
    meter.check(L);
    const lua_Integer size = length_of(L, 1);
    lua_Integer place = luaL_optinteger(L, 2, size);
    if (lua_gettop(L) > 1) {
        luaL_argcheck(L,
                      static_cast<lua_Unsigned>(size) + 1U >= static_cast<lua_Unsigned>(place) &&
                          static_cast<lua_Unsigned>(place) - 1U <= static_cast<lua_Unsigned>(size),
                      2, "position out of bounds");
    }
    lua_geti(L, 1, place);
    for (; place < size; ++place) {
        meter.tick(L);
        lua_geti(L, 1, place + 1);
        lua_seti(L, 1, place);
    }
    lua_pushnil(L);
    lua_seti(L, 1, place);
    return 1;
}

int safe_move(lua_State* L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    const lua_Integer from = luaL_checkinteger(L, 2);
    const lua_Integer end = luaL_checkinteger(L, 3);
    const lua_Integer to = luaL_checkinteger(L, 4);
    const int target = lua_isnoneornil(L, 5) ? 1 : 5;
    luaL_checktype(L, target, LUA_TTABLE);
    Meter& meter = Meter::of(L);
    meter.check(L);
    if (end >= from) {
        luaL_argcheck(L, from > 0 || end < LUA_MAXINTEGER + from, 3, "too many elements to move");
        const lua_Integer count = end - from + 1;
        luaL_argcheck(L, to <= LUA_MAXINTEGER - count + 1, 4, "destination wrap around");
        const bool goes_up =
            to > end || to <= from || (target != 1 && lua_compare(L, 1, target, LUA_OPEQ) == 0);
        for (lua_Integer i = 0; i < count; ++i) {
            meter.tick(L);
            const lua_Integer step = goes_up ? i : count - 1 - i;
            lua_geti(L, 1, from + step);
            lua_seti(L, target, to + step);
        }
    }
    lua_pushvalue(L, target);
    return 1;
}

int safe_concat(lua_State* L) {
    Meter& meter = Meter::of(L);
    meter.check(L);
    lua_Integer last = length_of(L, 1);
    std::size_t separator_length = 0;
    const char* separator = luaL_optlstring(L, 2, "", &separator_length);
    lua_Integer i = luaL_optinteger(L, 3, 1);
    last = luaL_optinteger(L, 4, last);
    std::string out;
    for (bool is_more = i <= last; is_more; is_more = i < last, i += is_more ? 1 : 0) {
        lua_geti(L, 1, i);
        if (lua_isstring(L, -1) == 0) {
            return luaL_error(L, "invalid value (at index %I) in table for 'concat'",
                              static_cast<LUAI_UACINT>(i));
        }
        std::size_t length = 0;
        const char* text = lua_tolstring(L, -1, &length);
        meter.tick(L, (length + separator_length) / 32 + 2);
        out.append(text, length);
        if (i < last) {
            out.append(separator, separator_length);
        }
        lua_pop(L, 1);
        if (out.size() > meter.limits().block_bytes_max) {
            meter.stop_for_memory(L);
        }
    }
    lua_pushlstring(L, out.data(), out.size());
    return 1;
}

int safe_pack(lua_State* L) {
    const int count = lua_gettop(L);
    Meter::of(L).tick(L, static_cast<std::uint64_t>(count) / 4 + 1);
    lua_createtable(L, count, 1);
    lua_insert(L, 1);
    for (int i = count; i >= 1; --i) {
        lua_seti(L, 1, i);
    }
    lua_pushinteger(L, count);
    lua_setfield(L, 1, "n");
    return 1;
}

int safe_unpack(lua_State* L) {
    Meter& meter = Meter::of(L);
    meter.check(L);
    const lua_Integer first = luaL_optinteger(L, 2, 1);
    const lua_Integer last = lua_isnoneornil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);
    if (first > last) {
        return 0;
    }
    constexpr lua_Unsigned kResultsMax = 16'384;  // a stack of a quarter of the block's cap
    const lua_Unsigned count = static_cast<lua_Unsigned>(last) - static_cast<lua_Unsigned>(first);
    if (count >= kResultsMax || lua_checkstack(L, static_cast<int>(count) + 1) == 0) {
        return luaL_error(L, "too many results to unpack");
    }
    for (lua_Unsigned i = 0; i <= count; ++i) {
        meter.tick(L);
        lua_geti(L, 1, static_cast<lua_Integer>(static_cast<lua_Unsigned>(first) + i));
    }
    return static_cast<int>(count) + 1;
}

// ---- sort ----

// Lua's quicksort without its clock-made pivots: the same order of calls at each run. What is
// quadratic on purpose pays for it.
class Sort {
   public:
    explicit Sort(lua_State* L) : L_(L), meter_(Meter::of(L)) {}

    void sort(lua_Unsigned low, lua_Unsigned high) {
        while (low < high) {
            order(low, high);
            if (high - low == 1) {
                return;
            }
            const lua_Unsigned middle = low + (high - low) / 2;
            order(low, middle);
            order(middle, high);
            if (high - low == 2) {
                return;
            }
            const lua_Unsigned pivot = partition(low, high, middle);
            if (pivot - low < high - pivot) {
                sort(low, pivot - 1);
                low = pivot + 1;
            } else {
                sort(pivot + 1, high);
                high = pivot - 1;
            }
        }
    }

   private:
    void get(lua_Unsigned i) { lua_geti(L_, 1, static_cast<lua_Integer>(i)); }

    void set(lua_Unsigned i) { lua_seti(L_, 1, static_cast<lua_Integer>(i)); }

    bool is_less(int a, int b) {
        meter_.tick(L_, 2);
        if (lua_isnil(L_, 2)) {
            return lua_compare(L_, a, b, LUA_OPLT) != 0;
        }
        lua_pushvalue(L_, 2);
        lua_pushvalue(L_, a - 1);
        lua_pushvalue(L_, b - 2);
        lua_call(L_, 2, 1);
        const bool less = lua_toboolean(L_, -1) != 0;
        lua_pop(L_, 1);
        return less;
    }

    void order(lua_Unsigned a, lua_Unsigned b) {
        get(a);
        get(b);
        if (is_less(-1, -2)) {
            set(a);
            set(b);
        } else {
            lua_pop(L_, 2);
        }
    }

    void swap(lua_Unsigned a, lua_Unsigned b) {
        get(a);
        get(b);
        set(a);
        set(b);
    }

    // The pivot goes to high - 1 and stays on the stack meanwhile; where it ends.
    lua_Unsigned partition(lua_Unsigned low, lua_Unsigned high, lua_Unsigned middle) {
        swap(middle, high - 1);
        get(high - 1);
        lua_Unsigned i = low;
        lua_Unsigned j = high - 1;
        for (;;) {
            while (get(++i), is_less(-1, -2)) {
                if (i == high - 1) {
                    luaL_error(L_, "invalid order function for sorting");
                }
                lua_pop(L_, 1);
            }
            while (get(--j), is_less(-3, -1)) {
                if (j < i) {
                    luaL_error(L_, "invalid order function for sorting");
                }
                lua_pop(L_, 1);
            }
            if (j < i) {
                lua_pop(L_, 3);
                swap(high - 1, i);
                return i;
            }
            set(i);
            set(j);
        }
    }

    lua_State* L_;
    Meter& meter_;
};

int safe_sort(lua_State* L) {
    const lua_Integer size = length_of(L, 1);
    Meter::of(L).check(L);
    if (size > 1) {
        luaL_argcheck(L, size < INT_MAX, 1, "array too big");
        if (!lua_isnoneornil(L, 2)) {
            luaL_checktype(L, 2, LUA_TFUNCTION);
        }
        lua_settop(L, 2);
        luaL_checkstack(L, 40 + 4 * 32, "sort");
        Sort(L).sort(1, static_cast<lua_Unsigned>(size));
    }
    return 0;
}

}  // namespace

void add_safe_table(lua_State* L) {
    static constexpr luaL_Reg kFunctions[] = {{"concat", safe_concat}, {"insert", safe_insert},
                                              {"move", safe_move},     {"pack", safe_pack},
                                              {"remove", safe_remove}, {"sort", safe_sort},
                                              {"unpack", safe_unpack}, {nullptr, nullptr}};
    luaL_setfuncs(L, kFunctions, 0);
}

}  // namespace nocturne::plugins
