#include "plugins/manifest_values.hpp"

#include "model/suggestion.hpp"
#include "plugins/limits.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace nocturne::plugins {

namespace {

constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kProblemsMax = 20;

bool is_word_byte(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

// Where `key =` stands in the text at or after `from`, comments left out.
std::size_t find_key(std::string_view text, std::string_view key, std::size_t from) {
    for (std::size_t at = text.find(key, from); at != std::string_view::npos;
         at = text.find(key, at + 1)) {
        const std::size_t line = text.rfind('\n', at) + 1;
        if ((at > 0 && is_word_byte(text[at - 1])) ||
            text.substr(line, at - line).find("--") != std::string_view::npos) {
            continue;
        }
        const std::size_t next = text.find_first_not_of(" \t\"']", at + key.size());
        if (next != std::string_view::npos && text[next] == '=' && text.substr(next, 2) != "==") {
            return at;
        }
    }
    return std::string_view::npos;
}

}  // namespace

std::string ManifestValues::shown(std::string_view text) {
    return '"' + printable(text, 60) + '"';
}

bool ManifestValues::is_name(std::string_view text, std::string_view others) {
    return !text.empty() && text.size() <= kNameBytesMax && text[0] >= 'a' && text[0] <= 'z' &&
           std::all_of(text.begin(), text.end(), [&](char byte) {
               return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
                      others.find(byte) != std::string_view::npos;
           });
}

// The text gives no places to a table, so the place is where the path's keys are written; if
// they are not, where the table is returned.
std::uint32_t ManifestValues::line_of(std::string_view path) const {
    const std::string_view text = source_.text;
    std::size_t at = text.rfind("return");
    std::size_t from = 0;
    while (!path.empty()) {
        const std::size_t dot = std::min(path.find('.'), path.size());
        const std::size_t key = find_key(text, path.substr(0, dot), from);
        if (key == std::string_view::npos) {
            break;
        }
        at = from = key;
        path.remove_prefix(std::min(dot + 1, path.size()));
    }
    if (at == std::string_view::npos) {
        return 1;
    }
    return 1 + static_cast<std::uint32_t>(
                   std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

void ManifestValues::problem(std::string_view path, std::string_view text) {
    if (problems_.size() == kProblemsMax) {
        problems_.emplace_back("... and more");
    }
    if (problems_.size() > kProblemsMax) {
        return;
    }
    std::string line = source_.file + ":" + std::to_string(line_of(path)) + ": ";
    if (!path.empty()) {
        line += std::string(path) + ": ";
    }
    problems_.push_back(line += text);
}

std::string ManifestValues::found(int index) const {
    std::size_t length = 0;
    switch (lua_type(L_, index)) {
        case LUA_TSTRING: {
            const char* text = lua_tolstring(L_, index, &length);
            return shown({text, length});
        }
        case LUA_TNUMBER: {
            lua_pushvalue(L_, index);
            std::string number = lua_tostring(L_, -1);
            lua_pop(L_, 1);
            return number;
        }
        case LUA_TBOOLEAN: return lua_toboolean(L_, index) != 0 ? "true" : "false";
        case LUA_TNIL: return "nothing";
        default: return std::string("a ") + luaL_typename(L_, index);
    }
}

void ManifestValues::wrong(std::string_view path, std::string_view expected, int index) {
    problem(path, "found " + found(index) + "; expected " + std::string(expected));
}

void ManifestValues::refuse_unknown(int table, const std::string& path,
                                    std::span<const std::string_view> known) {
    lua_pushnil(L_);
    while (lua_next(L_, table) != 0) {
        lua_pop(L_, 1);
        if (lua_type(L_, -1) != LUA_TSTRING) {
            problem(path, "has a key that is no text: " + found(-1));
            continue;
        }
        std::size_t length = 0;
        const char* text = lua_tolstring(L_, -1, &length);
        const std::string key(text, length);
        if (std::find(known.begin(), known.end(), key) == known.end()) {
            problem(path.empty() ? printable(key, kNameBytesMax)
                                 : path + "." + printable(key, kNameBytesMax),
                    "unknown key; " + model::suggest(key, known));
        }
    }
}

std::string ManifestValues::join(std::string_view path, std::string_view key) {
    return path.empty() ? std::string(key) : std::string(path) + "." + std::string(key);
}

int ManifestValues::get(int table, std::string_view key) {
    lua_pushlstring(L_, key.data(), key.size());
    return lua_rawget(L_, table);
}

int ManifestValues::open(int table, std::string_view path, std::string_view key) {
    const int type = get(table, key);
    if (type == LUA_TTABLE) {
        return lua_gettop(L_);
    }
    if (type != LUA_TNIL) {
        wrong(join(path, key), "a table", -1);
    }
    lua_pop(L_, 1);
    return 0;
}

std::optional<std::string> ManifestValues::text(int table, std::string_view path,
                                                std::string_view key, std::string_view expected,
                                                std::size_t bytes_max) {
    std::optional<std::string> value;
    const int type = get(table, key);
    if (type == LUA_TSTRING) {
        std::size_t length = 0;
        const char* bytes = lua_tolstring(L_, -1, &length);
        if (length > bytes_max) {
            problem(join(path, key),
                    std::to_string(length) + " bytes; at most " + std::to_string(bytes_max));
        } else {
            value.emplace(bytes, length);
        }
    } else if (type != LUA_TNIL) {
        wrong(join(path, key), expected, -1);
    }
    lua_pop(L_, 1);
    return value;
}

bool ManifestValues::boolean(int table, std::string_view path, std::string_view key) {
    const int type = get(table, key);
    const bool value = type == LUA_TBOOLEAN && lua_toboolean(L_, -1) != 0;
    if (type != LUA_TNIL && type != LUA_TBOOLEAN) {
        wrong(join(path, key), "true or false", -1);
    }
    lua_pop(L_, 1);
    return value;
}

std::optional<double> ManifestValues::number(int table, std::string_view path,
                                             std::string_view key) {
    std::optional<double> value;
    const int type = get(table, key);
    if (type == LUA_TNUMBER && std::isfinite(lua_tonumber(L_, -1))) {
        value = lua_tonumber(L_, -1);
    } else if (type != LUA_TNIL) {
        wrong(join(path, key), "a finite number", -1);
    }
    lua_pop(L_, 1);
    return value;
}

std::optional<std::uint64_t>
ManifestValues::amount(int table, std::string_view path, std::string_view key,
                       std::initializer_list<std::pair<std::string_view, unsigned>> units,
                       std::uint64_t max, std::string_view expected) {
    std::optional<std::uint64_t> value;
    const int type = get(table, key);
    if (type == LUA_TNIL) {
        lua_pop(L_, 1);
        return value;
    }
    if (type == LUA_TNUMBER && lua_isinteger(L_, -1) != 0 && lua_tointeger(L_, -1) > 0) {
        value = static_cast<std::uint64_t>(lua_tointeger(L_, -1));
    } else if (type == LUA_TSTRING) {
        const std::string_view bytes = lua_tostring(L_, -1);
        std::uint64_t n = 0;
        const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), n);
        const std::string_view unit = bytes.substr(static_cast<std::size_t>(end - bytes.data()));
        for (const auto& [name, factor] : units) {
            if (error == std::errc() && unit == name && n > 0 && n <= UINT32_MAX) {
                value = n * factor;
            }
        }
    }
    if (!value || *value > max) {
        wrong(join(path, key), expected, -1);
        value.reset();
    }
    lua_pop(L_, 1);
    return value;
}

std::optional<std::size_t> ManifestValues::bytes(int table, std::string_view path,
                                                 std::string_view key, std::size_t max) {
    return amount(table, path, key, {{"", 1}, {"B", 1}, {"KiB", 1U << 10}, {"MiB", 1U << 20}}, max,
                  "a size such as \"64KiB\", at most " + std::to_string(max) + " bytes");
}

std::vector<std::string> ManifestValues::texts(int table, std::string_view path,
                                               std::string_view key) {
    std::vector<std::string> list;
    const int type = get(table, key);
    if (type == LUA_TTABLE) {
        read_list(lua_gettop(L_), join(path, key), list);
    } else if (type != LUA_TNIL) {
        wrong(join(path, key), "a list of texts, such as {\"a\", \"b\"}", -1);
    }
    lua_pop(L_, 1);
    return list;
}

void ManifestValues::read_list(int table, const std::string& path, std::vector<std::string>& list) {
    const lua_Unsigned size = lua_rawlen(L_, table);
    if (size > kListMax) {
        problem(path, std::to_string(size) + " entries; at most " + std::to_string(kListMax));
        return;
    }
    for (lua_Unsigned i = 1; i <= size; ++i) {
        std::size_t length = 0;
        if (lua_rawgeti(L_, table, static_cast<lua_Integer>(i)) == LUA_TSTRING) {
            const char* text = lua_tolstring(L_, -1, &length);
            list.emplace_back(text, length);
        } else {
            wrong(path, "a text as entry " + std::to_string(i), -1);
        }
        lua_pop(L_, 1);
    }
    lua_pushnil(L_);
    while (lua_next(L_, table) != 0) {
        lua_pop(L_, 1);
        if (lua_isinteger(L_, -1) == 0) {
            problem(path, "is a list, it has no keys such as " + found(-1));
        }
    }
}

bool ManifestValues::function(int table, std::string_view key) {
    const int type = get(table, key);
    if (type != LUA_TNIL && type != LUA_TFUNCTION) {
        wrong(key, "a function", -1);
    }
    lua_pop(L_, 1);
    return type == LUA_TFUNCTION;
}

std::optional<double> ManifestValues::number(int table, std::string_view path, std::string_view key,
                                             double low, double high) {
    std::optional<double> value = number(table, path, key);
    if (value && (*value < low || *value > high)) {
        get(table, key);
        char range[64];
        std::snprintf(range, sizeof(range), "%g to %g", low, high);
        wrong(join(path, key), range, -1);
        lua_pop(L_, 1);
        value.reset();
    }
    return value;
}

std::optional<model::Duration> ManifestValues::duration(int table, std::string_view path,
                                                        std::string_view key, model::Duration low,
                                                        model::Duration high) {
    std::optional<model::Duration> value;
    const int type = get(table, key);
    if (type == LUA_TSTRING) {
        if (const Result<model::Duration> parsed = model::parse_duration(lua_tostring(L_, -1))) {
            value = *parsed;
        }
    }
    if (type != LUA_TNIL && (!value || *value < low || *value > high)) {
        wrong(join(path, key),
              "a time such as \"10m\", from " + model::format_duration(low) + " to " +
                  model::format_duration(high),
              -1);
        value.reset();
    }
    lua_pop(L_, 1);
    return value;
}

void ManifestValues::refuse_word(std::span<const std::string_view> names, std::string_view path,
                                 std::string_view word) {
    std::string list;
    for (const std::string_view name : names) {
        list += (list.empty() ? "" : ", ") + std::string(name);
    }
    problem(path, "found " + shown(word) + "; expected one of " + list);
}

}  // namespace nocturne::plugins
