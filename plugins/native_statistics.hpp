// The statistics of plugins/statistics/ as objects of Lua: the table nocturne.stats.
//
// An object is a userdata: plugins call its methods, cannot see or change its metatable, and have
// its memory charged to their Meter. It is freed by a finalizer of ours, which plugins cannot have.
// docs/reference/statistics.md has the constructors and methods.
#pragma once

#include "model/codec.hpp"
#include "plugins/lua_headers.hpp"

namespace nocturne::plugins {

// Pushes the table of constructors and functions. Called once a state, within a protected call.
void add_native_statistics(lua_State* L);

// Is the value at this place one of these objects?
bool is_native(lua_State* L, int index);

// is_native() holds. Takes no memory of Lua's and raises nothing; two free places on the stack, as
// is_native().
void encode_native(lua_State* L, int index, model::Writer& out);

// Pushes the object that was encoded, which goes on as the other did. False, and nothing is pushed,
// when the bytes are not one. Within a protected call: may raise for want of memory.
bool push_native(lua_State* L, model::Reader& in);

}  // namespace nocturne::plugins
