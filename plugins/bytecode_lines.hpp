// Which lines of a file have code: of all its functions, whether they were ever made or not.
#pragma once

#include "plugins/lua_headers.hpp"

#include <vector>

namespace nocturne::plugins {

// Of the chunk on top of the stack, which stays there; sorted. Lua tells of a function only while
// it is there, so this reads what lua_dump writes of the chunk (Lua 5.4).
std::vector<int> lines_with_code(lua_State* L);

}  // namespace nocturne::plugins
