// What a daemon runs with: the configuration file, and above it what the command line says.
#pragma once

#include "model/result.hpp"
#include "rules/configuration.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nocturne::cli {

// The command line of `nocturne run`; what is not given is left to the file.
struct RunOptions {
    std::string config;  // empty: nocturne.yaml, if it is there
    std::optional<std::string> data;
    std::optional<std::string> zmq_pull;
    std::optional<std::string> zmq_ack;
    std::optional<std::string> zmq_pub;
    std::optional<std::string> http;
    std::optional<std::string> log_level;
    std::vector<std::string> topology;
    std::vector<std::string> rules;
};

inline constexpr const char* kConfigurationFile = "nocturne.yaml";

struct DaemonConfiguration {
    rules::Configuration configuration;
    std::string file;             // "" when there is none: the defaults hold
    std::vector<Error> problems;  // with any, do not use the rest
};

// Called at the start and at each reload.
DaemonConfiguration read_daemon_configuration(const RunOptions& options);

// The keys in which two configurations differ and that only a restart can change: "http, data".
std::string restart_needed(const rules::Configuration& running, const rules::Configuration& wanted);

}  // namespace nocturne::cli
