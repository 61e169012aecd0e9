// The C interface of Lua, and nothing else: only sources of this room include it.
//
// We link the C++ build of Lua: its errors are C++ exceptions (of a type that it keeps to itself),
// so destructors run. No catch (...) may stand around a call into Lua, for it would eat a kill.
#pragma once

#include <lua.hpp>
