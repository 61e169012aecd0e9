#include "cli/http_access.hpp"

#include <utility>

namespace nocturne::cli {

HttpAccess read_http_access(const rules::Configuration& configuration) {
    HttpAccess access;
    access.rules.hosts = configuration.http_hosts;
    access.rules.is_open = configuration.http_open;
    if (configuration.http_tokens.empty()) {
        return access;
    }
    Result<rules::TokenFile> file = rules::read_tokens(configuration.http_tokens);
    if (!file) {
        access.problems.push_back(file.error());
        return access;
    }
    access.problems = std::move(file->problems);
    access.rules.tokens = std::move(file->tokens);
    return access;
}

}  // namespace nocturne::cli
