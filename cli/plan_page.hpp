// What a playbook would propose, as a page for people.
#pragma once

#include "model/run.hpp"

#include <string>

namespace nocturne::cli {

// The lines under each other, without margin.
std::string plan_page(const model::PlanProposed& proposed);

}  // namespace nocturne::cli
