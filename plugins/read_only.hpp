// Tables that the host lends: as tables to read, and nothing a plugin can do changes them.
#pragma once

#include "plugins/lua_headers.hpp"

#include <cstdint>

namespace nocturne::plugins {

enum class MissingKey : std::uint8_t { IsNil, IsError };

// Takes the table on top of the stack and pushes a view of it: an object that rawset, setmetatable
// and the table library refuse. Reading costs what a table costs. `kind`: as messages and tostring
// name it. A key that is not there is nil, or an error that names the nearest one.
void make_read_only(lua_State* L, const char* kind, MissingKey missing);

}  // namespace nocturne::plugins
