// nocturne.table, nocturne.changes, nocturne.past: what the operator and the engine know.
#include "plugins/host.hpp"

#include <algorithm>

namespace nocturne::plugins {

namespace {

constexpr std::size_t kNameBytesMax = 4096;
constexpr lua_Integer kListedMax = 100;
constexpr lua_Integer kListedStandard = 10;

void set(lua_State* L, const char* key, std::string_view text) {
    lua_pushlstring(L, text.data(), text.size());
    lua_setfield(L, -2, key);
}

// Upvalue: the table. A row is a table of the plugin's own, or nil.
int index_lookup(lua_State* L) {
    Host& host = Host::of(L);
    const auto& lookup = *static_cast<const LookupTable*>(lua_touserdata(L, lua_upvalueindex(1)));
    host.enter(L, "nocturne.table");
    std::size_t length = 0;
    const char* bytes = lua_type(L, 2) == LUA_TSTRING ? lua_tolstring(L, 2, &length) : nullptr;
    const std::vector<std::string>* row = bytes == nullptr ? nullptr : lookup.find({bytes, length});
    if (row == nullptr) {
        lua_pushnil(L);
        return 1;
    }
    const std::vector<std::string>& columns = lookup.table().columns;
    lua_createtable(L, 0, static_cast<int>(columns.size()));
    for (std::size_t i = 0; i < columns.size() && i < row->size(); ++i) {
        host.meter.tick(L);
        lua_pushlstring(L, columns[i].data(), columns[i].size());
        lua_pushlstring(L, (*row)[i].data(), (*row)[i].size());
        lua_rawset(L, -3);
    }
    return 1;
}

int length_of_lookup(lua_State* L) {
    const auto& lookup = *static_cast<const LookupTable*>(lua_touserdata(L, lua_upvalueindex(1)));
    lua_pushinteger(L, static_cast<lua_Integer>(lookup.table().rows.size()));
    return 1;
}

int refuse_write(lua_State* L) {
    return luaL_error(L, "a table of nocturne.table is read-only");
}

int refuse_pairs(lua_State* L) {
    return luaL_error(L, "a table of nocturne.table is asked by key, not walked through");
}

void push_lookup(lua_State* L, const LookupTable& lookup) {
    lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 6);
    const auto add = [&](const char* name, lua_CFunction function) {
        lua_pushlightuserdata(L, const_cast<LookupTable*>(&lookup));
        lua_pushcclosure(L, function, 1);
        lua_setfield(L, -2, name);
    };
    add("__index", index_lookup);
    add("__len", length_of_lookup);
    add("__newindex", refuse_write);
    add("__pairs", refuse_pairs);
    set(L, "__name", "nocturne.table");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

int table(lua_State* L) {
    constexpr const char* kName = "nocturne.table";
    Host& host = Host::of(L);
    host.enter(L, kName);
    arguments_at_most(L, 1, kName);
    const std::string_view name =
        text_argument(L, 1, kName, "the name", kNameBytesMax, Cleanness::Name);
    const auto& wanted = host.manifest.wants.tables;
    const auto known = std::find_if(host.tables.begin(), host.tables.end(),
                                    [&](const auto& one) { return one->table().name == name; });
    if (known == host.tables.end() ||
        std::find(wanted.begin(), wanted.end(), name) == wanted.end()) {
        host.need(L, false, kName,
                  ("wants = { tables = {\"" + printable(name, 60) + "\"} }").c_str());
    }
    push_lookup(L, **known);
    return 1;
}

int changes(lua_State* L) {
    constexpr const char* kName = "nocturne.changes";
    Host& host = Host::of(L);
    host.enter(L, kName);
    host.need(L, host.manifest.wants.changes, kName, "wants = { changes = true }");
    const World& world = host.world_of_call(L, kName);
    arguments_at_most(L, 2, kName);
    const std::string_view node =
        text_argument(L, 1, kName, "the node", kNameBytesMax, Cleanness::Name);
    const lua_Integer max =
        integer_argument(L, 2, kName, "how many", 1, kListedMax, kListedStandard);
    const std::vector<SeenChange> seen = world.changes_on(node, static_cast<std::size_t>(max));
    lua_createtable(L, static_cast<int>(seen.size()), 0);
    for (std::size_t i = 0; i < seen.size(); ++i) {
        host.meter.tick(L, 4);
        lua_createtable(L, 0, 4);
        lua_pushinteger(L, model::to_unix_ms(seen[i].time));
        lua_setfield(L, -2, "time");
        set(L, "resource", seen[i].resource);
        set(L, "what", seen[i].what);
        set(L, "summary", seen[i].summary);
        lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
    }
    return 1;
}

int past(lua_State* L) {
    constexpr const char* kName = "nocturne.past";
    Host& host = Host::of(L);
    host.enter(L, kName);
    host.need(L, host.manifest.wants.history, kName, "wants = { history = true }");
    const World& world = host.world_of_call(L, kName);
    arguments_at_most(L, 1, kName);
    const lua_Integer max =
        integer_argument(L, 1, kName, "how many", 1, kListedMax, kListedStandard);
    if (host.stage != Host::Stage::Incident && host.stage != Host::Stage::Plan) {
        Host::refuse(L, kName, "only in on_incident and plan: it tells what is like that incident");
    }
    const std::vector<SeenIncident> seen = world.alike(static_cast<std::size_t>(max));
    lua_createtable(L, static_cast<int>(seen.size()), 0);
    for (std::size_t i = 0; i < seen.size(); ++i) {
        host.meter.tick(L, 4);
        lua_createtable(L, 0, 4);
        set(L, "id", seen[i].id);
        lua_pushinteger(L, model::to_unix_ms(seen[i].opened_at));
        lua_setfield(L, -2, "opened_at");
        set(L, "cause", seen[i].cause);
        lua_pushnumber(L, seen[i].likeness);
        lua_setfield(L, -2, "likeness");
        lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
    }
    return 1;
}

}  // namespace

void add_lookup_functions(lua_State* L) {
    static constexpr luaL_Reg kFunctions[] = {
        {"changes", changes}, {"past", past}, {"table", table}, {nullptr, nullptr}};
    luaL_setfuncs(L, kFunctions, 0);
}

}  // namespace nocturne::plugins
