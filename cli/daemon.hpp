// Daemon: the wiring of `nocturne run`. Starting is a list of named steps, stopping is the same
// list backwards.
#pragma once

#include "cli/daemon_configuration.hpp"
#include "cli/plugins_reading.hpp"
#include "cli/rules_reading.hpp"
#include "engine/loop.hpp"
#include "gateway/access.hpp"
#include "gateway/chat/chat.hpp"
#include "gateway/chat/engine_backend.hpp"
#include "gateway/dead_letters.hpp"
#include "gateway/effect_feed.hpp"
#include "gateway/http_server.hpp"
#include "gateway/ingest.hpp"
#include "gateway/outboxes.hpp"
#include "gateway/remediation/dry_runs.hpp"
#include "gateway/remediation/planner.hpp"
#include "gateway/remediation/runner.hpp"
#include "gateway/topology_feed.hpp"
#include "gateway/zmq_server.hpp"
#include "model/result.hpp"
#include "store/store.hpp"

#include <spdlog/logger.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <mutex>

namespace nocturne::cli {

class Daemon {
   public:
    explicit Daemon(RunOptions options);
    ~Daemon();

    // Starts, serves until SIGTERM or SIGINT, stops. Gives the exit code.
    int run();

   private:
    struct Step;

    // The steps, in the order in which they are taken.
    Status take_signals();
    Status read_configuration();
    Status open_store();
    Status start_loop();
    Status load_topology();
    Status load_rules();
    Status load_plugins();
    Status load_playbook_settings();
    Status load_playbooks();
    Status pull_topology();
    Status bind_zmq();
    Status open_chat();
    Status start_runner();
    Status start_dry_runs();
    Status bind_http();
    Status tell_ready();
    void tell_stopping();
    void close_http();
    void stop_dry_runs();
    void stop_runner();
    void close_chat();
    void stop_planner();
    void stop_pulling();
    void stop_receiving();
    void stop_loop();
    void close_store();

    void nothing() {}

    void serve();
    void watch_journal();
    // All or nothing: with any problem the old configuration stays. From any thread.
    Status reload(const gateway::Caller& caller);
    Status tell_topology(const std::vector<std::filesystem::path>& files,
                         const model::TopologyChange& change, const gateway::Caller& caller);
    Status tell_rules(const RulesReading& reading, const gateway::Caller& caller);
    Status tell_plugins(const PluginsReading& reading, const gateway::Caller& caller);
    Status tell_playbook_settings(const model::PlaybookSettings& settings,
                                  const gateway::Caller& caller);
    Status do_reload(const gateway::Caller& caller);
    void note_chat(const gateway::ChatNote& said);
    void append_metrics(std::string& out) const;

    const RunOptions options_;
    const std::shared_ptr<spdlog::logger> log_;  // shared: as spdlog hands loggers out
    sigset_t signals_{};
    bool is_journal_well_ = true;

    std::atomic<bool> is_last_reload_good_{true};
    std::atomic<std::int64_t> last_good_reload_s_{0};  // seconds since 1970

    std::atomic<std::shared_ptr<const rules::RuleSet>> rules_;  // shared: swapped whole at reload

    std::mutex chat_notes_mutex_;
    int chat_notes_ = 0;  // refusals that were audited this minute
    std::chrono::time_point<std::chrono::steady_clock, std::chrono::minutes> chat_minute_{};

    std::mutex reloading_;
    rules::Configuration configuration_;  // guarded by reloading_ once we serve

    // In the order of dependence.
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<gateway::DeadLetters> dead_letters_;
    gateway::EffectFeed feed_;
    gateway::Runner runner_;
    gateway::Planner planner_;
    gateway::Outboxes outboxes_{{&feed_, &runner_, &planner_}};
    std::unique_ptr<engine::Loop> loop_;
    std::unique_ptr<gateway::Ingest> ingest_;
    std::unique_ptr<gateway::TopologyFeed> topology_;
    std::unique_ptr<gateway::EngineBackend> chat_backend_;
    std::unique_ptr<gateway::Chat> chat_;
    std::unique_ptr<gateway::DryRuns> dry_runs_;
    std::unique_ptr<gateway::ZmqServer> zmq_;
    std::shared_ptr<gateway::Access> access_;  // shared: with requests under way
    std::unique_ptr<gateway::HttpServer> http_;
};

}  // namespace nocturne::cli
