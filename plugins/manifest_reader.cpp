#include "plugins/manifest_reader.hpp"

#include "model/severity.hpp"
#include "model/suggestion.hpp"
#include "plugins/parameters.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <span>

namespace nocturne::plugins {

namespace {

using model::find_name;

constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kTextBytesMax = 1024;
constexpr std::size_t kListMax = 256;
constexpr std::size_t kParametersMax = 64;
constexpr std::size_t kProblemsMax = 20;
constexpr std::size_t kStateBytesMax = 4U << 20;
constexpr std::uint32_t kSeriesMax = 1'000'000;

constexpr std::array<std::string_view, 14> kKeys{
    "name",       "version",  "kind",      "api",         "mode",   "summary", "wants",
    "parameters", "on_event", "on_sample", "on_incident", "series", "migrate", "migrate_series"};
constexpr std::array<std::string_view, 12> kWantsKeys{"events",  "match",  "graph",  "changes",
                                                      "history", "tables", "labels", "writes",
                                                      "state",   "series", "memory", "cpu"};
constexpr std::array<std::string_view, 6> kParameterKeys{"type", "default", "min",
                                                         "max",  "choices", "help"};
constexpr std::array<std::string_view, 4> kTypeNames{"boolean", "integer", "number", "string"};

bool is_word_byte(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

// Lower-case letters, digits and `others`, beginning with a letter.
bool is_name(std::string_view text, std::string_view others) {
    return !text.empty() && text.size() <= kNameBytesMax && text[0] >= 'a' && text[0] <= 'z' &&
           std::all_of(text.begin(), text.end(), [&](char byte) {
               return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
                      others.find(byte) != std::string_view::npos;
           });
}

bool is_version(std::string_view text) {
    int numbers = 0;
    while (numbers < 3) {
        unsigned number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || number > 999'999) {
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        ++numbers;
        if (numbers < 3) {
            if (!text.starts_with('.')) {
                return false;
            }
            text.remove_prefix(1);
        }
    }
    return text.empty();
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

// A text of the plugin's, as messages show it.
std::string shown(std::string_view text) {
    return '"' + printable(text, 60) + '"';
}

class Reader {
   public:
    Reader(lua_State* L, const PluginSource& source, const Limits& ceiling)
        : L_(L), source_(source), ceiling_(ceiling) {}

    ManifestReading read() {
        if (!lua_istable(L_, -1)) {
            problem("", "the file must return a table; it returned " + found(-1) +
                            "; end it with return { name = ..., version = ..., ... }");
            return std::move(reading_);
        }
        const int table = lua_gettop(L_);
        refuse_unknown(table, "", kKeys);
        read_identity(table);
        read_functions(table);
        if (const int wants = open(table, "", "wants")) {
            read_wants(wants);
            lua_settop(L_, table);
        }
        if (const int parameters = open(table, "", "parameters")) {
            read_parameters(parameters);
            lua_settop(L_, table);
        }
        check_kind();
        return std::move(reading_);
    }

   private:
    // ---- problems ----

    // The text gives no places to a table, so the place is where the path's keys are written; if
    // they are not, where the table is returned.
    std::uint32_t line_of(std::string_view path) const {
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
        return 1 + static_cast<std::uint32_t>(std::count(
                       text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    }

    void problem(std::string_view path, std::string_view text) {
        if (reading_.problems.size() == kProblemsMax) {
            reading_.problems.emplace_back("... and more");
        }
        if (reading_.problems.size() > kProblemsMax) {
            return;
        }
        std::string line = source_.file + ":" + std::to_string(line_of(path)) + ": ";
        if (!path.empty()) {
            line += std::string(path) + ": ";
        }
        reading_.problems.push_back(line += text);
    }

    // The value as messages show it: a text in quotes, a number, or its type.
    std::string found(int index) const {
        std::size_t length = 0;
        switch (lua_type(L_, index)) {
            case LUA_TSTRING: {
                const char* text = lua_tolstring(L_, index, &length);
                return shown({text, length});
            }
            case LUA_TNUMBER: {
                lua_pushvalue(L_, index);
                const std::string number = lua_tostring(L_, -1);
                lua_pop(L_, 1);
                return number;
            }
            case LUA_TBOOLEAN: return lua_toboolean(L_, index) != 0 ? "true" : "false";
            case LUA_TNIL: return "nothing";
            default: return std::string("a ") + luaL_typename(L_, index);
        }
    }

    void wrong(std::string_view path, std::string_view expected, int index) {
        problem(path, "found " + found(index) + "; expected " + std::string(expected));
    }

    void refuse_unknown(int table, const std::string& path,
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

    static std::string join(std::string_view path, std::string_view key) {
        return path.empty() ? std::string(key) : std::string(path) + "." + std::string(key);
    }

    // ---- values ----

    // Pushes the raw value; its type.
    int get(int table, std::string_view key) {
        lua_pushlstring(L_, key.data(), key.size());
        return lua_rawget(L_, table);
    }

    // The stack index of the table of that key, pushed; 0 and nothing pushed when there is none.
    int open(int table, std::string_view path, std::string_view key) {
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

    std::optional<std::string> text(int table, std::string_view path, std::string_view key,
                                    std::string_view expected) {
        std::optional<std::string> value;
        const int type = get(table, key);
        if (type == LUA_TSTRING) {
            std::size_t length = 0;
            const char* bytes = lua_tolstring(L_, -1, &length);
            if (length > kTextBytesMax) {
                problem(join(path, key), std::to_string(length) + " bytes; at most " +
                                             std::to_string(kTextBytesMax));
            } else {
                value.emplace(bytes, length);
            }
        } else if (type != LUA_TNIL) {
            wrong(join(path, key), expected, -1);
        }
        lua_pop(L_, 1);
        return value;
    }

    bool boolean(int table, std::string_view path, std::string_view key) {
        const int type = get(table, key);
        const bool value = type == LUA_TBOOLEAN && lua_toboolean(L_, -1) != 0;
        if (type != LUA_TNIL && type != LUA_TBOOLEAN) {
            wrong(join(path, key), "true or false", -1);
        }
        lua_pop(L_, 1);
        return value;
    }

    std::optional<double> number(int table, std::string_view path, std::string_view key) {
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

    // A whole number, or a text of one and its unit (the first stands for 1); 1 to `max`.
    std::optional<std::uint64_t>
    amount(int table, std::string_view path, std::string_view key,
           std::initializer_list<std::pair<std::string_view, unsigned>> units, std::uint64_t max,
           std::string_view expected) {
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
            const std::string_view unit =
                bytes.substr(static_cast<std::size_t>(end - bytes.data()));
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

    std::optional<std::size_t> bytes(int table, std::string_view path, std::string_view key,
                                     std::size_t max) {
        return amount(table, path, key, {{"", 1}, {"B", 1}, {"KiB", 1U << 10}, {"MiB", 1U << 20}},
                      max, "a size such as \"64KiB\", at most " + std::to_string(max) + " bytes");
    }

    // The texts of a list.
    std::vector<std::string> texts(int table, std::string_view path, std::string_view key) {
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

    void read_list(int table, const std::string& path, std::vector<std::string>& list) {
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

    // One of the names, or a problem.
    template <typename Enum, std::size_t N>
    std::optional<Enum> one_of(const std::array<std::string_view, N>& names, std::string_view path,
                               std::string_view word) {
        const std::optional<Enum> value = find_name<Enum>(names, word);
        if (!value) {
            std::string list;
            for (const std::string_view name : names) {
                list += (list.empty() ? "" : ", ") + std::string(name);
            }
            problem(path, "found " + shown(word) + "; expected one of " + list);
        }
        return value;
    }

    // ---- the parts of the table ----

    void read_identity(int table) {
        Manifest& manifest = reading_.manifest;
        if (auto name = required(table, "name", "a name such as \"owner\"")) {
            if (!is_name(*name, "_-")) {
                problem("name", "found " + shown(*name) +
                                    "; expected lower-case letters, digits, _ and -, beginning "
                                    "with a letter, at most 64");
            }
            manifest.name = std::move(*name);
        }
        if (auto version = required(table, "version", "a version such as \"1.0.0\"")) {
            if (!is_version(*version)) {
                problem("version",
                        "found " + shown(*version) + "; expected a version such as \"1.0.0\"");
            }
            manifest.version = std::move(*version);
        }
        if (const auto kind = required(table, "kind", "\"detector\" or \"enricher\"")) {
            if (const auto known = one_of<PluginKind>(kPluginKindNames, "kind", *kind)) {
                manifest.kind = *known;
                knows_kind_ = true;
            }
        }
        read_api(table);
        if (const auto mode = text(table, "", "mode", "\"shadow\", \"suggest\" or \"auto\"")) {
            manifest.mode =
                one_of<PluginMode>(kPluginModeNames, "mode", *mode).value_or(PluginMode::Shadow);
        }
        manifest.summary =
            printable(text(table, "", "summary", "a text").value_or(""), kTextBytesMax);
    }

    std::optional<std::string> required(int table, std::string_view key,
                                        std::string_view expected) {
        const int type = get(table, key);
        lua_pop(L_, 1);
        if (type == LUA_TNIL) {
            problem(key, "is missing; expected " + std::string(expected));
            return std::nullopt;
        }
        return text(table, "", key, expected);
    }

    void read_api(int table) {
        const int type = get(table, "api");
        if (type == LUA_TNIL) {
            problem("api", "is missing; write api = 1");
        } else if (type != LUA_TNUMBER || lua_tonumber(L_, -1) != 1) {
            problem("api", "found " + found(-1) +
                               "; this version of nocturne speaks api = 1 and no other");
        }
        lua_pop(L_, 1);
    }

    void read_functions(int table) {
        Handlers& handlers = reading_.manifest.handlers;
        handlers.on_event = function(table, "on_event");
        handlers.on_sample = function(table, "on_sample");
        handlers.on_incident = function(table, "on_incident");
        handlers.migrate = function(table, "migrate");
        handlers.migrate_series = function(table, "migrate_series");
        has_series_ = function(table, "series");
    }

    bool function(int table, std::string_view key) {
        const int type = get(table, key);
        if (type != LUA_TNIL && type != LUA_TFUNCTION) {
            wrong(key, "a function", -1);
        }
        lua_pop(L_, 1);
        return type == LUA_TFUNCTION;
    }

    void read_wants(int table) {
        Wants& wants = reading_.manifest.wants;
        refuse_unknown(table, "wants", kWantsKeys);
        const std::vector<std::string> events = texts(table, "wants", "events");
        if (!events.empty()) {
            wants.events.clear();
            has_events_ = true;
        }
        for (const std::string& word : events) {
            if (const auto kind = one_of<model::Kind>(model::kKindNames, "wants.events", word)) {
                wants.events.push_back(*kind);
            }
        }
        if (const auto match =
                text(table, "wants", "match", "matchers, such as 'severity=\"major\"'")) {
            if (auto matchers = model::parse_matchers(*match)) {
                wants.match = *std::move(matchers);
            } else {
                problem("wants.match", matchers.error().message);
            }
        }
        wants.graph = boolean(table, "wants", "graph");
        wants.changes = boolean(table, "wants", "changes");
        wants.history = boolean(table, "wants", "history");
        wants.tables = texts(table, "wants", "tables");
        wants.labels = texts(table, "wants", "labels");
        std::sort(wants.labels.begin(), wants.labels.end());
        for (const std::string& word : texts(table, "wants", "writes")) {
            if (const auto write = one_of<Write>(kWriteNames, "wants.writes", word)) {
                wants.writes.push_back(*write);
            }
        }
        read_budgets(table, wants);
    }

    void read_budgets(int table, Wants& wants) {
        wants.state_bytes_max =
            bytes(table, "wants", "state", kStateBytesMax).value_or(wants.state_bytes_max);
        wants.series_max = static_cast<std::uint32_t>(
            amount(table, "wants", "series", {{"", 1}}, kSeriesMax,
                   "how many series to keep, 1 to " + std::to_string(kSeriesMax))
                .value_or(wants.series_max));
        wants.memory_bytes_max =
            bytes(table, "wants", "memory", ceiling_.memory_bytes_max).value_or(0);
        const auto cpu_max = static_cast<std::uint64_t>(ceiling_.call_cpu_max.count());
        wants.call_cpu_max = std::chrono::milliseconds(
            amount(table, "wants", "cpu", {{"ms", 1}}, cpu_max,
                   "a time such as \"20ms\", at most " + std::to_string(cpu_max) + "ms")
                .value_or(0));
    }

    // ---- parameters ----

    void read_parameters(int table) {
        std::vector<std::string> names;
        lua_pushnil(L_);
        while (lua_next(L_, table) != 0) {
            lua_pop(L_, 1);
            std::size_t length = 0;
            const char* bytes =
                lua_type(L_, -1) == LUA_TSTRING ? lua_tolstring(L_, -1, &length) : "";
            if (const std::string_view name(bytes, length); is_name(name, "_")) {
                names.emplace_back(name);
            } else {
                problem("parameters", "has the key " + found(-1) +
                                          "; expected names of lower-case letters, digits and _");
            }
        }
        if (names.size() > kParametersMax) {
            problem("parameters", std::to_string(names.size()) + " of them; at most " +
                                      std::to_string(kParametersMax));
            return;
        }
        std::sort(names.begin(), names.end());
        for (const std::string& name : names) {
            if (const int parameter = open(table, "parameters", name)) {
                read_parameter(parameter, name);
                lua_settop(L_, parameter - 1);
            }
        }
    }

    void read_parameter(int table, const std::string& name) {
        const std::string path = "parameters." + name;
        refuse_unknown(table, path, kParameterKeys);
        const auto type =
            text(table, path, "type", "\"number\", \"integer\", \"boolean\" or \"string\"");
        if (!type) {
            get(table, "type");
            if (lua_isnil(L_, -1)) {
                problem(path, "has no type; expected one of boolean, integer, number, string");
            }
            lua_pop(L_, 1);
            return;
        }
        enum class Type : std::uint8_t { Boolean, Integer, Number, Text };
        const auto known = one_of<Type>(kTypeNames, path + ".type", *type);
        if (!known) {
            return;
        }
        Parameter parameter;
        parameter.name = name;
        parameter.is_integer = *known == Type::Integer;
        parameter.help = printable(text(table, path, "help", "a text").value_or(""), kTextBytesMax);
        parameter.choices = texts(table, path, "choices");
        const bool is_number = *known == Type::Integer || *known == Type::Number;
        if (const auto low = number(table, path, "min")) {
            parameter.low = *low;
        }
        if (const auto high = number(table, path, "max")) {
            parameter.high = *high;
        }
        if (!is_number && (std::isfinite(parameter.low) || std::isfinite(parameter.high))) {
            problem(path, "min and max are for numbers; this one is a " + *type);
        }
        if (*known != Type::Text && !parameter.choices.empty()) {
            problem(path, "choices are for strings; this one is a " + *type);
        }
        if (parameter.low > parameter.high) {
            problem(path, "min is above max");
        }
        read_default(table, path, *type, parameter);
        reading_.manifest.parameters.push_back(std::move(parameter));
    }

    void read_default(int table, const std::string& path, const std::string& type,
                      Parameter& parameter) {
        const std::string key = path + ".default";
        const int found_type = get(table, "default");
        if (found_type == LUA_TNIL) {
            problem(path, "has no default; a plugin must work without configuration");
        } else if (type == "boolean" && found_type == LUA_TBOOLEAN) {
            parameter.standard = lua_toboolean(L_, -1) != 0;
        } else if (type == "string" && found_type == LUA_TSTRING) {
            std::size_t length = 0;
            const char* bytes = lua_tolstring(L_, -1, &length);
            parameter.standard = std::string(bytes, length);
        } else if ((type == "number" || type == "integer") && found_type == LUA_TNUMBER) {
            parameter.standard = lua_tonumber(L_, -1);
        } else {
            wrong(key, "a " + type, -1);
            lua_pop(L_, 1);
            return;
        }
        if (found_type != LUA_TNIL) {
            if (auto problem_text = problem_of(parameter, parameter.standard)) {
                problem(key, *problem_text);
            }
        }
        lua_pop(L_, 1);
    }

    // ---- whether it fits together ----

    void check_kind() {
        Manifest& manifest = reading_.manifest;
        const Handlers& handlers = manifest.handlers;
        if (!knows_kind_) {
            return;
        }
        if (manifest.kind == PluginKind::Playbook) {
            problem("kind", "playbooks cannot be loaded yet; expected detector or enricher");
            return;
        }
        if (manifest.mode == PluginMode::Approve) {
            problem("mode", "\"approve\" is for playbooks; expected shadow, suggest or auto");
        }
        const bool is_detector = manifest.kind == PluginKind::Detector;
        if (is_detector && !handlers.on_sample && !handlers.on_event) {
            problem("kind", "a detector needs a function on_sample or on_event");
        }
        if (!is_detector && !handlers.on_event && !handlers.on_incident) {
            problem("kind", "an enricher needs a function on_event or on_incident");
        }
        if (!is_detector && handlers.on_sample) {
            problem("on_sample",
                    "is for detectors; this is an enricher, whose function is on_event");
        }
        if (is_detector && handlers.on_incident) {
            problem("on_incident", "is for enrichers; this is a detector");
        }
        check_series();
        if (manifest.wants.history && !handlers.on_incident) {
            problem("wants.history",
                    "nocturne.past answers in on_incident only, and there is none");
        }
    }

    void check_series() {
        Manifest& manifest = reading_.manifest;
        const bool samples = manifest.handlers.on_sample;
        if (samples != has_series_) {
            problem(samples ? "on_sample" : "series",
                    samples ? "needs a function series, which makes the state of one new series"
                            : "makes the state for on_sample, and there is no on_sample");
        }
        auto& events = manifest.wants.events;
        if (samples && !has_events_ && !manifest.handlers.on_event) {
            events = {model::Kind::Metric};
        }
        if (samples &&
            std::find(events.begin(), events.end(), model::Kind::Metric) == events.end()) {
            problem("wants.events", "on_sample gets metrics; add \"metric\"");
        }
    }

    lua_State* L_;
    const PluginSource& source_;
    const Limits& ceiling_;
    ManifestReading reading_;
    bool knows_kind_ = false;
    bool has_events_ = false;
    bool has_series_ = false;
};

}  // namespace

ManifestReading read_manifest(lua_State* L, const PluginSource& source, const Limits& ceiling) {
    return Reader(L, source, ceiling).read();
}

}  // namespace nocturne::plugins
