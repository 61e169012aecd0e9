#include "cli/daemon.hpp"

#include "cli/exit_code.hpp"
#include "cli/http_access.hpp"
#include "cli/output.hpp"
#include "cli/service_manager.hpp"
#include "cli/topology_files.hpp"
#include "cli/version.hpp"
#include "engine/plugin_rack.hpp"
#include "engine/state.hpp"
#include "gateway/metric_text.hpp"

#include <fcntl.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iterator>
#include <utility>

namespace nocturne::cli {

struct Daemon::Step {
    const char* name;
    Status (Daemon::*start)();
    void (Daemon::*stop)();
};

namespace {

// One logger a room, all to stderr.
std::shared_ptr<spdlog::logger> make_loggers() {
    auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();  // shared by the loggers
    std::shared_ptr<spdlog::logger> own;
    for (const char* room : {"topology", "store", "engine", "plugins", "gateway", "cli"}) {
        spdlog::drop(room);
        own = std::make_shared<spdlog::logger>(room, sink);
        spdlog::register_logger(own);
    }
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %n: %v", spdlog::pattern_time_type::utc);
    spdlog::flush_on(spdlog::level::info);
    return own;
}

// The key of the tokens that stand for what is masked: made once, readable for us alone.
Result<rules::Masker::Key> read_mask_key(const std::filesystem::path& path) {
    rules::Masker::Key key{};
    std::string bytes;
    if (std::ifstream in(path, std::ios::binary); in) {
        bytes.assign(std::istreambuf_iterator<char>(in), {});
    } else {
        std::ifstream random("/dev/urandom", std::ios::binary);
        bytes.resize(key.size());
        random.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        const bool is_written =
            random && file >= 0 &&
            ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
            ::fsync(file) == 0;
        if (file >= 0) {
            ::close(file);
        }
        if (!is_written) {
            return fail(ErrorCode::Unavailable, path.string() + ": cannot be written");
        }
    }
    if (bytes.size() != key.size()) {
        return fail(ErrorCode::Damaged, path.string() + ": expected " + std::to_string(key.size()) +
                                            " bytes, found " + std::to_string(bytes.size()) +
                                            "; take it away for a new key (tokens change)");
    }
    std::copy(bytes.begin(), bytes.end(), key.begin());
    return key;
}

// What this process does of its own accord when it starts.
gateway::Caller start_caller() {
    return {"nocturne", {}, "start"};
}

model::AuditNote note_of(const gateway::Caller& caller, std::string action, std::string subject) {
    model::AuditNote note;
    note.actor = caller.name.empty() ? "unknown" : caller.name;
    note.role = caller.role_name();
    note.from = caller.from;
    note.action = std::move(action);
    note.subject = std::move(subject);
    return note;
}

Status all_in_one(const std::vector<Error>& problems) {
    if (problems.empty()) {
        return {};
    }
    constexpr std::size_t kTold = 20;
    std::string text;
    for (std::size_t i = 0; i < std::min(problems.size(), kTold); ++i) {
        text += (i > 0 ? "; " : "") + to_string(problems[i]);
    }
    if (problems.size() > kTold) {
        text += "; and " + std::to_string(problems.size() - kTold) + " more";
    }
    return fail(ErrorCode::Invalid, text);
}

}  // namespace

Daemon::Daemon(RunOptions options) : options_(std::move(options)), log_(make_loggers()) {}

Daemon::~Daemon() = default;

int Daemon::run() {
    static constexpr Step kSteps[] = {
        {"take signals", &Daemon::take_signals, &Daemon::nothing},
        {"read the configuration", &Daemon::read_configuration, &Daemon::nothing},
        {"open the store", &Daemon::open_store, &Daemon::close_store},
        {"recover and start the loop", &Daemon::start_loop, &Daemon::stop_loop},
        {"load the topology", &Daemon::load_topology, &Daemon::nothing},
        {"load the rules", &Daemon::load_rules, &Daemon::nothing},
        {"load the plugins", &Daemon::load_plugins, &Daemon::nothing},
        {"tell what playbooks may do", &Daemon::load_playbook_settings, &Daemon::nothing},
        {"pull the topology", &Daemon::pull_topology, &Daemon::stop_pulling},
        {"load the playbooks", &Daemon::load_playbooks, &Daemon::stop_planner},
        {"open the chat", &Daemon::open_chat, &Daemon::close_chat},
        {"go on with the runs", &Daemon::start_runner, &Daemon::stop_runner},
        {"be ready for dry runs", &Daemon::start_dry_runs, &Daemon::stop_dry_runs},
        {"bind ZeroMQ", &Daemon::bind_zmq, &Daemon::stop_receiving},
        {"bind HTTP", &Daemon::bind_http, &Daemon::close_http},
        {"tell that we are ready", &Daemon::tell_ready, &Daemon::tell_stopping},
    };
    int code = kOk;
    std::size_t taken = 0;
    // A step is named before it is called: under -fsanitize=bounds GCC 12 checks
    // `(this->*kSteps[i].start)()` with an index that it has never set.
    for (; taken < std::size(kSteps); ++taken) {
        const Step& step = kSteps[taken];
        if (const Status status = (this->*step.start)(); !status) {
            log_->error("cannot {}: {}", step.name, sanitise(to_string(status.error())));
            code = kFindings;
            break;
        }
    }
    if (code == kOk) {
        serve();
    }
    while (taken > 0) {
        const Step& step = kSteps[--taken];
        (this->*step.stop)();
    }
    log_->info("stopped");
    return code;
}

// ---- starting ----

// Blocked in every thread that is started from here on; serve() waits for them.
Status Daemon::take_signals() {
    sigemptyset(&signals_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        sigaddset(&signals_, signal);
    }
    if (pthread_sigmask(SIG_BLOCK, &signals_, nullptr) != 0) {
        return fail(ErrorCode::Internal, "the signals cannot be blocked");
    }
    std::signal(SIGPIPE, SIG_IGN);
    return {};
}

Status Daemon::read_configuration() {
    DaemonConfiguration read = read_daemon_configuration(options_);
    NOCTURNE_TRY_STATUS(all_in_one(read.problems));
    configuration_ = std::move(read.configuration);
    spdlog::set_level(spdlog::level::from_str(configuration_.log_level));
    log_->info("nocturne {} configuration={}", version_text(),
               read.file.empty() ? "defaults" : read.file);
    return {};
}

Status Daemon::open_store() {
    NOCTURNE_TRY(store_, store::Store::open(configuration_.data));
    gateway::DeadLetterOptions options;
    options.file = configuration_.data / "dead-letters.jsonl";
    NOCTURNE_TRY(dead_letters_, gateway::DeadLetters::open(std::move(options)));
    return {};
}

Status Daemon::start_loop() {
    engine::LoopOptions options;
    options.settings = configuration_.settings;
    options.journal_keep = configuration_.journal_keep;
    options.history_keep = configuration_.history_keep;
    options.snapshot_every = configuration_.snapshot_every;
    options.plugin_log = [log = spdlog::get("plugins")](const std::string& plugin,
                                                        const std::string& text) {
        for (std::size_t from = 0; from < text.size();) {
            const std::size_t to = std::min(text.find('\n', from), text.size());
            log->info("{}: {}", plugin, sanitise(text.substr(from, to - from)));
            from = to + 1;
        }
    };
    NOCTURNE_TRY(loop_, engine::Loop::start(*store_, outboxes_, std::move(options)));
    ingest_ = std::make_unique<gateway::Ingest>(*loop_, *dead_letters_, configuration_.limits);
    const engine::Recovery& recovery = loop_->recovery();
    for (const std::string& problem : recovery.problems) {
        log_->warn("recovery: {}", sanitise(problem));
    }
    log_->info("recovered data={} snapshot={} inputs_replayed={}", configuration_.data.string(),
               recovery.snapshot_position, recovery.inputs_replayed);
    return {};
}

Status Daemon::load_topology() {
    const TopologyFiles files = read_topology_files(configuration_.topology);
    NOCTURNE_TRY_STATUS(all_in_one(files.problems));
    return tell_topology(configuration_.topology, files.change, start_caller());
}

// Journaled only when it says something new, so that a restart does not repeat it.
Status Daemon::tell_topology(const std::vector<std::filesystem::path>& files,
                             const model::TopologyChange& change, const gateway::Caller& caller) {
    bool is_told = false;
    std::size_t nodes = 0;
    const bool asked = loop_->query_and_wait([&](const engine::Core& core) {
        const topology::Graph& graph = core.state().topology.now();
        is_told = files.empty() || is_already_told(graph, change);
        nodes = graph.node_count();
    });
    if (!asked) {
        return fail(ErrorCode::Unavailable, "the engine is stopping");
    }
    if (is_told) {
        log_->info("topology as before nodes={} files={}", nodes, files.size());
        return {};
    }
    NOCTURNE_TRY(const model::Position position,
                 loop_->submit_and_wait(
                     change, {note_of(caller, "topology.change",
                                      std::to_string(files.size()) + " files, " +
                                          std::to_string(change.nodes.size()) + " services, " +
                                          std::to_string(change.edges.size()) + " edges")}));
    log_->info("topology loaded files={} services={} edges={} position={}", files.size(),
               change.nodes.size(), change.edges.size(), position);
    return {};
}

Status Daemon::load_rules() {
    const RulesReading reading = read_rules(configuration_.rules, configuration_.packs);
    NOCTURNE_TRY_STATUS(status_of(reading));
    NOCTURNE_TRY_STATUS(tell_rules(reading, start_caller()));
    last_good_reload_s_ = std::chrono::duration_cast<std::chrono::seconds>(
                              std::chrono::system_clock::now().time_since_epoch())
                              .count();
    return {};
}

// Journaled only when the rules are others than those in force.
Status Daemon::tell_rules(const RulesReading& reading, const gateway::Caller& caller) {
    for (const rules::Problem& problem : reading.problems) {
        log_->warn("{}", sanitise(to_string(problem.error)));
    }
    bool is_told = false;
    std::size_t count = 0;
    if (!loop_->query_and_wait([&](const engine::Core& core) {
            is_told = core.state().book.revision() == reading.revision;
        })) {
        return fail(ErrorCode::Unavailable, "the engine is stopping");
    }
    if (!is_told) {
        const std::string hash =
            model::to_string(model::sha256_of({model::encode_body(reading.revision)}));
        NOCTURNE_TRY_STATUS(loop_->submit_and_wait(
            reading.revision,
            {note_of(caller, "rules.change",
                     std::to_string(reading.revision.rules.size()) + " files, sha256 " + hash)}));
    }
    std::shared_ptr<const rules::RuleSet> rules = rules::compile(reading.revision).rules;
    rules_.store(rules);
    if (rules->masks.empty()) {
        ingest_->mask_with(nullptr);
    } else {
        NOCTURNE_TRY(const rules::Masker::Key key, read_mask_key(configuration_.data / "mask.key"));
        ingest_->mask_with(std::make_shared<const rules::Masker>(std::move(rules), key));
    }
    loop_->query_and_wait(
        [&](const engine::Core& core) { count = core.state().book.rules().rules.size(); });
    log_->info("rules {} files={} rules={}", is_told ? "as before" : "loaded",
               reading.revision.rules.size(), count);
    return {};
}

Status Daemon::load_plugins() {
    const PluginsReading reading = read_plugins(
        configuration_.plugins, configuration_.plugin_values, configuration_.plugin_stances);
    NOCTURNE_TRY_STATUS(status_of(reading));
    return tell_plugins(reading, start_caller());
}

// Journaled only when the plugins are others than those in force.
Status Daemon::tell_plugins(const PluginsReading& reading, const gateway::Caller& caller) {
    const auto ask = [&](auto read) {
        return loop_->query_and_wait([&](const engine::Core& core) { read(*core.state().plugins); })
                   ? Status()
                   : Status(fail(ErrorCode::Unavailable, "the engine is stopping"));
    };
    bool is_told = false;
    NOCTURNE_TRY_STATUS(ask(
        [&](const engine::PluginRack& rack) { is_told = rack.revision() == reading.revision; }));
    if (!is_told) {
        NOCTURNE_TRY_STATUS(
            loop_->submit_and_wait(reading.revision, {note_of(caller, "plugins.change", "")}));
    }
    std::size_t running = 0;
    std::vector<engine::RefusedPlugin> refused;
    NOCTURNE_TRY_STATUS(ask([&](const engine::PluginRack& rack) {
        running = rack.all().size();
        refused = rack.refused();
    }));
    // What only shows with the state of the version before: its migrate() failed.
    for (const engine::RefusedPlugin& one : refused) {
        log_->warn("plugin refused, the version before goes on file={} error={}",
                   sanitise(one.file), sanitise(one.message));
    }
    log_->info("plugins {} files={} running={}", is_told ? "as before" : "loaded",
               reading.revision.files.size(), running);
    return {};
}

Status Daemon::load_playbook_settings() {
    return tell_playbook_settings(configuration_.playbook_settings, start_caller());
}

// Journaled only when they are others than those in force.
Status Daemon::tell_playbook_settings(const model::PlaybookSettings& settings,
                                      const gateway::Caller& caller) {
    bool is_told = false;
    if (!loop_->query_and_wait(
            [&](const engine::Core& core) { is_told = core.state().runs.settings == settings; })) {
        return fail(ErrorCode::Unavailable, "the engine is stopping");
    }
    if (!is_told) {
        const std::string hash = model::to_string(model::sha256_of({model::encode_body(settings)}));
        NOCTURNE_TRY_STATUS(loop_->submit_and_wait(
            settings, {note_of(caller, "remediation.change",
                               "mode " + std::string(name_of(settings.mode_max)) +
                                   (settings.stopped ? ", stopped" : "") + ", sha256 " + hash)}));
    }
    log_->info("remediation {} mode={} stopped={}", is_told ? "as before" : "set",
               name_of(settings.mode_max), settings.stopped);
    return {};
}

Status Daemon::load_playbooks() {
    const PluginsReading reading =
        read_playbooks(configuration_.playbooks, configuration_.playbook_values);
    NOCTURNE_TRY_STATUS(status_of(reading));
    NOCTURNE_TRY_STATUS(planner_.start(*loop_, reading.revision));
    log_->info("playbooks loaded files={}", reading.revision.files.size());
    return {};
}

Status Daemon::pull_topology() {
    topology_ = std::make_unique<gateway::TopologyFeed>(*loop_, configuration_.topology_sources);
    return {};
}

Status Daemon::open_chat() {
    chat_backend_ = std::make_unique<gateway::EngineBackend>(*loop_, &planner_);
    gateway::ChatParts parts;
    parts.settings = configuration_.chat;
    parts.secrets = configuration_.secrets;
    parts.folder = configuration_.data;
    parts.note = [this](const gateway::ChatNote& note) { note_chat(note); };
    chat_ = std::make_unique<gateway::Chat>(std::move(parts), *chat_backend_, feed_);
    for (const rules::ChatChannel& channel : configuration_.chat.channels) {
        log_->info("chat channel={} kind={} incidents={}", channel.name,
                   rules::kChatMediumNames[static_cast<std::size_t>(channel.kind)],
                   channel.incidents);
    }
    return {};
}

// What a chat refused is audited here, so many a minute: strangers must not fill the disk. What it
// carried out is in the audit by the order's own note.
void Daemon::note_chat(const gateway::ChatNote& said) {
    constexpr int kNotedMax = 200;
    if (!said.refusal) {
        return;
    }
    const auto minute = std::chrono::floor<std::chrono::minutes>(std::chrono::steady_clock::now());
    {
        const std::lock_guard lock(chat_notes_mutex_);
        chat_notes_ = minute == chat_minute_ ? chat_notes_ + 1 : 1;
        chat_minute_ = minute;
        if (chat_notes_ > kNotedMax) {
            return;  // each is counted in nocturne_chat_refused_total all the same
        }
    }
    model::AuditNote note;
    note.actor = said.who.name.empty() ? "unknown" : said.who.name;
    note.role = model::name_of(said.who.role);
    note.from = said.who.from;
    note.action = said.action;
    note.subject = said.subject;
    note.outcome = model::AuditOutcome::Refused;
    note.reason = said.reason;
    loop_->note(std::move(note));
}

Status Daemon::start_runner() {
    gateway::EffectorParts parts;
    parts.settings = configuration_.actions;
    parts.secrets = configuration_.secrets;
    parts.channels = chat_->channels();
    parts.notify = [this](const gateway::ActionCall& call) { return chat_->notify(call); };
    parts.silence = [this](const gateway::ActionCall& call, const gateway::ActionDone& done) {
        done(gateway::silence_by_action(*chat_backend_, call));
    };
    parts.is_node = [this](std::string_view name) {
        bool is_there = false;
        loop_->query_and_wait([&](const engine::Core& core) {
            is_there = core.state().topology.now().find(name) != topology::kNoNode;
        });
        return is_there;
    };
    // The answer comes as a person's word about the run, from wherever they say it.
    parts.ask = [](const gateway::ActionCall&, const gateway::ActionDone&) {};
    return runner_.start(*loop_, gateway::Effectors::make(std::move(parts)));
}

// With what the runner has at that moment: its settings after a reload, the chat's channels.
Status Daemon::start_dry_runs() {
    dry_runs_ = std::make_unique<gateway::DryRuns>(
        *loop_,
        gateway::DryRuns::Parts{.effectors = [this] { return runner_.effectors().parts(); }});
    return {};
}

Status Daemon::bind_zmq() {
    gateway::ZmqServerOptions options;
    options.pull_endpoint = configuration_.zmq_pull;
    options.ack_endpoint = configuration_.zmq_ack;
    options.pub_endpoint = configuration_.zmq_pub;
    if (!configuration_.curve_secret_key_file.empty()) {
        NOCTURNE_TRY(options.curve.secret_key,
                     gateway::read_secret_key(configuration_.curve_secret_key_file));
        options.curve.allowed_client_keys = configuration_.curve_client_keys;
    }
    NOCTURNE_TRY(zmq_, gateway::ZmqServer::start(std::move(options), *ingest_, feed_));
    return {};
}

Status Daemon::bind_http() {
    gateway::HttpServerOptions options;
    options.address = configuration_.http;
    gateway::ApiParts parts;
    parts.version = version_number();
    parts.commit = version_commit();
    parts.read_history = [this](std::string_view id) -> std::optional<std::string> {
        Result<std::optional<store::IncidentRecord>> record = store_->find_incident(id);
        return record && *record ? std::optional(std::move((*record)->json)) : std::nullopt;
    };
    parts.reload = [this](const gateway::Caller& caller) { return reload(caller); };
    parts.audit = store_.get();
    HttpAccess access = read_http_access(configuration_);
    NOCTURNE_TRY_STATUS(all_in_one(access.problems));
    access_ = std::make_shared<gateway::Access>(std::move(access.rules));
    parts.access = access_;
    parts.topology = topology_.get();
    parts.planner = &planner_;
    parts.dry_runs = dry_runs_.get();
    parts.chat = [this](std::string_view medium, gateway::HttpRequest request,
                        std::function<void(gateway::HttpResponse)> respond) {
        chat_->handle(medium, std::move(request), std::move(respond));
    };
    parts.rules = [this] { return rules_.load(); };
    parts.metrics.emplace_back([this](std::string& out) { append_metrics(out); });
    NOCTURNE_TRY(http_, gateway::HttpServer::start(std::move(options), *loop_, *ingest_, feed_,
                                                   std::move(parts)));
    return {};
}

Status Daemon::tell_ready() {
    const auto or_off = [](const std::string& endpoint) {
        return endpoint.empty() ? std::string("off") : endpoint;
    };
    log_->info("listening pull={} ack={} pub={} http=http://{}", or_off(zmq_->pull_endpoint()),
               or_off(zmq_->ack_endpoint()), or_off(zmq_->pub_endpoint()), http_->address());
    log_->info("ready");
    notify_service_manager("READY=1");
    return {};
}

// ---- serving ----

void Daemon::serve() {
    for (;;) {
        const timespec pause{1, 0};
        switch (sigtimedwait(&signals_, nullptr, &pause)) {
            case SIGTERM:
            case SIGINT: return;
            case SIGHUP: (void)reload({"", {}, "signal"}); break;  // it has said what came of it
            default: break;
        }
        watch_journal();
    }
}

void Daemon::watch_journal() {
    const Status health = loop_->health();
    if (health.has_value() == is_journal_well_) {
        return;
    }
    is_journal_well_ = health.has_value();
    if (health) {
        log_->info("the journal is written again");
    } else {
        log_->error("the journal cannot be written, nothing is acknowledged: {}",
                    sanitise(to_string(health.error())));
    }
}

Status Daemon::reload(const gateway::Caller& caller) {
    const std::lock_guard lock(reloading_);
    const Status status = do_reload(caller);
    model::AuditNote note = note_of(caller, "configuration.reload", options_.config);
    note.outcome = status ? model::AuditOutcome::Done : model::AuditOutcome::Failed;
    note.reason = status ? "" : to_string(status.error());
    loop_->note(std::move(note));
    is_last_reload_good_ = status.has_value();
    if (status) {
        last_good_reload_s_ = std::chrono::duration_cast<std::chrono::seconds>(
                                  std::chrono::system_clock::now().time_since_epoch())
                                  .count();
    }
    return status;
}

Status Daemon::do_reload(const gateway::Caller& caller) {
    const auto refuse = [&](const Error& error) {
        log_->error("reload refused, the old configuration stays: {}", sanitise(to_string(error)));
        return Status(fail(error));
    };
    DaemonConfiguration read = read_daemon_configuration(options_);
    HttpAccess access = read_http_access(read.configuration);
    read.problems.insert(read.problems.end(), access.problems.begin(), access.problems.end());
    const TopologyFiles files = read_topology_files(read.configuration.topology);
    read.problems.insert(read.problems.end(), files.problems.begin(), files.problems.end());
    if (const Status status = all_in_one(read.problems); !status) {
        return refuse(status.error());
    }
    const RulesReading rules = read_rules(read.configuration.rules, read.configuration.packs);
    if (const Status status = status_of(rules); !status) {
        return refuse(status.error());
    }
    const PluginsReading plugins =
        read_plugins(read.configuration.plugins, read.configuration.plugin_values,
                     read.configuration.plugin_stances);
    if (const Status status = status_of(plugins); !status) {
        return refuse(status.error());
    }
    const PluginsReading playbooks =
        read_playbooks(read.configuration.playbooks, read.configuration.playbook_values);
    if (const Status status = status_of(playbooks); !status) {
        return refuse(status.error());
    }
    if (const Status status = access_->set_rules(std::move(access.rules)); !status) {
        return refuse(status.error());
    }
    if (read.configuration.settings != configuration_.settings) {
        if (const auto position = loop_->submit_and_wait(
                read.configuration.settings, {note_of(caller, "settings.change", read.file)});
            !position) {
            return refuse(position.error());
        }
        configuration_.settings = read.configuration.settings;
    }
    if (const Status status = tell_playbook_settings(read.configuration.playbook_settings, caller);
        !status) {
        return refuse(status.error());
    }
    if (const Status status = tell_topology(read.configuration.topology, files.change, caller);
        !status) {
        return refuse(status.error());
    }
    if (const Status status = tell_rules(rules, caller); !status) {
        return refuse(status.error());
    }
    if (const Status status = tell_plugins(plugins, caller); !status) {
        return refuse(status.error());
    }
    if (const Status status = planner_.set_playbooks(playbooks.revision); !status) {
        return refuse(status.error());
    }
    if (read.configuration.topology_sources != configuration_.topology_sources) {
        topology_->set_sources(read.configuration.topology_sources);
        configuration_.topology_sources = read.configuration.topology_sources;
    }
    chat_->set_people(read.configuration.chat.users);
    runner_.effectors().set_settings(read.configuration.actions, read.configuration.secrets);
    if (const std::string parts = restart_needed(configuration_, read.configuration);
        !parts.empty()) {
        log_->warn("reload: a restart is needed for what changed in: {}", parts);
    }
    spdlog::set_level(spdlog::level::from_str(read.configuration.log_level));
    log_->info("reloaded configuration={}", read.file.empty() ? "defaults" : read.file);
    return {};
}

void Daemon::append_metrics(std::string& out) const {
    using gateway::append_metric;
    using gateway::MetricType;
    append_metric(out, "config_last_reload_successful",
                  "Whether the last reload was taken; 0: the old configuration and rules stay.",
                  MetricType::Gauge, is_last_reload_good_ ? 1 : 0);
    append_metric(out, "config_last_reload_success_timestamp_seconds",
                  "When configuration and rules were last taken.", MetricType::Gauge,
                  static_cast<std::uint64_t>(last_good_reload_s_.load()));
    const store::StoreCounters& store = store_->counters();
    append_metric(out, "store_rows_total", "Rows written to the journal.", MetricType::Counter,
                  store.rows);
    append_metric(out, "store_raw_bytes_total", "Bytes of journal rows before compression.",
                  MetricType::Counter, store.bytes_raw);
    append_metric(out, "store_stored_bytes_total", "Bytes of journal rows as stored.",
                  MetricType::Counter, store.bytes_stored);
    append_metric(out, "store_commit_microseconds_total", "Time spent in commits.",
                  MetricType::Counter, store.commit_us);
    feed_.append_metrics(out);
    zmq_->append_metrics(out);
    topology_->append_metrics(out);
    chat_->append_metrics(out);
    planner_.append_metrics(out);
    runner_.append_metrics(out);
}

// ---- stopping ----

void Daemon::tell_stopping() {
    log_->info("stopping");
    notify_service_manager("STOPPING=1");
    // Who asks a second time does not want to wait.
    for (const int signal : {SIGTERM, SIGINT}) {
        std::signal(signal, SIG_DFL);
    }
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
}

void Daemon::close_http() {
    http_->stop();
    http_.reset();
}

void Daemon::stop_dry_runs() {
    dry_runs_.reset();
}

void Daemon::stop_runner() {
    runner_.stop();
}

void Daemon::close_chat() {
    chat_.reset();
    chat_backend_.reset();
}

void Daemon::stop_planner() {
    planner_.stop();
}

void Daemon::stop_pulling() {
    topology_.reset();
}

void Daemon::stop_receiving() {
    zmq_->stop_receiving();
}

// What was received is applied, and its effects still leave by the pub socket.
void Daemon::stop_loop() {
    loop_->stop();
    if (const std::uint64_t lost = loop_->counters().inputs_lost; lost > 0) {
        log_->error("inputs that could not be written to the journal are lost count={}", lost);
    }
    zmq_.reset();
    ingest_.reset();
    loop_.reset();
}

void Daemon::close_store() {
    dead_letters_.reset();
    store_.reset();
}

}  // namespace nocturne::cli
