// The arguments of an action, read by name, with an error for each that is not known or not right.
#pragma once

#include "model/plan.hpp"
#include "model/result.hpp"
#include "model/time.hpp"

#include <span>
#include <string>
#include <string_view>

namespace nocturne::gateway {

// Empty when it is not there.
std::string_view argument_of(const model::Action& action, std::string_view name);

// An Error that names what is known for one that is neither in `known` nor begins with `prefix`.
Status check_arguments(const model::Action& action, std::span<const std::string_view> known,
                       std::string_view prefix = "");

// "30s", at most `most`; `otherwise` when it is not there.
Result<model::Duration> duration_argument(const model::Action& action, std::string_view name,
                                          model::Duration otherwise, model::Duration most);

}  // namespace nocturne::gateway
