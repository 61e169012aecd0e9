// Tables of Lua as JSON, for host functions that take what JSON says elsewhere.
#pragma once

#include "model/json_writer.hpp"
#include "plugins/lua_headers.hpp"

namespace nocturne::plugins {

// Appends the value: texts, numbers, booleans, and tables of them, as lists when they have a first
// element; keys in their order. Raw. Raises an error, which begins with the function's name, for
// what JSON cannot say, more than 16 levels, or a key that is no text.
void write_json(lua_State* L, int index, const char* function, model::JsonWriter& out);

}  // namespace nocturne::plugins
