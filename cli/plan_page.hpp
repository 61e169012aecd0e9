// What a playbook would propose, as a page for people and as JSON.
#pragma once

#include "model/json_writer.hpp"
#include "model/run.hpp"

#include <string>

namespace nocturne::cli {

// The lines under each other, without margin.
std::string plan_page(const model::PlanProposed& proposed);
// An object with the members of docs/reference/playbooks.md, and the plan's hash.
void write_plan(model::JsonWriter& out, const model::PlanProposed& proposed);

}  // namespace nocturne::cli
