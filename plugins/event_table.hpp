// An event as a table of the plugin's own: writing to it is seen by nobody else.
#pragma once

#include "model/event.hpp"
#include "plugins/lua_headers.hpp"

namespace nocturne::plugins {

// Pushes the table, with the names of docs/reference/lua.md. For the host's side of a call: the
// caps on memory must not hold.
void push_event_table(lua_State* L, const model::EventView& event);

}  // namespace nocturne::plugins
