// An incident as a table of the plugin's own: writing to it is seen by nobody else.
#pragma once

#include "plugins/lua_headers.hpp"
#include "plugins/world.hpp"

namespace nocturne::plugins {

// Pushes the table, with the names of docs/reference/lua.md. Outside a run.
void push_incident_table(lua_State* L, const IncidentSight& incident);
// Below the top the incident's table, on top the parameters, which go: pushes what plan() gets
// beside the incident, { parameters =, suspect = the incident's first, or nil }, read-only.
void push_plan_context(lua_State* L);

}  // namespace nocturne::plugins
