// Who may use the HTTP interface, as the configuration and its token file say.
#pragma once

#include "gateway/access.hpp"
#include "model/result.hpp"
#include "rules/configuration.hpp"

#include <vector>

namespace nocturne::cli {

struct HttpAccess {
    gateway::AccessRules rules;
    std::vector<Error> problems;  // with any, do not use the rest
};

// Reads the token file, if one is named.
HttpAccess read_http_access(const rules::Configuration& configuration);

}  // namespace nocturne::cli
