#include "plugins/host.hpp"

#include <utility>

namespace nocturne::plugins {

void Host::set_manifest(Manifest of_plugin) {
    manifest = std::move(of_plugin);
    for (const Write write : manifest.wants.writes) {
        takes_of_events_[static_cast<std::size_t>(write)] = true;
        takes_of_others_[static_cast<std::size_t>(write)] =
            write == Write::Annotations || write == Write::Events;
    }
}

void Host::begin(Stage new_stage, const model::EventView* new_event, const World* new_world) {
    stage = new_stage;
    event = new_event;
    world = new_world;
    ++generation;
    calls_left_ = meter.limits().host_calls_max;
    effects_left_ = meter.limits().effects_max;
    const bool is_of_others = stage == Stage::Sample || stage == Stage::Incident;
    takes_ = stage == Stage::Event ? takes_of_events_ : is_of_others ? takes_of_others_ : Writes{};
}

void Host::end() {
    ++generation;
    stage = Stage::Load;
    event = nullptr;
    world = nullptr;
    takes_ = {};
}

void Host::refuse(lua_State* L, const char* function, std::string_view why) {
    luaL_where(L, 1);
    lua_pushstring(L, function);
    lua_pushliteral(L, ": ");
    lua_pushlstring(L, why.data(), why.size());
    lua_concat(L, 4);
    lua_error(L);
    std::abort();  // lua_error does not come back
}

void Host::enter(lua_State* L, const char* function) {
    meter.tick(L);
    if (calls_left_ == 0) {
        ++refused;
        refuse(L, function,
               "more than " + std::to_string(meter.limits().host_calls_max) +
                   " calls of nocturne.* in one call of the plugin");
    }
    --calls_left_;
}

void Host::need(lua_State* L, bool has, const char* function, const char* capability) {
    if (!has) {
        ++refused;
        refuse(L, function,
               std::string("not allowed; add ") + capability + " to the plugin's table");
    }
}

const World& Host::world_of_call(lua_State* L, const char* function) const {
    if (world == nullptr) {
        refuse(L, function, "only while an event is handled, not while the file is loaded");
    }
    return *world;
}

// Says which of the conditions of an effect does not hold.
void Host::refuse_effect(lua_State* L, const char* function, Write write) {
    enter(L, function);
    if (stage == Stage::Plan) {
        ++refused;
        refuse(L, function, "a playbook only plans; what it wants done are steps of its plan");
    }
    need(L, manifest.wants.may(write), function,
         ("wants = { writes = {\"" + std::string(name_of(write)) + "\"} }").c_str());
    world_of_call(L, function);
    if (stage == Stage::MakeState) {
        refuse(L, function, "not while state is made; only in on_event, on_sample and on_incident");
    }
    if (!takes_[static_cast<std::size_t>(write)]) {
        refuse(L, function, "only in on_event");
    }
    ++refused;
    refuse(L, function,
           "more than " + std::to_string(meter.limits().effects_max) +
               " effects in one call of the plugin");
}

namespace {

// Away from text_argument, which is called for each text that a plugin hands over.
[[noreturn, gnu::cold]] void refuse_text(lua_State* L, int index, const char* function,
                                         const char* what, std::size_t bytes_max) {
    if (lua_type(L, index) != LUA_TSTRING) {
        Host::refuse(L, function,
                     std::string(what) + " must be a string, not " + luaL_typename(L, index));
    }
    const std::size_t size = lua_rawlen(L, index);
    if (size == 0 || size > bytes_max) {
        Host::refuse(L, function,
                     std::string(what) + " has " + std::to_string(size) + " bytes; expected 1 to " +
                         std::to_string(bytes_max));
    }
    Host::refuse(L, function, std::string(what) + " has control characters or broken UTF-8");
}

}  // namespace

std::string_view text_argument(lua_State* L, int index, const char* function, const char* what,
                               std::size_t bytes_max, Cleanness cleanness) {
    if (lua_type(L, index) != LUA_TSTRING) {
        refuse_text(L, index, function, what, bytes_max);
    }
    std::size_t size = 0;
    const char* bytes = lua_tolstring(L, index, &size);
    const std::string_view text(bytes, size);
    if (size == 0 || size > bytes_max) {
        refuse_text(L, index, function, what, bytes_max);
    }
    Meter::of(L).tick(L, size / 16 + 1);
    if (!is_clean(text, cleanness)) {
        refuse_text(L, index, function, what, bytes_max);
    }
    return text;
}

lua_Integer integer_argument(lua_State* L, int index, const char* function, const char* what,
                             lua_Integer low, lua_Integer high, lua_Integer standard) {
    if (lua_isnoneornil(L, index)) {
        return standard;
    }
    int is_integer = 0;
    const lua_Integer value =
        lua_type(L, index) == LUA_TNUMBER ? lua_tointegerx(L, index, &is_integer) : 0;
    if (is_integer == 0 || value < low || value > high) {
        Host::refuse(L, function,
                     std::string(what) + " must be a whole number from " + std::to_string(low) +
                         " to " + std::to_string(high));
    }
    return value;
}

void arguments_at_most(lua_State* L, int count, const char* function) {
    if (lua_gettop(L) > count) {
        Host::refuse(L, function,
                     "takes " + std::to_string(count) + " arguments at most, not " +
                         std::to_string(lua_gettop(L)));
    }
}

}  // namespace nocturne::plugins
