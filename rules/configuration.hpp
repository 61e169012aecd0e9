// The configuration file, nocturne.yaml: text in, settings and every problem with its place out.
#pragma once

#include "model/event_json.hpp"
#include "model/playbook_settings.hpp"
#include "model/plugins_revision.hpp"
#include "model/result.hpp"
#include "model/settings.hpp"
#include "model/time.hpp"
#include "rules/action_settings.hpp"
#include "rules/chat_settings.hpp"
#include "rules/topology_source.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

// What `nocturne run` does. Each default is what it does without a file. See
// docs/reference/configuration.md.
struct Configuration {
    std::filesystem::path data = "nocturne-data";
    std::string log_level = "info";
    std::vector<std::filesystem::path> topology;
    std::vector<TopologySource> topology_sources;
    std::vector<std::filesystem::path> rules;    // files, or folders of them
    std::vector<std::string> packs;              // shipped ones, by name
    std::vector<std::filesystem::path> plugins;  // Lua files, or folders of them
    std::vector<model::PluginValue> plugin_values;
    std::vector<model::PluginStance> plugin_stances;

    std::string zmq_pull = "tcp://127.0.0.1:5555";  // empty: this socket is not opened
    std::string zmq_ack = "tcp://127.0.0.1:5556";
    std::string zmq_pub = "tcp://127.0.0.1:5557";
    std::filesystem::path curve_secret_key_file;  // empty: no encryption, no authentication
    std::vector<std::string> curve_client_keys;
    std::string http = "127.0.0.1:9193";
    std::filesystem::path http_tokens;    // empty: nobody is asked for a token
    std::vector<std::string> http_hosts;  // names that it may be called by, in lower case
    bool http_open = false;               // beyond loopback even without tokens

    model::Settings settings;
    model::EventLimits limits;

    std::vector<SecretSource> secrets;
    ActionSettings actions;
    ChatSettings chat;
    model::PlaybookSettings playbook_settings;
    std::vector<std::filesystem::path> playbooks;  // Lua files, or folders of them
    std::vector<model::PluginValue> playbook_values;

    model::Duration journal_keep = std::chrono::days(7);
    model::Duration history_keep = std::chrono::days(90);
    model::Duration snapshot_every = std::chrono::minutes(10);
};

struct ConfigurationFile {
    Configuration configuration;  // what is wrong is left at its default
    std::vector<Error>
        problems;  // all of them, in the order of their places; with any, do not use the rest
};

// Paths in the text are relative to the folder of `file_name`.
ConfigurationFile parse_configuration(std::string_view yaml, const std::string& file_name);

// Only a file that cannot be read is an error here.
Result<ConfigurationFile> read_configuration(const std::filesystem::path& path);

}  // namespace nocturne::rules
