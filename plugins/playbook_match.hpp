// Whether an incident is one that a playbook is for.
#pragma once

#include "plugins/playbook.hpp"
#include "plugins/world.hpp"

#include <string>

namespace nocturne::plugins {

// Empty: it is. Else what does not hold, for people: `first suspect: type is "disk", wanted
// type="instance"`. Calls no Lua.
std::string why_not_for(const When& when, const IncidentSight& incident, const World& world);

}  // namespace nocturne::plugins
