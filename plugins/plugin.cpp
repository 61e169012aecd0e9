#include "plugins/plugin.hpp"

#include "plugins/bytecode_lines.hpp"
#include "plugins/host.hpp"
#include "plugins/incident_table.hpp"
#include "plugins/kept.hpp"
#include "plugins/lent_event.hpp"
#include "plugins/manifest_reader.hpp"
#include "plugins/meter.hpp"
#include "plugins/modules.hpp"
#include "plugins/parameters.hpp"
#include "plugins/plan_answer.hpp"
#include "plugins/playbook_match.hpp"
#include "plugins/sandbox.hpp"
#include "plugins/slots.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace nocturne::plugins {

namespace {

using model::EventView;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::uint64_t kTimedEvery = 256;  // calls: the clock costs as much as ten empty ones

constexpr int kPlanStack = 64;
constexpr std::size_t kLogKeptBytes = 256U << 10;  // until somebody takes it

std::string_view value_for(const std::string& name, const EventView& event) {
    if (name == "resource") {
        return event.resource;
    }
    if (name == "check") {
        return event.check;
    }
    if (name == "severity") {
        return model::name_of(event.severity);
    }
    if (name == "source") {
        return event.source;
    }
    for (const model::LabelView& label : event.labels) {
        if (label.name == name) {
            return label.value;
        }
    }
    return {};
}

std::string join(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
        text += (text.empty() ? "" : "\n") + line;
    }
    return text;
}

nanoseconds thread_cpu() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

}  // namespace

class Plugin::Inside {
   public:
    Inside(PluginSource source, const Options& options)
        : source_(std::move(source)), hash_(version_hash(source_)), ceiling_(options.ceiling),
          sandbox_({options.ceiling, options.counting, 0}), host_(sandbox_.meter()),
          L_(sandbox_.state()) {}

    // ---- loading ----

    Status load(Options options) {
        lua_settop(L_, kState - 1);
        lua_newtable(L_);  // kState
        lua_newtable(L_);  // kSeriesStates
        add_lent_event(L_, host_);
        add_host_api(L_, kState);
        add_require(L_, source_);
        NOCTURNE_TRY_STATUS(run_file(options));
        ManifestReading reading = read_manifest(L_, source_, ceiling_);
        if (reading.problems.empty()) {
            host_.set_manifest(std::move(reading.manifest));
            parameters_.emplace(host_.manifest.parameters, options.settings, reading.problems);
            take_tables(options.tables, reading.problems);
        }
        if (!reading.problems.empty()) {
            return fail(ErrorCode::Invalid, join(reading.problems));
        }
        keep_functions();
        parameters_->attach(L_);
        lower_limits();
        note_events();
        lua_gc(L_, LUA_GCCOLLECT);
        if (host_.manifest.kind == PluginKind::Playbook) {
            again_ = std::move(options);
            again_.tables.clear();
            again_.report = nullptr;
        }
        return {};
    }

    const Manifest& manifest() const { return host_.manifest; }

    const PluginSource& source() const { return source_; }

    const std::string& hash() const { return hash_; }

    // ---- handlers ----

    const CallResult& on_event(const EventView& event, const World& world) {
        reset();
        if (!host_.manifest.handlers.on_event || !wants(event)) {
            return host_.result;
        }
        lua_pushvalue(L_, kOnEvent);
        host_.begin(Host::Stage::Event, &event, &world);
        push_lent_event(L_, host_);
        if (!reads_parameters_) {
            call(1, 0, world);
            return host_.result;
        }
        parameters_->push(L_, event, world.graph());
        call(2, 0, world);
        return host_.result;
    }

    const CallResult& on_sample(const EventView& event, const World& world) {
        reset();
        if (!host_.manifest.handlers.on_sample || !wants(event)) {
            return host_.result;
        }
        SeriesIndex::Slot slot = kept_.find_series(event.fingerprint);
        if (slot == SeriesIndex::kNone && !begin_series(event, world, slot)) {
            return host_.result;
        }
        lua_pushvalue(L_, kOnSample);
        lua_rawgeti(L_, kSeriesStates, slot + 1);
        host_.begin(Host::Stage::Sample, &event, &world);
        push_lent_event(L_, host_);
        parameters_->push(L_, event, world.graph());
        if (call(3, 1, world)) {
            read_score();
        }
        if (const auto problem = kept_.look_at_series(slot)) {
            complain(*problem);
        }
        return host_.result;
    }

    const CallResult& on_incident(const IncidentSight& incident, const World& world) {
        reset();
        if (!host_.manifest.handlers.on_incident) {
            return host_.result;
        }
        lua_pushvalue(L_, kOnIncident);
        push_incident_table(L_, incident);
        parameters_->push_standard(L_);
        host_.begin(Host::Stage::Incident, nullptr, &world);
        call(2, 0, world);
        return host_.result;
    }

    // ---- playbooks ----

    bool is_for(const IncidentSight& incident, const World& world, std::string* why_not) const {
        std::string why = host_.manifest.kind == PluginKind::Playbook
                              ? why_not_for(host_.manifest.playbook.when, incident, world)
                              : "it is no playbook";
        const bool is_mine = why.empty();
        if (why_not != nullptr) {
            *why_not = std::move(why);
        }
        return is_mine;
    }

    // Each plan is made in a state of its own: what one leaves behind is not there for the next,
    // so the same incident gets the same plan.
    const PlanAnswer& plan(const IncidentSight& incident, const World& world) {
        answer_ = {};
        if (host_.manifest.kind != PluginKind::Playbook) {
            answer_.verdict = Verdict::Refused;
            answer_.message = "it is no playbook";
            return answer_;
        }
        Inside fresh(source_, again_);
        fresh.host_.tables = host_.tables;
        LoadReport report;
        Options options = again_;
        options.report = &report;
        if (const Status status = fresh.load(std::move(options)); !status) {
            answer_.verdict = report.verdict == Verdict::Ok ? Verdict::Error : report.verdict;
            answer_.message = status.error().message;
        } else {
            (void)fresh.take_log();  // what it says while it is loaded was said before
            fresh.make_plan(incident, world, answer_);
        }
        take_account(fresh);
        return answer_;
    }

    model::PlanProposed propose(model::Plan plan) const {
        const Manifest& manifest = host_.manifest;
        model::PlanProposed proposed;
        proposed.plan = std::move(plan);
        proposed.by = manifest.name;
        proposed.from = model::kFromPlaybook;
        proposed.mode = run_mode_of(manifest.mode);
        proposed.capabilities = capabilities_of(manifest.playbook, *parameters_);
        proposed.limits = manifest.playbook.limits;
        return proposed;
    }

    std::string save_state() const { return kept_.save(); }

    Status restore_state(std::string_view bytes) { return kept_.restore(bytes); }

    std::pair<std::vector<int>, std::vector<int>> lines() const {
        const std::vector<bool>& covered = host_.meter.covered_lines();
        std::vector<int> ran;
        for (const int line : lines_with_code_) {
            const auto at = static_cast<std::size_t>(line);
            if ((at < covered.size() && covered[at]) || lines_of_plans_.contains(line)) {
                ran.push_back(line);
            }
        }
        return {std::move(ran), lines_with_code_};
    }

    std::string take_log() {
        return sandbox_.meter().take_log() + std::exchange(log_of_plans_, {});
    }

    PluginAccount account() const {
        PluginAccount account = account_;
        const Meter& meter = host_.meter;
        account.refused_wishes = host_.refused;
        account.log_lines = meter.log_lines_total();
        account.memory_bytes = meter.memory_now();
        account.memory_bytes_highest =
            std::max(account.memory_bytes_highest, meter.memory_highest());
        account.refused_wishes += account_.refused_wishes;
        account.log_lines += account_.log_lines;
        return account;
    }

   private:
    // ---- loading ----

    Status run_file(const Options& options) {
        WatchedThread& thread = WatchedThread::here();
        Verdict verdict = sandbox_.push_chunk(thread, source_.text, source_.file);
        if (verdict == Verdict::Ok) {
            if (options.covers_lines) {
                lines_with_code_ = lines_with_code(L_);
                host_.meter.cover_lines(L_, "@" + source_.file);
            }
            host_.begin(Host::Stage::Load, nullptr, nullptr);
            verdict = sandbox_.run(thread, 0, 1, ceiling_.load_cpu_max);
            host_.end();
        }
        if (options.report != nullptr) {
            *options.report = {verdict, sandbox_.meter().steps(), sandbox_.meter().memory_now()};
        }
        if (verdict == Verdict::Ok) {
            return {};
        }
        std::string message = sandbox_.message();
        if (is_kill(verdict) || message.find(source_.file) == std::string::npos) {
            message = source_.file + ": while it was loaded: " + message;
        }
        if (!sandbox_.traceback().empty()) {
            message += "\n" + sandbox_.traceback();
        }
        return fail(ErrorCode::Invalid, message);
    }

    // From the manifest's table, which is on top of the stack, to their slots.
    void keep_functions() {
        const int table = lua_gettop(L_);
        const auto keep = [&](const char* name, int slot) {
            lua_pushstring(L_, name);
            lua_rawget(L_, table);
            lua_replace(L_, slot);
        };
        keep("on_event", kOnEvent);
        keep("on_sample", kOnSample);
        keep("on_incident", kOnIncident);
        keep("migrate", kMigrate);
        keep("migrate_series", kMigrateSeries);
        keep("series", kSeries);
        keep("plan", kPlan);
        lua_settop(L_, kSlotsEnd - 1);
        reads_parameters_ = takes_arguments(kOnEvent, 2);
    }

    // Whether the function in this slot, if there is one, sees so many.
    bool takes_arguments(int slot, int count) {
        if (lua_isfunction(L_, slot) == 0) {
            return false;
        }
        lua_Debug function{};
        lua_pushvalue(L_, slot);
        lua_getinfo(L_, ">u", &function);
        return function.isvararg != 0 || function.nparams >= count;
    }

    void take_tables(std::vector<PluginTable>& tables, std::vector<std::string>& problems) {
        if (!host_.tables.empty()) {
            return;  // another state of the playbook has them
        }
        for (const std::string& wanted : host_.manifest.wants.tables) {
            const auto table =
                std::find_if(tables.begin(), tables.end(),
                             [&](const PluginTable& one) { return one.name == wanted; });
            if (table != tables.end()) {
                host_.tables.push_back(std::make_shared<const LookupTable>(std::move(*table)));
                table->name.clear();
                continue;
            }
            std::string names;
            for (const PluginTable& one : tables) {
                names += one.name.empty() ? "" : (names.empty() ? "" : ", ") + one.name;
            }
            problems.push_back(source_.file + ": wants.tables: there is no table \"" +
                               printable(wanted, 60) + "\"; " +
                               (names.empty() ? "no tables are configured" : "there are " + names));
        }
    }

    void lower_limits() {
        Limits limits = ceiling_;
        const Wants& wants = host_.manifest.wants;
        if (wants.memory_bytes_max > 0) {
            limits.memory_bytes_max = wants.memory_bytes_max * limits.patience;
            limits.block_bytes_max = std::min(limits.block_bytes_max, limits.memory_bytes_max);
        }
        if (wants.call_cpu_max.count() > 0) {
            limits.call_cpu_max = wants.call_cpu_max * limits.patience;
        }
        host_.meter.set_limits(limits);
    }

    void note_events() {
        for (const model::Kind kind : host_.manifest.wants.events) {
            wanted_kinds_[static_cast<std::size_t>(kind)] = true;
        }
    }

    // ---- calls ----

    bool wants(const EventView& event) const {
        if (!wanted_kinds_[static_cast<std::size_t>(event.kind)]) {
            return false;
        }
        const model::Matchers& match = host_.manifest.wants.match;
        return std::all_of(match.begin(), match.end(), [&](const model::Matcher& matcher) {
            return matcher.matches(value_for(matcher.name(), event));
        });
    }

    void reset() {
        CallResult& result = host_.result;
        if (result.verdict != Verdict::Ok) {
            result.message.clear();
            result.traceback.clear();
        }
        result.verdict = Verdict::Ok;
        result.wishes.clear();
        if (!result.emitted.empty()) {
            result.emitted = {};
        }
        result.was_called = false;
        result.score.reset();
    }

    // The function and its arguments are on the stack. True: it ended well, and its results are
    // there.
    bool call(int arguments, int results, const World& world) {
        CallResult& result = host_.result;
        result.was_called = true;
        Meter& meter = host_.meter;
        meter.set_now(model::to_unix_ms(world.now()) / 1000);
        const bool is_timed = account_.calls++ % kTimedEvery == 0;
        const nanoseconds before = is_timed ? thread_cpu() : nanoseconds(0);
        result.verdict =
            sandbox_.run(WatchedThread::here(), arguments, results, meter.limits().call_cpu_max);
        if (is_timed) {
            account_.cpu += (thread_cpu() - before) * kTimedEvery;
        }
        host_.end();
        account_.steps += meter.steps();
        if (result.verdict != Verdict::Ok) {
            fail_call();
        }
        const int top = lua_gettop(L_) - (result.verdict == Verdict::Ok ? results : 0);
        if (!is_kill(result.verdict)) {
            if (const auto problem = kept_.look_at_state()) {
                complain(*problem);
            }
        }
        collect_if_full();
        if (result.verdict != Verdict::Ok) {
            lua_settop(L_, top);
            return false;
        }
        return true;
    }

    // At the brim each allocation would cost a collection of everything: once here is cheaper, and
    // again only when an eighth of what was left has gone.
    void collect_if_full() {
        Meter& meter = host_.meter;
        const std::size_t max = meter.limits().memory_bytes_max;
        if (meter.memory_now() < std::max(collect_from_, max / 4 * 3) ||
            meter.killed() != Verdict::Ok) {
            return;
        }
        lua_gc(L_, LUA_GCCOLLECT);
        const std::size_t left = max - std::min(max, meter.memory_now());
        collect_from_ = meter.memory_now() + left / 8 + 1;
    }

    void fail_call() {
        CallResult& result = host_.result;
        result.message = sandbox_.message();
        result.traceback = sandbox_.traceback();
        drop_wishes();
        if (is_kill(result.verdict)) {
            ++account_.kills;
        } else if (result.verdict == Verdict::Error) {
            ++account_.errors;
        }
    }

    void drop_wishes() {
        host_.result.wishes.clear();
        host_.result.emitted = {};
    }

    // ---- plans ----

    // Of the state that is made for it: called once.
    void make_plan(const IncidentSight& incident, const World& world, PlanAnswer& answer) {
        model::EventView suspect;  // what parameters may hang on
        if (!incident.suspects.empty()) {
            suspect.resource = incident.suspects.front().resource;
        }
        reset();
        lua_checkstack(L_, kPlanStack);
        lua_pushvalue(L_, kPlan);
        push_incident_table(L_, incident);
        parameters_->push(L_, suspect, world.graph());
        push_plan_context(L_);
        host_.begin(Host::Stage::Plan, nullptr, &world);
        if (call(2, 2, world)) {
            take_answer(incident, answer);
        }
        answer.verdict = host_.result.verdict;
        answer.message = host_.result.message;
        answer.traceback = host_.result.traceback;
        if (answer.verdict != Verdict::Ok) {
            answer.plan.reset();
        }
    }

    // The two results of plan() are on the stack; takes them away.
    void take_answer(const IncidentSight& incident, PlanAnswer& answer) {
        const Manifest& manifest = host_.manifest;
        const int first = lua_gettop(L_) - 1;
        lua_pushnil(L_);
        if (lua_next(L_, kState) != 0) {
            complain(
                "a playbook keeps nothing, and nocturne.state is not empty; cooldowns and the like "
                "are `limits`");
        } else if (const PlanProblem problem = read_answer(
                       L_, first,
                       {manifest, hash_, capabilities_of(manifest.playbook, *parameters_)},
                       incident, answer)) {
            complain(*problem);
        }
        lua_settop(L_, first - 1);
    }

    void take_account(Inside& fresh) {
        const PluginAccount one = fresh.account();
        account_.calls += one.calls;
        account_.errors += one.errors + (answer_.verdict == Verdict::Error && one.calls == 0);
        account_.kills += one.kills + (is_kill(answer_.verdict) && one.calls == 0);
        account_.refused_wishes += one.refused_wishes;
        account_.log_lines += one.log_lines;
        account_.steps += one.steps;
        account_.cpu += one.cpu / kTimedEvery;  // it was its first call, so it was timed
        account_.memory_bytes_highest =
            std::max(account_.memory_bytes_highest, one.memory_bytes_highest);
        log_of_plans_ += fresh.take_log();
        if (log_of_plans_.size() > kLogKeptBytes) {
            log_of_plans_.resize(log_of_plans_.rfind('\n', kLogKeptBytes) + 1);
        }
        const auto [ran, all] = fresh.lines();
        lines_of_plans_.insert(ran.begin(), ran.end());
    }

    // ---- what it keeps ----

    // The call that ended is an error, unless it is one already.
    void complain(const std::string& problem) {
        CallResult& result = host_.result;
        if (result.verdict != Verdict::Ok) {
            return;
        }
        result.verdict = Verdict::Error;
        result.message = source_.file + ": " + problem;
        result.score.reset();
        drop_wishes();
        ++account_.errors;
    }

    // Makes the state of a new series. False: it could not, and the result says why.
    bool begin_series(const EventView& event, const World& world, SeriesIndex::Slot& slot) {
        lua_pushvalue(L_, kSeries);
        host_.begin(Host::Stage::MakeState, nullptr, &world);
        parameters_->push(L_, event, world.graph());
        if (!call(1, 1, world)) {
            return false;
        }
        bool has_forgotten = false;
        if (const auto problem = kept_.add_series(event.fingerprint, slot, has_forgotten)) {
            complain(*problem);
            return false;
        }
        account_.series_forgotten += has_forgotten ? 1 : 0;
        return true;
    }

    // The result of on_sample is on the stack; takes it away.
    void read_score() {
        const int type = lua_type(L_, -1);
        const double score = type == LUA_TNUMBER ? lua_tonumber(L_, -1) : -1;
        if (score >= 0 && score <= 1) {
            host_.result.score = score;
        } else if (type != LUA_TNIL) {
            const std::string found =
                type == LUA_TNUMBER ? lua_tostring(L_, -1) : luaL_typename(L_, -1);
            complain("on_sample returned " + found +
                     "; expected a score from 0 to 1, or nil while it learns");
        }
        lua_pop(L_, 1);
    }

    const PluginSource source_;
    const std::string hash_;
    const Limits ceiling_;
    Sandbox sandbox_;
    Host host_;
    lua_State* const L_;
    std::optional<Parameters> parameters_;
    std::array<bool, model::kKindNames.size()> wanted_kinds_{};
    bool reads_parameters_ = false;     // on_event
    std::vector<int> lines_with_code_;  // of covers_lines
    Kept kept_{sandbox_, host_, source_.file};
    std::size_t collect_from_ = 0;  // bytes in use
    PluginAccount account_;

    // Of a playbook: with what its states are made, and what became of them.
    Options again_;
    PlanAnswer answer_;
    std::string log_of_plans_;
    std::set<int> lines_of_plans_;
};

std::string version_hash(const PluginSource& source) {
    model::Writer bytes;
    bytes.text(source.text);
    std::vector<const PluginSource::Module*> modules;
    for (const PluginSource::Module& module : source.modules) {
        modules.push_back(&module);
    }
    std::sort(modules.begin(), modules.end(),
              [](const auto* a, const auto* b) { return a->name < b->name; });
    for (const PluginSource::Module* module : modules) {
        bytes.text(module->name);
        bytes.text(module->text);
    }
    return model::to_string(model::fingerprint_of(bytes.bytes()));
}

Plugin::Plugin(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}

Plugin::~Plugin() = default;

Result<std::unique_ptr<Plugin>> Plugin::load(PluginSource source, Options options) {
    auto inside = std::make_unique<Inside>(std::move(source), options);
    NOCTURNE_TRY_STATUS(inside->load(std::move(options)));
    return std::unique_ptr<Plugin>(new Plugin(std::move(inside)));
}

const Manifest& Plugin::manifest() const {
    return inside_->manifest();
}

const PluginSource& Plugin::source() const {
    return inside_->source();
}

const std::string& Plugin::hash() const {
    return inside_->hash();
}

const CallResult& Plugin::on_event(const EventView& event, const World& world) {
    return inside_->on_event(event, world);
}

const CallResult& Plugin::on_sample(const EventView& event, const World& world) {
    return inside_->on_sample(event, world);
}

const CallResult& Plugin::on_incident(const IncidentSight& incident, const World& world) {
    return inside_->on_incident(incident, world);
}

bool Plugin::is_for(const IncidentSight& incident, const World& world, std::string* why_not) const {
    return inside_->is_for(incident, world, why_not);
}

const PlanAnswer& Plugin::plan(const IncidentSight& incident, const World& world) {
    return inside_->plan(incident, world);
}

model::PlanProposed Plugin::propose(model::Plan plan) const {
    return inside_->propose(std::move(plan));
}

std::string Plugin::save_state() const {
    return inside_->save_state();
}

Status Plugin::restore_state(std::string_view bytes) {
    return inside_->restore_state(bytes);
}

std::string Plugin::take_log() {
    return inside_->take_log();
}

PluginAccount Plugin::account() const {
    return inside_->account();
}

std::pair<std::vector<int>, std::vector<int>> Plugin::lines() const {
    return inside_->lines();
}

}  // namespace nocturne::plugins
