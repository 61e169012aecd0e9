// The parameters of a URL, checked; errors name the parameter and what would be right.
#pragma once

#include "gateway/request_target.hpp"
#include "model/position.hpp"
#include "model/result.hpp"

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace nocturne::gateway {

// Invalid when there is one that is not known.
Status check_parameters(const Target& target, std::initializer_list<std::string_view> known);

// `otherwise` when it is not there.
Result<std::size_t> parse_count(const Target& target, std::string_view name, std::size_t otherwise);

// "limit", at most 100,000.
Result<std::size_t> parse_limit(const Target& target, std::size_t otherwise);

// Absent is no; present without a value is yes.
Result<bool> parse_flag(const Target& target, std::string_view name);

// "incident"; nothing when it is not there.
Result<std::optional<model::Id>> parse_incident(const Target& target);

}  // namespace nocturne::gateway
