// nocturne.annotate, set_label, set_resource, set_severity and emit: what a plugin may do.
#include "model/json_writer.hpp"
#include "model/severity.hpp"
#include "model/suggestion.hpp"
#include "plugins/host.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

namespace nocturne::plugins {

namespace {

using Type = model::AnnotationView::Type;
using What = Wish::What;

constexpr std::size_t kNameBytesMax = 256;
constexpr std::size_t kValueBytesMax = 16U << 10;  // as annotations of sources
constexpr std::size_t kLabelBytesMax = 4U << 10;
constexpr std::size_t kEntriesMax = 64;
constexpr lua_Integer kTimeMax = 253'402'300'799'999;  // the end of the year 9999
constexpr std::string_view kReserved = "nocturne.";

constexpr std::array<std::string_view, 10> kEmitKeys{"resource", "check",      "severity", "status",
                                                     "summary",  "kind",       "value",    "time",
                                                     "labels",   "annotations"};

std::string_view name_argument(lua_State* L, int index, const char* function) {
    const std::string_view name =
        text_argument(L, index, function, "the name", kNameBytesMax, Cleanness::Name);
    if (name.starts_with(kReserved)) {
        Host::refuse(L, function, "names that begin with nocturne. are the engine's own");
    }
    return name;
}

// The value of an annotation, as JSON writes it; a text as it is. Borrows from the argument or from
// `number`, until either changes.
std::string_view value_argument(lua_State* L, int index, const char* function, Type& type,
                                std::array<char, 32>& number) {
    type = Type::Text;
    const auto written = [&](std::to_chars_result result) {
        type = Type::Number;
        return std::string_view(number.data(),
                                static_cast<std::size_t>(result.ptr - number.data()));
    };
    switch (lua_type(L, index)) {
        case LUA_TBOOLEAN:
            type = Type::Boolean;
            return lua_toboolean(L, index) != 0 ? "true" : "false";
        case LUA_TNUMBER:
            if (lua_isinteger(L, index) != 0) {
                return written(std::to_chars(number.begin(), number.end(),
                                             static_cast<std::int64_t>(lua_tointeger(L, index))));
            }
            if (!std::isfinite(lua_tonumber(L, index))) {
                Host::refuse(L, function, "the value must be finite, not infinite or NaN");
            }
            return written(std::to_chars(number.begin(), number.end(), lua_tonumber(L, index)));
        case LUA_TSTRING:
            return text_argument(L, index, function, "the value", kValueBytesMax, Cleanness::Text);
        default:
            Host::refuse(L, function,
                         std::string("the value must be a string, a number or a boolean, not ") +
                             luaL_typename(L, index));
    }
}

int annotate(lua_State* L) {
    constexpr const char* kName = "nocturne.annotate";
    Host& host = Host::of(L);
    host.enter_effect(L, kName, Write::Annotations);
    arguments_at_most(L, 2, kName);
    const std::string_view name = name_argument(L, 1, kName);
    Type type{};
    std::array<char, 32> number;
    const std::string_view value = value_argument(L, 2, kName, type, number);
    host.result.wishes.push_back(  // nothing raises an error from here on
        {What::Annotate, std::string(name), std::string(value), type});
    return 0;
}

int set_label(lua_State* L) {
    constexpr const char* kName = "nocturne.set_label";
    Host& host = Host::of(L);
    host.enter_effect(L, kName, Write::Labels);
    arguments_at_most(L, 2, kName);
    Wish wish;
    wish.what = What::Label;
    wish.name = name_argument(L, 1, kName);
    wish.value = text_argument(L, 2, kName, "the value", kLabelBytesMax, Cleanness::Name);
    host.result.wishes.push_back(std::move(wish));
    return 0;
}

int set_resource(lua_State* L) {
    constexpr const char* kName = "nocturne.set_resource";
    Host& host = Host::of(L);
    host.enter_effect(L, kName, Write::Resource);
    arguments_at_most(L, 1, kName);
    Wish wish;
    wish.what = What::Resource;
    wish.value = text_argument(L, 1, kName, "the resource", kLabelBytesMax, Cleanness::Name);
    host.result.wishes.push_back(std::move(wish));
    return 0;
}

int set_severity(lua_State* L) {
    constexpr const char* kName = "nocturne.set_severity";
    Host& host = Host::of(L);
    host.enter_effect(L, kName, Write::Severity);
    arguments_at_most(L, 1, kName);
    const std::string_view word =
        text_argument(L, 1, kName, "the severity", kNameBytesMax, Cleanness::Name);
    if (!model::find_name<model::Severity>(model::kSeverityNames, word)) {
        Host::refuse(L, kName,
                     "\"" + printable(word, 60) +
                         "\" is not one of ok, info, warning, minor, major, critical");
    }
    Wish wish;
    wish.what = What::Severity;
    wish.value = word;
    host.result.wishes.push_back(std::move(wish));
    return 0;
}

// ---- emit ----

// Reads the table of nocturne.emit, raw, into the JSON of an event; the decoder of events checks it
// like any other.
class Emission {
   public:
    Emission(lua_State* L, Host& host) : L_(L), host_(host) {}

    std::string json() {
        if (!lua_istable(L_, 1)) {
            refuse(std::string("takes a table, not ") + luaL_typename(L_, 1));
        }
        refuse_unknown();
        json_.begin_object();
        json_.member("source", "plugin/" + host_.manifest.name);
        text("resource", true);
        text("check", false);
        text("severity", false);
        text("status", false);
        text("summary", false);
        text("kind", false);
        value();
        time();
        entries("labels");
        annotations();
        json_.end_object();
        return json_.take();
    }

   private:
    [[noreturn]] void refuse(const std::string& why) { Host::refuse(L_, kName, why); }

    void refuse_unknown() {
        lua_pushnil(L_);
        while (lua_next(L_, 1) != 0) {
            host_.meter.tick(L_);
            lua_pop(L_, 1);
            std::size_t length = 0;
            const char* bytes =
                lua_type(L_, -1) == LUA_TSTRING ? lua_tolstring(L_, -1, &length) : "";
            const std::string_view key(bytes, length);
            if (std::find(kEmitKeys.begin(), kEmitKeys.end(), key) == kEmitKeys.end()) {
                refuse("unknown field \"" + printable(key, 60) + "\"; " +
                       model::suggest(key, kEmitKeys));
            }
        }
    }

    int get(const char* key) {
        lua_pushstring(L_, key);
        return lua_rawget(L_, 1);
    }

    void text(const char* key, bool is_required) {
        if (get(key) != LUA_TNIL || is_required) {
            json_.member(key, text_argument(L_, lua_gettop(L_), kName, key, kValueBytesMax,
                                            Cleanness::Text));
        }
        lua_pop(L_, 1);
    }

    void value() {
        const int type = get("value");
        if (type == LUA_TNUMBER && std::isfinite(lua_tonumber(L_, -1))) {
            json_.member("value", lua_tonumber(L_, -1));
        } else if (type != LUA_TNIL) {
            refuse("value must be a finite number");
        }
        lua_pop(L_, 1);
    }

    void time() {
        const World& world = *host_.world;
        get("time");
        const lua_Integer time = integer_argument(L_, lua_gettop(L_), kName, "time", 0, kTimeMax,
                                                  model::to_unix_ms(world.now()));
        json_.member("time", model::from_unix_ms(time));
        lua_pop(L_, 1);
    }

    using Entries = std::map<std::string, std::string>;  // by name: Lua's order is not the same
                                                         // at each run

    Entries read_entries(const char* key) {
        Entries entries;
        const int type = get(key);
        if (type != LUA_TNIL && type != LUA_TTABLE) {
            refuse(std::string(key) + " must be a table");
        }
        if (type == LUA_TTABLE) {
            const int table = lua_gettop(L_);
            lua_pushnil(L_);
            while (lua_next(L_, table) != 0) {
                host_.meter.tick(L_);
                add_entry(key, entries);
                lua_pop(L_, 1);
            }
        }
        lua_pop(L_, 1);
        return entries;
    }

    // Key and value are on top of the stack.
    void add_entry(const char* key, Entries& entries) {
        if (entries.size() == kEntriesMax) {
            refuse("more than " + std::to_string(kEntriesMax) + " " + key);
        }
        const int value = lua_gettop(L_);
        const std::string name(name_argument(L_, value - 1, kName));
        model::JsonWriter json;
        if (lua_type(L_, value) == LUA_TSTRING) {
            entries[name] = json.text(text_argument(L_, value, kName, name.c_str(), kValueBytesMax,
                                                    Cleanness::Text))
                                .take();
            return;
        }
        Type type{};
        std::array<char, 32> number;
        entries[name] = value_argument(L_, value, kName, type, number);
    }

    void write(const Entries& entries) {
        for (const auto& [name, value] : entries) {
            json_.key(name).raw(value);
        }
    }

    void entries(const char* key) {
        json_.key(key).begin_object();
        write(read_entries(key));
        json_.end_object();
    }

    void annotations() {
        json_.key("annotations").begin_object();
        json_.key(kDepthAnnotation).number(std::uint64_t{depth()} + 1);
        write(read_entries("annotations"));
        json_.end_object();
    }

    // How many emits made the event at hand.
    std::uint32_t depth() const { return host_.event == nullptr ? 0 : emit_depth_of(*host_.event); }

    static constexpr const char* kName = "nocturne.emit";

    lua_State* L_;
    Host& host_;
    model::JsonWriter json_;
};

int emit(lua_State* L) {
    constexpr const char* kName = "nocturne.emit";
    Host& host = Host::of(L);
    host.enter_effect(L, kName, Write::Events);
    arguments_at_most(L, 1, kName);
    const std::string json = Emission(L, host).json();
    host.meter.tick(L, json.size() / 16 + 1);
    if (host.decoder == nullptr) {
        host.decoder = std::make_unique<model::EventDecoder>();
    }
    if (const Status status = host.decoder->decode_one(json, host.result.emitted); !status) {
        Host::refuse(L, kName, status.error().message);
    }
    Wish wish;
    wish.what = What::Emit;
    host.result.wishes.push_back(std::move(wish));
    return 0;
}

}  // namespace

std::uint32_t emit_depth_of(const model::EventView& event) {
    for (const model::AnnotationView& annotation : event.annotations) {
        if (annotation.name == kDepthAnnotation && annotation.type == Type::Number) {
            std::uint32_t depth = 0;
            const char* end = annotation.value.data() + annotation.value.size();
            const auto [stop, error] = std::from_chars(annotation.value.data(), end, depth);
            return error == std::errc() && stop == end ? std::min(depth, kDepthMax) : kDepthMax;
        }
    }
    return 0;
}

void add_effect_functions(lua_State* L) {
    static constexpr luaL_Reg kFunctions[] = {
        {"annotate", annotate},         {"emit", emit},
        {"set_label", set_label},       {"set_resource", set_resource},
        {"set_severity", set_severity}, {nullptr, nullptr}};
    luaL_setfuncs(L, kFunctions, 0);
}

}  // namespace nocturne::plugins
