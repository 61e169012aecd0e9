// The world that a plugin sees: built from nothing, by an allow list. Each file safe_*.cpp gives
// one library of it.
#pragma once

#include "plugins/lua_headers.hpp"

#include <cstddef>

namespace nocturne::plugins {

// Makes the globals of the state, and its registry's globals are these. May raise.
void build_environment(lua_State* L);

// Each adds its functions to the table on top of the stack, which has those of stock Lua's library
// that need no care already.
void add_safe_base(lua_State* L);
void add_safe_string(lua_State* L);
void add_safe_patterns(lua_State* L);
void add_safe_table(lua_State* L);
void add_safe_coroutine(lua_State* L);
void add_safe_math(lua_State* L);
void add_safe_time(lua_State* L);

// pairs() as plugins have it: by sorted keys.
int ordered_pairs(lua_State* L);

// As luaL_tolstring, but without an address: pushes the text.
const char* push_text_of(lua_State* L, int index, std::size_t* length);

}  // namespace nocturne::plugins
