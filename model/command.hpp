// Command: what an operator tells the engine to do.
#pragma once

#include "model/codec.hpp"
#include "model/position.hpp"
#include "model/time.hpp"

#include <string>
#include <variant>

namespace nocturne::model {

// Hides the raising of alerts that match, never their resolution.
struct AddSilence {
    std::string matchers;      // Alertmanager's syntax; the edge has checked that it parses
    Time starts_at = kNoTime;  // kNoTime: now
    Time ends_at = kNoTime;
    std::string created_by;
    std::string comment;
};

struct ExpireSilence {
    Id silence;
    std::string by;
};

struct AcknowledgeIncident {
    Id incident;
    std::string by;
};

struct ResolveIncident {
    Id incident;
    std::string by;
};

// What a person says the cause was: ground truth for later.
struct LabelIncident {
    Id incident;
    std::string cause;  // a node, or free words
    std::string by;
};

using Command =
    std::variant<AddSilence, ExpireSilence, AcknowledgeIncident, ResolveIncident, LabelIncident>;

void encode(Writer& out, const Command& command);
// Check in.ok() afterwards.
Command decode_command(Reader& in);

}  // namespace nocturne::model
