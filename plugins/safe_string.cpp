// string.rep, whose result is bounded before it is made, and string.format, which shows no address.
#include "plugins/environment.hpp"
#include "plugins/meter.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

namespace nocturne::plugins {

namespace {

int safe_rep(lua_State* L) {
    std::size_t length = 0;
    std::size_t separator_length = 0;
    const char* text = luaL_checklstring(L, 1, &length);
    const lua_Integer count = luaL_checkinteger(L, 2);
    const char* separator = luaL_optlstring(L, 3, "", &separator_length);
    Meter& meter = Meter::of(L);
    meter.check(L);
    if (count <= 0 || length + separator_length == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    const std::size_t most = meter.limits().block_bytes_max;
    const auto times = static_cast<std::size_t>(count);
    if (times > most / (length + separator_length) + 1 ||
        times * (length + separator_length) - separator_length > most) {
        meter.stop_for_memory(L);
    }
    std::string result;
    result.reserve(times * (length + separator_length));
    for (std::size_t i = 0; i < times; ++i) {
        meter.tick(L, length / 64 + 1);
        result.append(text, length);
        if (i + 1 < times) {
            result.append(separator, separator_length);
        }
    }
    lua_pushlstring(L, result.data(), result.size());
    return 1;
}

// ---- format ----

// One conversion: flags, width of at most two digits, precision of at most two.
struct Conversion {
    std::string text = "%";
    char letter = '\0';
    bool has_precision = false;
};

Conversion read_conversion(lua_State* L, std::string_view& rest) {
    Conversion conversion;
    const auto take = [&](std::string_view allowed, std::size_t most) {
        std::size_t taken = 0;
        while (taken < most && !rest.empty() &&
               allowed.find(rest.front()) != std::string_view::npos) {
            conversion.text += rest.front();
            rest.remove_prefix(1);
            ++taken;
        }
        return taken;
    };
    constexpr std::string_view kDigits = "0123456789";
    take("-+ #0", 5);
    take(kDigits, 2);
    if (take(".", 1) == 1) {
        conversion.has_precision = true;
        take(kDigits, 2);
    }
    if (rest.empty() ||
        std::string_view("aAcdeEfFgGiopqsuxX").find(rest.front()) == std::string_view::npos ||
        rest.front() == 'u' || rest.front() == 'F') {
        luaL_error(L, "invalid conversion '%s' to 'format'",
                   (conversion.text + std::string(rest.substr(0, 1))).c_str());
    }
    conversion.letter = rest.front();
    rest.remove_prefix(1);
    return conversion;
}

template <typename T>
void append_printf(std::string& out, const Conversion& conversion, std::string_view suffix,
                   T value) {
    std::array<char, 512> buffer;  // %99.99f of 1e308 takes 409
    const std::string format = conversion.text + std::string(suffix);
    const int length = std::snprintf(buffer.data(), buffer.size(), format.c_str(), value);
    out.append(buffer.data(),
               std::min(static_cast<std::size_t>(std::max(length, 0)), buffer.size() - 1));
}

void append_quoted_text(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool digit_follows = i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9';
        if (c == '"' || c == '\\' || c == '\n') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == '\x7F') {
            std::array<char, 8> buffer;
            std::snprintf(buffer.data(), buffer.size(), digit_follows ? "\\%03d" : "\\%d",
                          static_cast<int>(c));
            out += buffer.data();
        } else {
            out += c;
        }
    }
    out += '"';
}

void append_quoted_number(lua_State* L, std::string& out, int index) {
    std::array<char, 64> buffer;
    if (lua_isinteger(L, index) != 0) {
        const lua_Integer value = lua_tointeger(L, index);
        std::snprintf(buffer.data(), buffer.size(), value == LUA_MININTEGER ? "0x%llx" : "%lld",
                      static_cast<long long>(value));
    } else {
        const double value = lua_tonumber(L, index);
        if (std::isnan(value)) {
            out += "(0/0)";
            return;
        }
        if (std::isinf(value)) {
            out += value > 0 ? "1e9999" : "-1e9999";
            return;
        }
        std::snprintf(buffer.data(), buffer.size(), "%a", value);
    }
    out += buffer.data();
}

void append_quoted(lua_State* L, std::string& out, int index) {
    std::size_t length = 0;
    switch (lua_type(L, index)) {
        case LUA_TSTRING: {
            const char* text = lua_tolstring(L, index, &length);
            append_quoted_text(out, {text, length});
            break;
        }
        case LUA_TNUMBER: append_quoted_number(L, out, index); break;
        case LUA_TNIL: out += "nil"; break;
        case LUA_TBOOLEAN: out += lua_toboolean(L, index) != 0 ? "true" : "false"; break;
        default: luaL_argerror(L, index, "value has no literal form");
    }
}

void append_text(lua_State* L, std::string& out, const Conversion& conversion, int index) {
    std::size_t length = 0;
    const char* text = push_text_of(L, index, &length);
    if (conversion.text == "%" || (!conversion.has_precision && length >= 100)) {
        out.append(text, length);
    } else {
        luaL_argcheck(L, length == std::strlen(text), index, "string contains zeros");
        append_printf(out, conversion, "s", text);
    }
    lua_pop(L, 1);
}

void append_one(lua_State* L, std::string& out, const Conversion& conversion, int index) {
    switch (conversion.letter) {
        case 'c':
            append_printf(out, conversion, "c", static_cast<int>(luaL_checkinteger(L, index)));
            break;
        case 'd':
        case 'i':
            append_printf(out, conversion, "lld",
                          static_cast<long long>(luaL_checkinteger(L, index)));
            break;
        case 'o':
        case 'x':
        case 'X':
            append_printf(out, conversion, std::string("ll") + conversion.letter,
                          static_cast<unsigned long long>(luaL_checkinteger(L, index)));
            break;
        case 'p': out += "(pointer)"; break;
        case 'q':
            if (conversion.text != "%") {
                luaL_error(L, "specifier '%%q' cannot have modifiers");
            }
            append_quoted(L, out, index);
            break;
        case 's': append_text(L, out, conversion, index); break;
        default:
            append_printf(out, conversion, std::string(1, conversion.letter),
                          luaL_checknumber(L, index));
            break;
    }
}

int safe_format(lua_State* L) {
    std::size_t length = 0;
    const char* text = luaL_checklstring(L, 1, &length);
    std::string_view rest(text, length);
    Meter& meter = Meter::of(L);
    const int count = lua_gettop(L);
    int index = 1;
    std::string out;
    while (!rest.empty()) {
        const std::size_t escape = rest.find('%');
        out += rest.substr(0, escape);
        rest.remove_prefix(std::min(escape, rest.size()));
        if (rest.size() >= 2 && rest[1] == '%') {
            out += '%';
            rest.remove_prefix(2);
        } else if (!rest.empty()) {
            rest.remove_prefix(1);
            const Conversion conversion = read_conversion(L, rest);
            luaL_argcheck(L, ++index <= count, index, "no value");
            const std::size_t before = out.size();
            append_one(L, out, conversion, index);
            meter.tick(L, (out.size() - before) / 32 + 4);
        }
        if (out.size() > meter.limits().block_bytes_max) {
            meter.stop_for_memory(L);
        }
    }
    lua_pushlstring(L, out.data(), out.size());
    return 1;
}

}  // namespace

void add_safe_string(lua_State* L) {
    static constexpr luaL_Reg kFunctions[] = {
        {"format", safe_format}, {"rep", safe_rep}, {nullptr, nullptr}};
    luaL_setfuncs(L, kFunctions, 0);
}

}  // namespace nocturne::plugins
