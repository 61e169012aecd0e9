#include "plugins/manifest_reader.hpp"

#include "plugins/manifest_values.hpp"
#include "plugins/parameters.hpp"
#include "plugins/playbook_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace nocturne::plugins {

namespace {

constexpr std::size_t kParametersMax = 64;
constexpr std::size_t kStateBytesMax = 4U << 20;
constexpr std::uint32_t kSeriesMax = 1'000'000;

constexpr std::array<std::string_view, 20> kKeys{
    "name",       "version",  "kind",      "api",         "mode",   "summary", "wants",
    "parameters", "on_event", "on_sample", "on_incident", "series", "migrate", "migrate_series",
    "plan",       "when",     "risk",      "reversible",  "limits", "prose"};
constexpr std::array<std::string_view, 13> kWantsKeys{
    "events", "match", "graph",  "changes", "history", "tables",   "labels",
    "writes", "state", "series", "memory",  "cpu",     "effectors"};
// Of those, what is not for a playbook, and what is for nothing else.
constexpr std::array<std::string_view, 6> kHandlerKeys{"on_event", "on_sample", "on_incident",
                                                       "series",   "migrate",   "migrate_series"};
constexpr std::array<std::string_view, 6> kEventWants{"events", "match", "labels",
                                                      "writes", "state", "series"};
constexpr std::array<std::string_view, 6> kPlaybookKeys{"plan",       "when",   "risk",
                                                        "reversible", "limits", "prose"};
constexpr std::array<std::string_view, 6> kParameterKeys{"type", "default", "min",
                                                         "max",  "choices", "help"};
constexpr std::array<std::string_view, 4> kTypeNames{"boolean", "integer", "number", "string"};

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

class Reader : private ManifestValues {
   public:
    Reader(lua_State* L, const PluginSource& source, const Limits& ceiling)
        : ManifestValues(L, source), L_(L), ceiling_(ceiling) {}

    ManifestReading read() {
        if (!lua_istable(L_, -1)) {
            problem("", "the file must return a table; it returned " + found(-1) +
                            "; end it with return { name = ..., version = ..., ... }");
            return done();
        }
        const int table = lua_gettop(L_);
        refuse_unknown(table, "", kKeys);
        read_identity(table);
        read_functions(table);
        if (const int wants = open(table, "", "wants")) {
            read_wants(wants);
            check_wants(wants);
            lua_settop(L_, table);
        }
        if (const int parameters = open(table, "", "parameters")) {
            read_parameters(parameters);
            lua_settop(L_, table);
        }
        check_kind(table);
        return done();
    }

   private:
    ManifestReading done() {
        reading_.problems = take_problems();
        return std::move(reading_);
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
        if (const auto kind =
                required(table, "kind", "\"detector\", \"enricher\" or \"playbook\"")) {
            if (const auto known = one_of<PluginKind>(kPluginKindNames, "kind", *kind)) {
                manifest.kind = *known;
                knows_kind_ = true;
            }
        }
        read_api(table);
        if (const auto mode = text(table, "", "mode", "a mode such as \"suggest\"")) {
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

    bool is_playbook() const {
        return knows_kind_ && reading_.manifest.kind == PluginKind::Playbook;
    }

    void refuse_keys(int table, std::string_view path, std::span<const std::string_view> keys,
                     std::string_view why) {
        for (const std::string_view key : keys) {
            if (get(table, key) != LUA_TNIL) {
                problem(join(path, key), why);
            }
            lua_pop(L_, 1);
        }
    }

    void check_wants(int table) {
        static constexpr std::array<std::string_view, 1> kEffectors{"effectors"};
        if (is_playbook()) {
            refuse_keys(table, "wants", kEventWants,
                        "is for detectors and enrichers; a playbook sees incidents, keeps nothing, "
                        "and its `when` says which are its own");
        } else if (knows_kind_) {
            refuse_keys(table, "wants", kEffectors, "is for playbooks");
        }
    }

    void check_playbook(int table) {
        reading_.manifest.wants.events.clear();
        refuse_keys(table, "", kHandlerKeys,
                    "is for detectors and enrichers; the function of a playbook is plan");
        read_playbook(*this, table, reading_.manifest);
    }

    void check_kind(int table) {
        Manifest& manifest = reading_.manifest;
        const Handlers& handlers = manifest.handlers;
        if (!knows_kind_) {
            return;
        }
        if (manifest.kind == PluginKind::Playbook) {
            check_playbook(table);
            return;
        }
        refuse_keys(table, "", kPlaybookKeys, "is for playbooks");
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
