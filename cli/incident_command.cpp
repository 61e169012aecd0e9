#include "cli/incident_command.hpp"

#include "cli/json_text.hpp"
#include "model/json_writer.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

namespace nocturne::cli {

std::shared_ptr<IncidentCommand> add_incident_options(CLI::App& command) {
    auto options = std::make_shared<IncidentCommand>();
    command.add_option("id", options->id, "an incident, e.g. I1042-3")
        ->required()
        ->option_text("ID");
    command
        .add_option("--by", options->by,
                    "who does it, for the timeline (NOCTURNE_USER, or the user of this shell)")
        ->option_text("NAME");
    options->server = add_server_options(command);
    return options;
}

int send_incident_command(const IncidentCommand& command, const std::string& verb) {
    model::JsonWriter body;
    body.begin_object().member("by", command.by);
    if (!command.cause.empty()) {
        body.member("cause", command.cause);
    }
    if (!command.from.empty()) {
        body.member("from", command.from);
    }
    if (!command.alerts.empty()) {
        body.key("alerts").begin_array();
        for (const std::string& alert : command.alerts) {
            body.text(alert);
        }
        body.end_array();
    }
    body.end_object();
    const std::string path = "/api/v1/incidents/" + gateway::url_encode(command.id) + "/" + verb;
    return answer(Server(*command.server).post(path, body.json()), *command.server->format,
                  [](const boost::json::value& incident, const PageOptions&) {
                      const std::string cause = text_of(incident, "cause");
                      return text_of(incident, "id") + " is " + text_of(incident, "state") +
                             (cause.empty() ? "" : ", cause: " + cause) + "\n";
                  });
}

}  // namespace nocturne::cli
