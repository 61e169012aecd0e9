#include "cli/daemon_configuration.hpp"

#include <filesystem>
#include <utility>

namespace nocturne::cli {

namespace {

bool are_equal(const model::EventLimits& a, const model::EventLimits& b) {
    return a.event_bytes_max == b.event_bytes_max && a.labels_max == b.labels_max &&
           a.annotations_max == b.annotations_max && a.text_bytes_max == b.text_bytes_max &&
           a.summary_bytes_max == b.summary_bytes_max;
}

}  // namespace

DaemonConfiguration read_daemon_configuration(const RunOptions& options) {
    DaemonConfiguration read;
    std::error_code ignored;
    if (!options.config.empty() || std::filesystem::exists(kConfigurationFile, ignored)) {
        read.file = options.config.empty() ? kConfigurationFile : options.config;
        Result<rules::ConfigurationFile> file = rules::read_configuration(read.file);
        if (!file) {
            read.problems.push_back(file.error());
            return read;
        }
        read.configuration = std::move(file->configuration);
        read.problems = std::move(file->problems);
    }
    rules::Configuration& to = read.configuration;
    to.data = options.data.value_or(to.data.string());
    to.zmq_pull = options.zmq_pull.value_or(to.zmq_pull);
    to.zmq_ack = options.zmq_ack.value_or(to.zmq_ack);
    to.zmq_pub = options.zmq_pub.value_or(to.zmq_pub);
    to.http = options.http.value_or(to.http);
    to.log_level = options.log_level.value_or(to.log_level);
    if (!options.topology.empty()) {
        to.topology.assign(options.topology.begin(), options.topology.end());
    }
    if (!options.rules.empty()) {
        to.rules.assign(options.rules.begin(), options.rules.end());
    }
    return read;
}

std::string restart_needed(const rules::Configuration& running,
                           const rules::Configuration& wanted) {
    const std::pair<const char*, bool> parts[] = {
        {"data", running.data == wanted.data},
        {"zmq", running.zmq_pull == wanted.zmq_pull && running.zmq_ack == wanted.zmq_ack &&
                    running.zmq_pub == wanted.zmq_pub &&
                    running.curve_secret_key_file == wanted.curve_secret_key_file &&
                    running.curve_client_keys == wanted.curve_client_keys},
        {"http", running.http == wanted.http},
        {"limits", are_equal(running.limits, wanted.limits)},
        {"secrets", running.secrets == wanted.secrets},
        {"actions.workers", running.actions.workers == wanted.actions.workers},
        {"chat.channels", running.chat.channels == wanted.chat.channels &&
                              running.chat.update_interval == wanted.chat.update_interval},
        {"retention", running.journal_keep == wanted.journal_keep &&
                          running.history_keep == wanted.history_keep &&
                          running.snapshot_every == wanted.snapshot_every},
    };
    std::string list;
    for (const auto& [name, same] : parts) {
        list += same ? "" : (list.empty() ? "" : ", ") + std::string(name);
    }
    return list;
}

}  // namespace nocturne::cli
