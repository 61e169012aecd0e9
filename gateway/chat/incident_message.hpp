// IncidentMessage: what a chat is told of an incident, before any medium gives it its form.
#pragma once

#include "model/result.hpp"
#include "model/severity.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

// A button says the same as the command, by the person who presses it.
struct ChatButton {
    std::string label;    // "Approve"
    std::string command;  // "approve R1042-0 1a2b3c4d5e6f"
    bool is_danger = false;
};

// A plan, and how far it has come.
struct ShownRun {
    std::string run;
    std::string hash;  // whole
    std::string playbook;
    std::string summary;
    std::string risk;
    std::string state;               // "awaiting_approval"
    std::string reason;              // why it is not further, or how it ended; may be empty
    std::vector<std::string> steps;  // "done: restart cart-3 (command restart-unit unit=cart-3)"
    std::string question;            // that somebody must answer; mostly empty
    bool awaits_approval = false;
};

struct IncidentMessage {
    std::string id;
    std::string state;
    model::Severity severity = model::Severity::Warning;
    std::string title;
    std::string opened_at;
    std::string suspect;  // empty: none is named
    std::string share;    // "98 %", of the suspect
    std::string reason;   // why we think so
    std::string doubt;    // why not to trust it; may be empty
    std::string impact;
    std::vector<std::string> changes;
    std::optional<ShownRun> run;
    std::vector<ChatButton> buttons;

    bool is_over() const { return state == "resolved" || state == "merged"; }
};

// Of an incident's JSON and, when there is one, of what its first suspect would hurt
// (engine::render_impact). All texts become printable.
Result<IncidentMessage> make_incident_message(std::string_view incident_json,
                                              std::string_view impact_json,
                                              std::optional<ShownRun> run);

// The lines that people read, from the headline on.
std::vector<std::string> lines_of(const IncidentMessage& message);

// "critical I12-0 open: orders-db: 2 alerts on 2 nodes".
std::string headline(const IncidentMessage& message);

// "run R12-0 (restart-stateless) rolled back: step 1 ...".
std::string tell_state(const ShownRun& run);

// What is worth a new line where nothing can be updated in place: state, severity, suspect, run.
std::string essence(const IncidentMessage& message);

// "critical I12-0 open: title" a line.
Result<std::string> list_incidents(std::string_view incidents_json);
// The answers of engine::render_why as lines.
Result<std::string> tell_why(std::string_view why_json);

}  // namespace nocturne::gateway
