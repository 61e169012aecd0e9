#include "plugins/modules.hpp"

#include "plugins/limits.hpp"
#include "plugins/meter.hpp"

#include <algorithm>

namespace nocturne::plugins {

namespace {

constexpr std::string_view kSuffix = ".lua";

const PluginSource::Module* find_module(const PluginSource& source, std::string_view name) {
    const auto module =
        std::find_if(source.modules.begin(), source.modules.end(),
                     [&](const PluginSource::Module& one) { return one.name == name; });
    return module == source.modules.end() ? nullptr : &*module;
}

void push_function(lua_State* L, const PluginSource& source, const PluginSource::Module& module) {
    Meter& meter = Meter::of(L);
    const std::string file =
        module.file.empty() ? file_of_module(source, module.name) : module.file;
    if (module.text.size() > meter.limits().source_bytes_max) {
        luaL_error(L, "require: %s has %d bytes; a file of a plugin may have %d",
                   printable(file, 120).c_str(), static_cast<int>(module.text.size()),
                   static_cast<int>(meter.limits().source_bytes_max));
    }
    meter.tick(L, module.text.size() / 8 + 1);
    const int status =
        luaL_loadbufferx(L, module.text.data(), module.text.size(), ("@" + file).c_str(), "t");
    if (status == LUA_ERRMEM) {
        meter.stop_for_memory(L);
    }
    meter.check(L);
    if (status != LUA_OK) {
        lua_error(L);
    }
}

// Upvalues: the source, the table of what was loaded; there a module that is being loaded is false.
int require(lua_State* L) {
    Meter::of(L).tick(L);
    const auto& source = *static_cast<const PluginSource*>(lua_touserdata(L, lua_upvalueindex(1)));
    if (lua_type(L, 1) != LUA_TSTRING) {
        return luaL_error(L, "require: the name must be a string, not %s", luaL_typename(L, 1));
    }
    lua_settop(L, 1);
    lua_pushvalue(L, 1);
    if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) {
        if (lua_isboolean(L, -1) != 0 && lua_toboolean(L, -1) == 0) {
            return luaL_error(L, "require: module \"%s\" requires itself", lua_tostring(L, 1));
        }
        return 1;
    }
    std::size_t length = 0;
    const char* bytes = lua_tolstring(L, 1, &length);
    const PluginSource::Module* module = find_module(source, {bytes, length});
    if (module == nullptr) {
        return luaL_error(
            L,
            "require: there is no module \"%s\"; it takes the plain name of a file of "
            "the plugin's own folder, without path and .lua",
            printable({bytes, length}, 60).c_str());
    }
    lua_pushvalue(L, 1);
    lua_pushboolean(L, 0);
    lua_rawset(L, lua_upvalueindex(2));
    push_function(L, source, *module);
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, lua_upvalueindex(2));
    return 1;
}

}  // namespace

std::string file_of_module(const PluginSource& source, std::string_view module) {
    std::string_view folder = source.file;
    if (folder.ends_with(kSuffix)) {
        folder.remove_suffix(kSuffix.size());
    }
    return std::string(folder) + "/" + std::string(module) + std::string(kSuffix);
}

void add_require(lua_State* L, const PluginSource& source) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_pushlightuserdata(L, const_cast<PluginSource*>(&source));
    lua_newtable(L);
    lua_pushcclosure(L, require, 2);
    lua_setfield(L, -2, "require");
    lua_pop(L, 1);
}

}  // namespace nocturne::plugins
