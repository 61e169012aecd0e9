// Input: all that can change the engine's state, in one order, through the journal.
#pragma once

#include "model/command.hpp"
#include "model/event.hpp"
#include "model/plugins_revision.hpp"
#include "model/position.hpp"
#include "model/rules_revision.hpp"
#include "model/settings.hpp"
#include "model/time.hpp"
#include "model/topology_change.hpp"

#include <string>
#include <variant>

namespace nocturne::model {

// Time passed, and something is due.
struct Tick {};

struct Input {
    // The index is the journal row's kind: new ones go to the end.
    using Body = std::variant<EventBatch, TopologyChange, Command, Tick, Settings, RulesRevision,
                              PluginsRevision, PluginKilled, Checkpoint>;

    Position position = 0;  // given by the journal
    Time at = kNoTime;      // when it arrived: the core's clock
    Body body;
};

// The kind of journal rows that tell of kills.
inline constexpr std::uint8_t kPluginKilledKind = 7;

// The body alone: position and time are columns of the journal.
std::string encode_body(const Input::Body& body);
Result<Input::Body> decode_body(std::string_view bytes);

}  // namespace nocturne::model
