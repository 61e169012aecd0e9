#include "plugins/plugin.hpp"

#include "model/suggestion.hpp"
#include "plugins/host.hpp"
#include "plugins/incident_table.hpp"
#include "plugins/lent_event.hpp"
#include "plugins/manifest_reader.hpp"
#include "plugins/meter.hpp"
#include "plugins/modules.hpp"
#include "plugins/parameters.hpp"
#include "plugins/plain_data.hpp"
#include "plugins/sandbox.hpp"
#include "plugins/series_index.hpp"

#include <algorithm>
#include <array>

namespace nocturne::plugins {

namespace {

using model::EventView;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// What stays on the stack of the state: 1 is the sandbox's.
enum Slot : int {
    kOnEvent = 2,
    kOnSample,
    kOnIncident,
    kMigrate,
    kMigrateSeries,
    kSeries,
    kState,
    kSeriesStates,  // by their places
    kSlotsEnd
};

constexpr std::uint64_t kTimedEvery = 64;  // calls
constexpr std::uint8_t kStateFormat = 1;
constexpr std::size_t kSeriesBytesMax = 256U << 10;

// What a plugin keeps is looked at after so many calls for each value in it: at once where there is
// little, and seldom enough where there is much that a call pays for a fraction of a value.
constexpr std::uint32_t kCallsPerValue = 4;
constexpr std::uint32_t kSeriesCallsMin = 64;

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
        add_host_api(L_, host_, kState);
        add_require(L_, source_);
        NOCTURNE_TRY_STATUS(run_file());
        ManifestReading reading = read_manifest(L_, source_, ceiling_);
        if (reading.problems.empty()) {
            host_.manifest = std::move(reading.manifest);
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
        parameters_->push(L_, event, world.graph());
        call(2, 0, world);
        return host_.result;
    }

    const CallResult& on_sample(const EventView& event, const World& world) {
        reset();
        if (!host_.manifest.handlers.on_sample || !wants(event)) {
            return host_.result;
        }
        SeriesIndex::Slot slot = series_.find(event.fingerprint);
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
        look_at_series(slot);
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

    // ---- state ----

    // What cannot be kept is left out: its error comes with the call after which it is looked at.
    std::string save_state() const {
        if (host_.meter.killed() != Verdict::Ok) {
            return {};
        }
        model::Writer out;
        out.u8(kStateFormat);
        out.text(host_.manifest.version);
        out.varint(host_.meter.call_number());
        out.varint(state_nodes_);
        out.varint(state_calls_since_);
        out.text(encoded(kState, "nocturne.state"));
        out.varint(series_.size());
        for (auto slot = series_.oldest(); slot != SeriesIndex::kNone;
             slot = series_.at(slot).newer) {
            const SeriesIndex::Series& series = series_.at(slot);
            out.u64(series.identity.high);
            out.u64(series.identity.low);
            out.varint(series.nodes);
            out.varint(series.calls_since);
            lua_rawgeti(L_, kSeriesStates, slot + 1);
            out.text(encoded(lua_gettop(L_), "series"));
            lua_pop(L_, 1);
        }
        return out.take();
    }

    Status restore_state(std::string_view bytes) {
        if (bytes.empty()) {
            return {};
        }
        model::Reader in(bytes);
        const std::uint8_t format = in.u8();
        const std::string version(in.text());
        if (format != kStateFormat || !in.ok()) {
            return fail(ErrorCode::Damaged, "the state of plugin " + host_.manifest.name +
                                                " is damaged, or of a later nocturne");
        }
        forget_all();
        const bool is_same = version == host_.manifest.version;
        const std::uint64_t call_number = in.varint();
        NOCTURNE_TRY_STATUS(restore_table(in, is_same, version));
        NOCTURNE_TRY_STATUS(restore_series(in, is_same, version));
        host_.meter.set_call_number(call_number);
        return {};
    }

    std::string take_log() { return sandbox_.meter().take_log(); }

    PluginAccount account() const {
        PluginAccount account = account_;
        const Meter& meter = host_.meter;
        account.refused_wishes = host_.refused;
        account.log_lines = meter.log_lines_total();
        account.memory_bytes = meter.memory_now();
        account.memory_bytes_highest = meter.memory_highest();
        return account;
    }

   private:
    // ---- loading ----

    Status run_file() {
        WatchedThread& thread = WatchedThread::here();
        Verdict verdict = sandbox_.push_chunk(thread, source_.text, source_.file);
        if (verdict == Verdict::Ok) {
            host_.begin(Host::Stage::Load, nullptr, nullptr);
            verdict = sandbox_.run(thread, 0, 1, ceiling_.load_cpu_max);
            host_.end();
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
        lua_settop(L_, kSlotsEnd - 1);
    }

    void take_tables(std::vector<PluginTable>& tables, std::vector<std::string>& problems) {
        for (const std::string& wanted : host_.manifest.wants.tables) {
            const auto table =
                std::find_if(tables.begin(), tables.end(),
                             [&](const PluginTable& one) { return one.name == wanted; });
            if (table != tables.end()) {
                host_.tables.emplace_back(std::move(*table));
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
        result.verdict = Verdict::Ok;
        result.wishes.clear();
        if (!result.emitted.empty()) {
            result.emitted = {};
        }
        result.message.clear();
        result.traceback.clear();
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
            look_at_state();
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

    // ---- what it keeps ----

    // After a call that failed, too. What cannot be kept is emptied, so that the plugin goes on as
    // it would from a snapshot.
    void look_at_state() {
        if (++state_calls_since_ <= state_nodes_ * kCallsPerValue) {
            return;
        }
        state_calls_since_ = 0;
        lua_pushnil(L_);
        if (lua_next(L_, kState) == 0) {
            state_nodes_ = 0;
            return;
        }
        lua_pop(L_, 2);
        PlainDataLimits limits;
        limits.bytes_max = host_.manifest.wants.state_bytes_max;
        PlainDataSize size;
        auto problem = check_plain(L_, kState, "nocturne.state", limits, size);
        state_nodes_ = static_cast<std::uint32_t>(size.nodes);
        if (problem) {
            empty_state();
            complain(*problem + "; nocturne.state was emptied");
        }
    }

    void empty_state() {
        lua_pushnil(L_);
        lua_setmetatable(L_, kState);
        lua_pushnil(L_);
        while (lua_next(L_, kState) != 0) {
            lua_pop(L_, 1);
            lua_pushvalue(L_, -1);
            lua_pushnil(L_);
            lua_rawset(L_, kState);
        }
        state_nodes_ = 0;
    }

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
        PlainDataLimits limits;
        limits.bytes_max = kSeriesBytesMax;
        PlainDataSize size;
        auto problem = check_plain(L_, -1, "what series() returned", limits, size);
        const int type = lua_type(L_, -1);
        if (!problem && type != LUA_TTABLE && type != LUA_TUSERDATA) {
            problem = std::string("series() must return a table, not ") + luaL_typename(L_, -1);
        }
        if (problem) {
            lua_pop(L_, 1);
            complain(*problem);
            return false;
        }
        if (series_.size() >= host_.manifest.wants.series_max) {
            forget_series(series_.oldest());
            ++account_.series_forgotten;
        }
        slot = series_.add(event.fingerprint);
        series_.at(slot).nodes = static_cast<std::uint32_t>(size.nodes);
        lua_rawseti(L_, kSeriesStates, slot + 1);
        return true;
    }

    void forget_series(SeriesIndex::Slot slot) {
        lua_pushboolean(L_, 0);  // the place stays in the list
        lua_rawseti(L_, kSeriesStates, slot + 1);
        series_.remove(slot);
    }

    void look_at_series(SeriesIndex::Slot slot) {
        SeriesIndex::Series& series = series_.at(slot);
        if (++series.calls_since <= std::max(series.nodes * kCallsPerValue, kSeriesCallsMin) ||
            host_.meter.killed() != Verdict::Ok) {
            return;
        }
        series.calls_since = 0;
        PlainDataLimits limits;
        limits.bytes_max = kSeriesBytesMax;
        PlainDataSize size;
        lua_rawgeti(L_, kSeriesStates, slot + 1);
        const auto problem = check_plain(L_, -1, "series", limits, size);
        lua_pop(L_, 1);
        series.nodes = static_cast<std::uint32_t>(size.nodes);
        if (problem) {
            forget_series(slot);
            complain(*problem + "; the series begins anew");
        }
    }

    // The result of on_sample is on the stack; takes it away.
    void read_score() {
        const int type = lua_type(L_, -1);
        const double score = type == LUA_TNUMBER ? lua_tonumber(L_, -1) : 0;
        std::string found = luaL_typename(L_, -1);
        if (type == LUA_TNUMBER) {
            found = lua_tostring(L_, -1);
        }
        lua_pop(L_, 1);
        if (type == LUA_TNUMBER && score >= 0 && score <= 1) {
            host_.result.score = score;
        } else if (type != LUA_TNIL) {
            complain("on_sample returned " + found +
                     "; expected a score from 0 to 1, or nil while it learns");
        }
    }

    std::string encoded(int index, std::string_view root) const {
        PlainDataLimits limits;
        limits.bytes_max = SIZE_MAX;
        PlainDataSize size;
        model::Writer out;
        return encode_plain(L_, index, root, limits, out, size) ? std::string() : out.take();
    }

    void forget_all() {
        empty_state();
        state_calls_since_ = 0;
        series_.clear();
        lua_newtable(L_);
        lua_replace(L_, kSeriesStates);
    }

    Status damaged(std::string_view what) {
        forget_all();
        return fail(ErrorCode::Damaged, "the state of plugin " + host_.manifest.name +
                                            " is damaged: " + std::string(what));
    }

    Status restore_table(model::Reader& in, bool is_same, const std::string& version) {
        const std::uint64_t nodes = in.varint();
        const std::uint64_t calls_since = in.varint();
        const std::string_view bytes = in.text();
        if (!in.ok()) {
            return damaged("it ends early");
        }
        if (bytes.empty() || (!is_same && !host_.manifest.handlers.migrate)) {
            return {};
        }
        model::Reader value(bytes);
        if (!push_plain(L_, value) || !lua_istable(L_, -1)) {
            return damaged("nocturne.state does not read");
        }
        if (!is_same) {
            NOCTURNE_TRY_STATUS(migrate(kMigrate, "migrate", version));
            if (!lua_istable(L_, -1)) {
                lua_pop(L_, 1);
                return fail(ErrorCode::Invalid, source_.file + ": migrate must return a table");
            }
        }
        copy_state();
        if (is_same) {
            state_nodes_ = static_cast<std::uint32_t>(nodes);
            state_calls_since_ = static_cast<std::uint32_t>(calls_since);
        }
        return {};
    }

    // From the table on top of the stack, which goes, into the one that the plugin may hold.
    void copy_state() {
        const int table = lua_gettop(L_);
        lua_pushnil(L_);
        while (lua_next(L_, table) != 0) {
            lua_pushvalue(L_, -2);
            lua_insert(L_, -2);
            lua_rawset(L_, kState);
        }
        lua_settop(L_, table - 1);
    }

    // The old value is on top of the stack, the new one takes its place.
    Status migrate(int function, const char* name, const std::string& version) {
        lua_pushvalue(L_, function);
        lua_insert(L_, -2);
        lua_pushlstring(L_, version.data(), version.size());
        host_.begin(Host::Stage::MakeState, nullptr, nullptr);
        const Verdict verdict = sandbox_.run(WatchedThread::here(), 2, 1, ceiling_.load_cpu_max);
        host_.end();
        if (verdict != Verdict::Ok) {
            return fail(ErrorCode::Invalid, source_.file + ": " + name + " from version " +
                                                version + ": " + sandbox_.message());
        }
        PlainDataLimits limits;
        limits.bytes_max =
            function == kMigrate ? host_.manifest.wants.state_bytes_max : kSeriesBytesMax;
        PlainDataSize size;
        if (const auto problem =
                check_plain(L_, -1, std::string("what ") + name + " returned", limits, size);
            problem && !lua_isnil(L_, -1)) {
            lua_pop(L_, 1);
            return fail(ErrorCode::Invalid, source_.file + ": " + *problem);
        }
        return {};
    }

    Status restore_series(model::Reader& in, bool is_same, const std::string& version) {
        const std::size_t count = in.count();
        if (!in.ok()) {
            return damaged("it ends early");
        }
        const bool is_kept = is_same || host_.manifest.handlers.migrate_series;
        for (std::size_t i = 0; i < count; ++i) {
            model::Fingerprint identity;
            identity.high = in.u64();
            identity.low = in.u64();
            const std::uint64_t nodes = in.varint();
            const std::uint64_t calls_since = in.varint();
            const std::string_view bytes = in.text();
            if (!in.ok()) {
                return damaged("it ends early");
            }
            if (!is_kept || bytes.empty() || series_.find(identity) != SeriesIndex::kNone) {
                continue;
            }
            model::Reader value(bytes);
            if (!push_plain(L_, value)) {
                return damaged("a series does not read");
            }
            if (!is_same) {
                NOCTURNE_TRY_STATUS(migrate(kMigrateSeries, "migrate_series", version));
            }
            keep_restored(identity, nodes, calls_since);
        }
        return {};
    }

    // The state is on top of the stack and goes; nil is a series that begins anew.
    void keep_restored(const model::Fingerprint& identity, std::uint64_t nodes,
                       std::uint64_t calls_since) {
        const int type = lua_type(L_, -1);
        if (type != LUA_TTABLE && type != LUA_TUSERDATA) {
            lua_pop(L_, 1);
            return;
        }
        if (series_.size() >= host_.manifest.wants.series_max) {
            forget_series(series_.oldest());
        }
        const SeriesIndex::Slot slot = series_.add(identity);
        series_.at(slot).nodes = static_cast<std::uint32_t>(nodes);
        series_.at(slot).calls_since = static_cast<std::uint32_t>(calls_since);
        lua_rawseti(L_, kSeriesStates, slot + 1);
    }

    const PluginSource source_;
    const std::string hash_;
    const Limits ceiling_;
    Sandbox sandbox_;
    Host host_;
    lua_State* const L_;
    std::optional<Parameters> parameters_;
    std::array<bool, model::kKindNames.size()> wanted_kinds_{};
    SeriesIndex series_;
    std::uint32_t state_nodes_ = 0;  // when it was last looked at
    std::uint32_t state_calls_since_ = 0;
    std::size_t collect_from_ = 0;  // bytes in use
    PluginAccount account_;
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

}  // namespace nocturne::plugins
