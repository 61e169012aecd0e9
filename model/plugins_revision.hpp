// PluginsRevision, PluginKilled, Checkpoint: what the engine is told about plugins. The files as
// people wrote them are an input, so that a replay runs the plugins of the time; a kill depends on
// the clock, so it is one too. See docs/decisions/0013-kills-and-checkpoints.md.
#pragma once

#include "model/codec.hpp"
#include "model/position.hpp"
#include "model/rules_revision.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nocturne::model {

// A plugin's file, and the other .lua files of its own folder.
struct PluginFile {
    struct Module {
        std::string name;  // as require() has it
        std::string text;

        friend bool operator==(const Module&, const Module&) = default;
    };

    std::string name;  // as messages have it: "plugins/owner.lua"
    std::string text;
    std::vector<Module> modules;

    friend bool operator==(const PluginFile&, const PluginFile&) = default;
};

// A parameter as the configuration sets it; later ones win.
struct PluginValue {
    std::string plugin;
    std::string parameter;
    std::string value;  // as people write it
    std::string scope;  // matchers over resource, type, check and labels; "" is everywhere
    std::string place;  // "nocturne.yaml:14:7"

    friend bool operator==(const PluginValue&, const PluginValue&) = default;
};

// How the configuration wants a plugin to be run.
struct PluginStance {
    std::string plugin;
    std::string mode;             // "": as its table says
    bool tries_versions = false;  // `canary: shadow`: a new version runs beside the old one first

    friend bool operator==(const PluginStance&, const PluginStance&) = default;
};

struct PluginsRevision {
    std::vector<PluginFile> files;
    std::vector<RuleFile> tables;  // CSV, by the name that plugins give
    std::vector<PluginValue> values;
    std::vector<PluginStance> stances;

    friend bool operator==(const PluginsRevision&, const PluginsRevision&) = default;
};

// A call was ended from outside. (position, handler, call) name the call: a replay leaves it out.
struct PluginKilled {
    Position position = 0;  // of the input at which it was called
    std::string plugin;
    std::string version;     // hash of its source
    std::string handler;     // "on_event"
    std::uint32_t call = 0;  // the event's index in its input; of on_incident, how many came before
    std::string verdict;     // "killed_time", "killed_memory"
    std::string message;     // for people

    friend bool operator==(const PluginKilled&, const PluginKilled&) = default;
};

// All plugins are made anew from their saved state. What one keeps elsewhere is lost now, and not
// at some crash.
struct Checkpoint {};

void encode(Writer& out, const PluginsRevision& revision);
void encode(Writer& out, const PluginKilled& kill);
// Check in.ok() afterwards.
PluginsRevision decode_plugins_revision(Reader& in);
PluginKilled decode_plugin_killed(Reader& in);

}  // namespace nocturne::model
