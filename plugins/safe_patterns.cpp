// string.find, match, gmatch and gsub over the counting matcher.
#include "plugins/environment.hpp"
#include "plugins/pattern.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace nocturne::plugins {

namespace {

std::string_view text_at(lua_State* L, int index) {
    std::size_t length = 0;
    const char* text = luaL_checklstring(L, index, &length);
    return {text, length};
}

// Where to begin, from 0; what is before the start begins at it.
std::size_t start_at(lua_State* L, int index, std::size_t length) {
    const lua_Integer at = luaL_optinteger(L, index, 1);
    if (at > 0) {
        return static_cast<std::size_t>(at) - 1;
    }
    if (at == 0 || at < -static_cast<lua_Integer>(length)) {
        return 0;
    }
    return length - static_cast<std::size_t>(-at);
}

bool has_specials(std::string_view pattern) {
    return pattern.find_first_of("^$*+?.([%-") != std::string_view::npos;
}

// A plain search pays for what it looks at: it is quadratic in the worst case.
std::size_t find_plain(lua_State* L, std::string_view text, std::string_view what,
                       std::size_t from) {
    if (what.empty()) {
        return from;
    }
    Meter& meter = Meter::of(L);
    while (from + what.size() <= text.size()) {
        const void* hit =
            std::memchr(text.data() + from, what.front(), text.size() - what.size() - from + 1);
        if (hit == nullptr) {
            meter.tick(L, (text.size() - from) / 16 + 1);
            return std::string_view::npos;
        }
        const auto at = static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
        std::size_t same = 1;
        while (same < what.size() && text[at + same] == what[same]) {
            ++same;
        }
        meter.tick(L, (at - from) / 16 + same / 4 + 1);
        if (same == what.size()) {
            return at;
        }
        from = at + 1;
    }
    return std::string_view::npos;
}

enum class Wanted : std::uint8_t { Places, Captures };

int search(lua_State* L, Wanted wanted) {
    const std::string_view text = text_at(L, 1);
    const std::string_view pattern = text_at(L, 2);
    Meter::of(L).tick(L);
    const std::size_t from = start_at(L, 3, text.size());
    if (from > text.size()) {
        luaL_pushfail(L);
        return 1;
    }
    if (wanted == Wanted::Places && (lua_toboolean(L, 4) != 0 || !has_specials(pattern))) {
        const std::size_t at = find_plain(L, text, pattern, from);
        if (at == std::string_view::npos) {
            luaL_pushfail(L);
            return 1;
        }
        const auto before = static_cast<lua_Integer>(at);
        lua_pushinteger(L, before + 1);
        lua_pushinteger(L, before + static_cast<lua_Integer>(pattern.size()));
        return 2;
    }
    const bool is_anchored = !pattern.empty() && pattern.front() == '^';
    const char* const p = pattern.data() + (is_anchored ? 1 : 0);
    PatternMatch match(L, text, pattern);
    const char* at = text.data() + from;
    do {
        if (const char* to = match.match_at(at, p); to != nullptr) {
            if (wanted == Wanted::Captures) {
                return match.push_captures(at, to);
            }
            lua_pushinteger(L, at - text.data() + 1);
            lua_pushinteger(L, to - text.data());
            return match.push_captures(nullptr, nullptr) + 2;
        }
    } while (at++ < match.end() && !is_anchored);
    luaL_pushfail(L);
    return 1;
}

int safe_find(lua_State* L) {
    return search(L, Wanted::Places);
}

int safe_match(lua_State* L) {
    return search(L, Wanted::Captures);
}

// Upvalues: text, pattern, where to go on (from 0), end of the last match (from 0, -1: none).
int gmatch_next(lua_State* L) {
    const std::string_view text = text_at(L, lua_upvalueindex(1));
    const std::string_view pattern = text_at(L, lua_upvalueindex(2));
    const lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    PatternMatch match(L, text, pattern);
    for (auto at = static_cast<std::size_t>(lua_tointeger(L, lua_upvalueindex(3)));
         at <= text.size(); ++at) {
        Meter::of(L).tick(L);
        const char* const from = text.data() + at;
        const char* const to = match.match_at(from, pattern.data());
        if (to != nullptr && to - text.data() != last) {
            lua_pushinteger(L, to - text.data());
            lua_copy(L, -1, lua_upvalueindex(3));
            lua_replace(L, lua_upvalueindex(4));
            return match.push_captures(from, to);
        }
    }
    return 0;
}

int safe_gmatch(lua_State* L) {
    const std::string_view text = text_at(L, 1);
    text_at(L, 2);
    const std::size_t from = start_at(L, 3, text.size());
    lua_settop(L, 2);
    lua_pushinteger(L, static_cast<lua_Integer>(std::min(from, text.size() + 1)));
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, gmatch_next, 4);
    return 1;
}

// ---- gsub ----

// Collects in a string of our own, which counts against the cap for one block.
class Result {
   public:
    explicit Result(lua_State* L) : L_(L), meter_(Meter::of(L)) {}

    void add(std::string_view text) {
        if (text_.size() + text.size() > meter_.limits().block_bytes_max) {
            meter_.stop_for_memory(L_);
        }
        meter_.tick(L_, text.size() / 32 + 1);
        text_ += text;
    }

    std::string_view text() const { return text_; }

   private:
    lua_State* L_;
    Meter& meter_;
    std::string text_;
};

void add_template(lua_State* L, Result& out, PatternMatch& match, const char* from,
                  const char* to) {
    std::string_view rest = text_at(L, 3);
    for (;;) {
        const std::size_t escape = rest.find('%');
        out.add(rest.substr(0, escape));
        if (escape == std::string_view::npos) {
            return;
        }
        const char what = escape + 1 < rest.size() ? rest[escape + 1] : '\0';
        rest.remove_prefix(std::min(rest.size(), escape + 2));
        if (what == '%') {
            out.add("%");
        } else if (what == '0') {
            out.add({from, static_cast<std::size_t>(to - from)});
        } else if (what >= '1' && what <= '9') {
            match.push_capture(what - '1', from, to);
            std::size_t length = 0;
            const char* text = luaL_tolstring(L, -1, &length);  // a text, or a position
            out.add({text, length});
            lua_pop(L, 2);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
    }
}

// What a table or function gives; false and nil keep the match.
bool add_value(lua_State* L, Result& out, PatternMatch& match, const char* from, const char* to) {
    const int type = lua_type(L, 3);
    if (type == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, match.push_captures(from, to), 1);
    } else if (type == LUA_TTABLE) {
        match.push_capture(0, from, to);
        lua_gettable(L, 3);
    } else {
        add_template(L, out, match, from, to);
        return true;
    }
    const bool is_kept = lua_toboolean(L, -1) == 0;
    if (is_kept) {
        out.add({from, static_cast<std::size_t>(to - from)});
    } else if (lua_isstring(L, -1) == 0) {
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    } else {
        std::size_t length = 0;
        const char* text = lua_tolstring(L, -1, &length);
        out.add({text, length});
    }
    lua_pop(L, 1);
    return !is_kept;
}

int safe_gsub(lua_State* L) {
    const std::string_view text = text_at(L, 1);
    std::string_view pattern = text_at(L, 2);
    const int type = lua_type(L, 3);
    luaL_argexpected(L,
                     type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION ||
                         type == LUA_TTABLE,
                     3, "string/function/table");
    const lua_Integer most = luaL_optinteger(L, 4, static_cast<lua_Integer>(text.size()) + 1);
    Meter& meter = Meter::of(L);
    meter.check(L);
    const bool is_anchored = !pattern.empty() && pattern.front() == '^';
    if (is_anchored) {
        pattern.remove_prefix(1);
    }
    PatternMatch match(L, text, pattern);
    Result out(L);
    const char* at = text.data();
    const char* last = nullptr;
    lua_Integer count = 0;
    bool has_changed = false;
    while (count < most) {
        meter.tick(L);
        const char* const to = match.match_at(at, pattern.data());
        if (to != nullptr && to != last) {
            ++count;
            has_changed = add_value(L, out, match, at, to) || has_changed;
            at = last = to;
        } else if (at < match.end()) {
            out.add({at++, 1});
        } else {
            break;
        }
        if (is_anchored) {
            break;
        }
    }
    if (has_changed) {
        out.add({at, static_cast<std::size_t>(match.end() - at)});
        lua_pushlstring(L, out.text().data(), out.text().size());
    } else {
        lua_pushvalue(L, 1);
    }
    lua_pushinteger(L, count);
    return 2;
}

}  // namespace

void add_safe_patterns(lua_State* L) {
    static constexpr luaL_Reg kFunctions[] = {{"find", safe_find},
                                              {"gmatch", safe_gmatch},
                                              {"gsub", safe_gsub},
                                              {"match", safe_match},
                                              {nullptr, nullptr}};
    luaL_setfuncs(L, kFunctions, 0);
}

}  // namespace nocturne::plugins
