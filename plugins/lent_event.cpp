#include "plugins/lent_event.hpp"

#include "model/severity.hpp"
#include "model/suggestion.hpp"
#include "plugins/environment.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

namespace nocturne::plugins {

namespace {

using model::AnnotationView;
using model::EventView;
using model::LabelView;

enum class Part : std::uint8_t { Event, Labels, Annotations };

constexpr int kPartBits = 2;

enum class Field : std::uint8_t {
    Resource,
    Check,
    Value,
    Time,
    Severity,
    Labels,
    Status,
    Source,
    Kind,
    Summary,
    Annotations,
    Id,
    Fingerprint
};

constexpr std::array<std::string_view, Host::kFieldsOfEvents> kFieldNames{
    "resource", "check", "value",   "time",        "severity", "labels",     "status",
    "source",   "kind",  "summary", "annotations", "id",       "fingerprint"};

void push(lua_State* L, std::string_view text) {
    lua_pushlstring(L, text.data(), text.size());
}

void push_part(lua_State* L, const Host& host, Part part) {
    const std::uint64_t number = host.generation << kPartBits | static_cast<std::uint64_t>(part);
    lua_pushlightuserdata(L, reinterpret_cast<void*>(static_cast<std::uintptr_t>(number)));
}

[[noreturn, gnu::cold]] void refuse_late(lua_State* L) {
    luaL_error(L, "this event was lent for an earlier call and is gone; copy what you need of it, "
                  "for example local resource = event.resource");
    std::abort();  // luaL_error does not come back
}

// The event that the light userdata at index 1 stands for.
const EventView& event_at_1(lua_State* L, const Host& host, Part& part) {
    const auto number = reinterpret_cast<std::uintptr_t>(lua_touserdata(L, 1));
    part = static_cast<Part>(number & ((1U << kPartBits) - 1));
    if (lua_islightuserdata(L, 1) == 0 || number >> kPartBits != host.generation ||
        host.event == nullptr) {
        refuse_late(L);
    }
    return *host.event;
}

void push_annotation(lua_State* L, const AnnotationView& annotation) {
    if (annotation.type == AnnotationView::Type::Boolean) {
        lua_pushboolean(L, annotation.value == "true" ? 1 : 0);
    } else if (annotation.type == AnnotationView::Type::Number) {
        double number = 0;
        std::from_chars(annotation.value.data(), annotation.value.data() + annotation.value.size(),
                        number);
        lua_pushnumber(L, number);
    } else {
        push(L, annotation.value);
    }
}

bool sees_label(const Host& host, std::string_view name) {
    const auto& wanted = host.manifest.wants.labels;
    return wanted.empty() || std::binary_search(wanted.begin(), wanted.end(), name);
}

int push_label(lua_State* L, const Host& host, const EventView& event, std::string_view name) {
    if (!sees_label(host, name)) {
        return luaL_error(L, "label \"%s\" is not among the labels of wants; add it there",
                          printable(name, 60).c_str());
    }
    for (const LabelView& label : event.labels) {
        if (label.name == name) {
            push(L, label.value);
            return 1;
        }
    }
    lua_pushnil(L);
    return 1;
}

int push_annotation_of(lua_State* L, const EventView& event, std::string_view name) {
    for (const AnnotationView& annotation : event.annotations) {
        if (annotation.name == name) {
            push_annotation(L, annotation);
            return 1;
        }
    }
    lua_pushnil(L);
    return 1;
}

model::Time time_of(const Host& host, const EventView& event) {
    return event.time != model::kNoTime || host.world == nullptr ? event.time : host.world->now();
}

void push_field(lua_State* L, const Host& host, const EventView& event, Field field) {
    switch (field) {
        case Field::Resource: push(L, event.resource); break;
        case Field::Check: push(L, event.check); break;
        case Field::Value:
            if (event.has_value) {
                lua_pushnumber(L, event.value);
            } else {
                lua_pushnil(L);
            }
            break;
        case Field::Time: lua_pushinteger(L, model::to_unix_ms(time_of(host, event))); break;
        case Field::Severity: push(L, model::name_of(event.severity)); break;
        case Field::Labels: push_part(L, host, Part::Labels); break;
        case Field::Status: push(L, model::name_of(event.status)); break;
        case Field::Source: push(L, event.source); break;
        case Field::Kind: push(L, model::name_of(event.kind)); break;
        case Field::Summary: push(L, event.summary); break;
        case Field::Annotations: push_part(L, host, Part::Annotations); break;
        case Field::Id:
            if (event.id.empty()) {
                lua_pushnil(L);
            } else {
                push(L, event.id);
            }
            break;
        case Field::Fingerprint: push(L, model::to_string(event.fingerprint)); break;
    }
}

std::string unknown_field(std::string_view name) {
    return "an event has no field \"" + printable(name, 60) + "\"; " +
           model::suggest(name, kFieldNames) +
           " (labels and annotations are in event.labels and event.annotations)";
}

int index_event(lua_State* L) {
    const Host& host = Host::of(L);
    host.meter.tick(L);
    Part part{};
    const EventView& event = event_at_1(L, host, part);
    std::size_t length = 0;
    const char* bytes = lua_type(L, 2) == LUA_TSTRING ? lua_tolstring(L, 2, &length) : "";
    const std::string_view name(bytes, length);
    if (part == Part::Labels) {
        return push_label(L, host, event, name);
    }
    if (part == Part::Annotations) {
        return push_annotation_of(L, event, name);
    }
    for (std::size_t i = 0; i < kFieldNames.size(); ++i) {
        if (bytes == host.field_texts[i]) {  // short texts are one and the same in a Lua state
            push_field(L, host, event, static_cast<Field>(i));
            return 1;
        }
    }
    if (const auto field = model::find_name<Field>(kFieldNames, name)) {
        push_field(L, host, event, *field);
        return 1;
    }
    return luaL_error(L, "%s", unknown_field(name).c_str());
}

int write_event(lua_State* L) {
    return luaL_error(L, "an event is read-only; use nocturne.annotate, nocturne.set_label, "
                         "nocturne.set_resource or nocturne.set_severity");
}

void push_labels_table(lua_State* L, const Host& host, const EventView& event) {
    lua_createtable(L, 0, static_cast<int>(event.labels.size()));
    for (const LabelView& label : event.labels) {
        host.meter.tick(L);
        if (sees_label(host, label.name)) {
            push(L, label.name);
            push(L, label.value);
            lua_rawset(L, -3);
        }
    }
}

void push_annotations_table(lua_State* L, const Host& host, const EventView& event) {
    lua_createtable(L, 0, static_cast<int>(event.annotations.size()));
    for (const AnnotationView& annotation : event.annotations) {
        host.meter.tick(L);
        push(L, annotation.name);
        push_annotation(L, annotation);
        lua_rawset(L, -3);
    }
}

// pairs() goes over a copy, which is the plugin's own.
int pairs_of_event(lua_State* L) {
    const Host& host = Host::of(L);
    host.meter.tick(L);
    Part part{};
    const EventView& event = event_at_1(L, host, part);
    lua_pushcfunction(L, ordered_pairs);
    switch (part) {
        case Part::Labels: push_labels_table(L, host, event); break;
        case Part::Annotations: push_annotations_table(L, host, event); break;
        case Part::Event:
            lua_createtable(L, 0, static_cast<int>(kFieldNames.size()));
            for (std::size_t i = 0; i < kFieldNames.size(); ++i) {
                push(L, kFieldNames[i]);
                push_field(L, host, event, static_cast<Field>(i));
                lua_rawset(L, -3);
            }
            break;
    }
    lua_call(L, 1, 3);
    return 3;
}

}  // namespace

// Light userdata share one metatable a state; nothing else of ours is one.
void add_lent_event(lua_State* L, Host& host) {
    lua_pushlightuserdata(L, nullptr);
    lua_createtable(L, static_cast<int>(kFieldNames.size()), 5);
    for (std::size_t i = 0; i < kFieldNames.size(); ++i) {
        host.field_texts[i] = lua_pushlstring(L, kFieldNames[i].data(), kFieldNames[i].size());
        lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
    }
    const auto add = [&](const char* name, lua_CFunction function) {
        lua_pushcfunction(L, function);
        lua_setfield(L, -2, name);
    };
    add("__index", index_event);
    add("__newindex", write_event);
    add("__pairs", pairs_of_event);
    lua_pushliteral(L, "event");
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

void push_lent_event(lua_State* L, const Host& host) {
    push_part(L, host, Part::Event);
}

}  // namespace nocturne::plugins
