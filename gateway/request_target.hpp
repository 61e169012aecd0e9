// The target of a request, decoded: the path's parts and the query of a URL.
#pragma once

#include "model/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::gateway {

// A target of a request, decoded: "/api/v1/alerts?filter=a%3Db" -> {"api","v1","alerts"},
// {{"filter","a=b"}}.
struct Target {
    std::vector<std::string> path;
    std::vector<std::pair<std::string, std::string>> query;

    // The last value of that name.
    std::optional<std::string_view> find(std::string_view name) const;
};

Result<Target> parse_target(std::string_view target);

}  // namespace nocturne::gateway
