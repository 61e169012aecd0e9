#include "plugins/event_table.hpp"

#include "model/severity.hpp"

#include <charconv>
#include <string_view>

namespace nocturne::plugins {

namespace {

void push(lua_State* L, std::string_view text) {
    lua_pushlstring(L, text.data(), text.size());
}

void set(lua_State* L, const char* name, std::string_view text) {
    push(L, text);
    lua_setfield(L, -2, name);
}

void push_annotation(lua_State* L, const model::AnnotationView& annotation) {
    using Type = model::AnnotationView::Type;
    if (annotation.type == Type::Boolean) {
        lua_pushboolean(L, annotation.value == "true" ? 1 : 0);
    } else if (annotation.type == Type::Number) {
        double number = 0;
        std::from_chars(annotation.value.data(), annotation.value.data() + annotation.value.size(),
                        number);
        lua_pushnumber(L, number);
    } else {
        push(L, annotation.value);
    }
}

}  // namespace

void push_event_table(lua_State* L, const model::EventView& event) {
    lua_createtable(L, 0, 12);
    set(L, "source", event.source);
    set(L, "resource", event.resource);
    set(L, "check", event.check);
    set(L, "summary", event.summary);
    set(L, "id", event.id);
    set(L, "kind", model::name_of(event.kind));
    set(L, "status", model::name_of(event.status));
    set(L, "severity", model::name_of(event.severity));
    if (event.time != model::kNoTime) {
        lua_pushnumber(L, static_cast<double>(event.time.time_since_epoch().count()) / 1e3);
        lua_setfield(L, -2, "time");
    }
    if (event.has_value) {
        lua_pushnumber(L, event.value);
        lua_setfield(L, -2, "value");
    }
    lua_createtable(L, 0, static_cast<int>(event.labels.size()));
    for (const model::LabelView& label : event.labels) {
        push(L, label.name);
        push(L, label.value);
        lua_rawset(L, -3);
    }
    lua_setfield(L, -2, "labels");
    lua_createtable(L, 0, static_cast<int>(event.annotations.size()));
    for (const model::AnnotationView& annotation : event.annotations) {
        push(L, annotation.name);
        push_annotation(L, annotation);
        lua_rawset(L, -3);
    }
    lua_setfield(L, -2, "annotations");
}

}  // namespace nocturne::plugins
