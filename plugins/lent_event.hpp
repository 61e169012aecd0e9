// The event as a handler sees it: read-only, lent for one call and dead afterwards.
//
// It is a light userdata, a number with the call's generation in it, so lending costs nothing and
// what was kept of an earlier call is known by its number.
#pragma once

#include "plugins/host.hpp"
#include "plugins/lua_headers.hpp"

namespace nocturne::plugins {

// Once, outside a run.
void add_lent_event(lua_State* L, Host& host);

// The event of the call at hand.
void push_lent_event(lua_State* L, const Host& host);

}  // namespace nocturne::plugins
