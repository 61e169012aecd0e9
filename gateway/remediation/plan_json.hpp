// What a playbook proposes, as JSON.
#pragma once

#include "model/json_writer.hpp"
#include "model/run.hpp"

namespace nocturne::gateway {

// An object with the members of docs/reference/playbooks.md, and the plan's hash.
void write_plan(model::JsonWriter& out, const model::PlanProposed& proposed);

}  // namespace nocturne::gateway
