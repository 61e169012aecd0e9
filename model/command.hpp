// Command: what an operator tells the engine to do.
#pragma once

#include "model/codec.hpp"
#include "model/fingerprint.hpp"
#include "model/position.hpp"
#include "model/time.hpp"

#include <string>
#include <variant>
#include <vector>

namespace nocturne::model {

// Hides the raising of alerts that match, never their resolution.
struct AddSilence {
    std::string matchers;      // Alertmanager's syntax; the edge has checked that it parses
    Time starts_at = kNoTime;  // kNoTime: now
    Time ends_at = kNoTime;
    std::string created_by;
    std::string comment;
    bool until_clear = false;  // ends as soon as none of the alerts that it hid burns any more
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

// `from` goes into `into`.
struct MergeIncidents {
    Id into;
    Id from;
    std::string by;
};

// These alerts leave their incident and become one of their own.
struct SplitIncident {
    Id incident;
    std::vector<Id> alerts;
    std::string by;
};

// Of what a dedup rule folded into the alert, this identity is an alert of its own from now on.
struct UnmergeIdentity {
    Fingerprint identity;  // as the source sent it
    std::string by;
};

// The new version that runs in shadow beside the old one takes its place.
struct PromotePlugin {
    std::string plugin;
    std::string by;
};

// The new version that runs in shadow goes; without one, the version before comes back.
struct RollbackPlugin {
    std::string plugin;
    std::string by;
};

// Out of quarantine, without waiting for its time.
struct ReleasePlugin {
    std::string plugin;
    std::string by;
};

struct SetPluginMode {
    std::string plugin;
    std::string mode;  // shadow, suggest, approve, auto; "": as the configuration or its table say
    std::string by;
};

using Command = std::variant<AddSilence, ExpireSilence, AcknowledgeIncident, ResolveIncident,
                             LabelIncident, MergeIncidents, SplitIncident, UnmergeIdentity,
                             PromotePlugin, RollbackPlugin, ReleasePlugin, SetPluginMode>;

void encode(Writer& out, const Command& command);
// Check in.ok() afterwards.
Command decode_command(Reader& in);

}  // namespace nocturne::model
