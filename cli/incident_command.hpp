// What `ack`, `resolve` and `label` share: a command to one incident, noted with who gave it.
#pragma once

#include "cli/server.hpp"

#include <memory>
#include <string>

namespace nocturne::cli {

struct IncidentCommand {
    std::string id;
    std::string by = this_person();
    std::string from;                 // to merge
    std::vector<std::string> alerts;  // to split off
    std::string cause;                // of `label` only
    std::shared_ptr<ServerOptions> server;
};

// Adds the id, --by and the server's options.
std::shared_ptr<IncidentCommand> add_incident_options(CLI::App& command);

// POSTs to /api/v1/incidents/<id>/<verb>; prints the incident's state after it.
int send_incident_command(const IncidentCommand& command, const std::string& verb);

}  // namespace nocturne::cli
