#include "engine/plugin_rack.hpp"

#include <algorithm>
#include <tuple>

namespace nocturne::engine {

using model::Reason;

namespace {

constexpr std::string_view kModeNames[]{"shadow", "suggest", "approve", "auto"};

std::optional<plugins::PluginMode> parse_mode(std::string_view name) {
    for (std::size_t i = 0; i < std::size(kModeNames); ++i) {
        if (kModeNames[i] == name) {
            return static_cast<plugins::PluginMode>(i);
        }
    }
    return std::nullopt;
}

const model::PluginStance* stance_of(const model::PluginsRevision& revision,
                                     std::string_view plugin) {
    const auto found =
        std::find_if(revision.stances.begin(), revision.stances.end(),
                     [&](const model::PluginStance& stance) { return stance.plugin == plugin; });
    return found == revision.stances.end() ? nullptr : &*found;
}

std::string short_hash(const std::string& hash) {
    return hash.substr(0, 12);
}

std::string version_text(const PluginVersion& version) {
    return (version.plugin == nullptr ? ""
                                      : "version " + version.plugin->manifest().version + ", ") +
           short_hash(version.hash);
}

auto call_of(const model::PluginKilled& kill) {
    return std::tie(kill.position, kill.plugin, kill.version, kill.handler, kill.call);
}

void add(plugins::PluginAccount& sum, const plugins::PluginAccount& one) {
    sum.calls += one.calls;
    sum.errors += one.errors;
    sum.kills += one.kills;
    sum.refused_wishes += one.refused_wishes;
    sum.log_lines += one.log_lines;
    sum.series_forgotten += one.series_forgotten;
    sum.steps += one.steps;
    sum.cpu += one.cpu;
    sum.memory_bytes = one.memory_bytes;
    sum.memory_bytes_highest = std::max(sum.memory_bytes_highest, one.memory_bytes_highest);
}

template <typename AnyTally, typename Each>
void counts(AnyTally& tally, Each each) {
    each(tally.calls), each(tally.acted), each(tally.would_have), each(tally.emitted);
    each(tally.anomalies), each(tally.errors), each(tally.killed_time), each(tally.killed_memory);
    each(tally.refused), each(tally.quarantines);
}

}  // namespace

plugins::PluginAccount PluginVersion::account() const {
    plugins::PluginAccount sum = before;
    if (plugin != nullptr) {
        add(sum, plugin->account());
    }
    return sum;
}

RackedPlugin* PluginRack::find(std::string_view name) {
    const auto found = std::find_if(plugins_.begin(), plugins_.end(),
                                    [&](const RackedPlugin& one) { return one.name == name; });
    return found == plugins_.end() ? nullptr : &*found;
}

// ---- loading ----

Result<PluginVersion> PluginRack::make(const model::PluginFile& file) const {
    NOCTURNE_TRY(std::unique_ptr<plugins::Plugin> plugin,
                 load_plugin(file, revision_, tables_, run_));
    if (plugin->manifest().kind == plugins::PluginKind::Playbook) {
        return fail(ErrorCode::Invalid,
                    file.name + ": is a playbook, and playbooks are not run with the plugins; name "
                                "it under `remediation: playbooks:` in nocturne.yaml");
    }
    PluginVersion version;
    version.file = file;
    version.hash = plugin->hash();
    version.make = make_of(version.hash, plugin->manifest(), revision_);
    version.kind = plugin->manifest().kind;
    version.plugin = std::move(plugin);
    return version;
}

void PluginRack::remake(PluginVersion& version, std::string_view state) const {
    version.before = version.account();
    Result<std::unique_ptr<plugins::Plugin>> plugin =
        load_plugin(version.file, revision_, tables_, run_);
    if (!plugin) {
        version.plugin = nullptr;
        version.kept = state;
        version.broken = to_string(plugin.error());
        return;
    }
    version.plugin = *std::move(plugin);
    version.kind = version.plugin->manifest().kind;
    version.make = make_of(version.hash, version.plugin->manifest(), revision_);
    version.kept.clear();
    version.broken.clear();
    if (!state.empty()) {
        // What it saved and cannot read again is lost the same way at each replay.
        (void)version.plugin->restore_state(state);
    }
}

std::string PluginRack::state_of(const PluginVersion& version) {
    if (version.kill) {
        return {};  // what it has now is of a broken call
    }
    return version.plugin == nullptr ? version.kept : version.plugin->save_state();
}

void PluginRack::refresh(RackedPlugin& racked) {
    const model::PluginStance* stance = stance_of(revision_, racked.name);
    racked.mode_by_configuration = stance == nullptr ? "" : stance->mode;
    const std::string& mode =
        racked.mode_by_operator.empty() ? racked.mode_by_configuration : racked.mode_by_operator;
    if (racked.current.plugin != nullptr) {
        const plugins::Manifest& manifest = racked.current.plugin->manifest();
        racked.mode = parse_mode(mode).value_or(manifest.mode);
        racked.label = racked.current.file.name + " " +
                       std::string(plugins::name_of(manifest.kind)) + " \"" + racked.name + "\"";
    }
}

void PluginRack::tell(RackedPlugin& racked, Reason reason, std::string text, model::Time now) {
    if (racked.turns.size() == RackedPlugin::kTurnsMax) {
        racked.turns.pop_front();
    }
    racked.turns.push_back({now, reason, std::move(text)});
}

void PluginRack::load(const model::PluginsRevision& revision, model::Time now) {
    revision_ = revision;
    tables_ = parse_tables(revision_);
    refused_.clear();
    std::set<std::string> there;
    for (const model::PluginFile& file : revision_.files) {
        take_file(file, there, now);
    }
    std::erase_if(plugins_,
                  [&](const RackedPlugin& racked) { return !there.contains(racked.name); });
    std::sort(plugins_.begin(), plugins_.end(),
              [](const RackedPlugin& a, const RackedPlugin& b) { return a.name < b.name; });
    for (RackedPlugin& racked : plugins_) {
        refresh(racked);
    }
}

void PluginRack::take_file(const model::PluginFile& file, std::set<std::string>& there,
                           model::Time now) {
    const std::string hash = hash_of(file);
    for (RackedPlugin& racked : plugins_) {
        if (racked.declined == hash && there.insert(racked.name).second) {
            return;  // rolled back, and still the same
        }
        for (PluginVersion* version : {&racked.current, racked.trial ? &*racked.trial : nullptr}) {
            if (version == nullptr || version->hash != hash || there.contains(racked.name)) {
                continue;
            }
            there.insert(racked.name);
            version->file = file;
            if (version->plugin == nullptr ||
                version->make != make_of(hash, version->plugin->manifest(), revision_)) {
                remake(*version, state_of(*version));
                tell(racked, Reason::PluginReloaded, "with other settings or tables", now);
            }
            return;
        }
    }
    Result<PluginVersion> version = make(file);
    if (!version) {
        refuse(file, to_string(version.error()), there, now);
        return;
    }
    const std::string name = version->plugin->manifest().name;
    if (!there.insert(name).second) {
        refuse(file, "another file has a plugin of the name \"" + name + "\"", there, now);
        return;
    }
    if (RackedPlugin* racked = find(name)) {
        take_version(*racked, *std::move(version), now);
        return;
    }
    RackedPlugin& racked = plugins_.emplace_back();
    racked.name = name;
    racked.current = *std::move(version);
    tell(racked, Reason::PluginLoaded, file.name + ", " + version_text(racked.current), now);
}

// What ran under that file's name goes on.
void PluginRack::refuse(const model::PluginFile& file, const std::string& message,
                        std::set<std::string>& there, model::Time now) {
    refused_.push_back({file.name, message});
    for (RackedPlugin& racked : plugins_) {
        if (racked.current.file.name == file.name && there.insert(racked.name).second) {
            tell(racked, Reason::PluginRefused, message, now);
        }
    }
}

void PluginRack::take_version(RackedPlugin& racked, PluginVersion version, model::Time now) {
    const std::string state = state_of(racked.current);
    if (!state.empty()) {
        if (const Status migrated = version.plugin->restore_state(state); !migrated) {
            const std::string message = to_string(migrated.error());
            refused_.push_back({version.file.name, message});
            tell(racked, Reason::PluginRefused, message, now);
            return;
        }
    }
    const model::PluginStance* stance = stance_of(revision_, racked.name);
    if (stance != nullptr && stance->tries_versions) {
        tell(racked, Reason::PluginOnTrial,
             version_text(version) + " beside " + version_text(racked.current), now);
        racked.trial = std::move(version);
        racked.comparison = {};
        racked.comparison.since = now;
        return;
    }
    replace(racked, std::move(version), Reason::PluginReloaded, "", now);
}

void PluginRack::replace(RackedPlugin& racked, PluginVersion version, Reason reason,
                         const std::string& text, model::Time now) {
    racked.previous =
        RackedPlugin::Retired{racked.current.file, racked.current.hash, state_of(racked.current)};
    racked.declined.clear();
    tell(racked, reason,
         version_text(version) + " for " + version_text(racked.current) +
             (text.empty() ? "" : ", " + text),
         now);
    version.tally.last_call = racked.current.tally.last_call;
    version.before = racked.current.account();
    racked.current = std::move(version);
    racked.trial.reset();
    refresh(racked);
}

// ---- what operators want ----

void PluginRack::promote(std::string_view name, const std::string& by, model::Time now) {
    RackedPlugin* racked = find(name);
    if (racked != nullptr && racked->trial) {
        PluginVersion version = *std::move(racked->trial);
        replace(*racked, std::move(version), Reason::PluginPromoted, "by " + by, now);
    }
}

void PluginRack::roll_back(std::string_view name, const std::string& by, model::Time now) {
    RackedPlugin* racked = find(name);
    if (racked == nullptr) {
        return;
    }
    if (racked->trial) {
        racked->declined = racked->trial->hash;
        tell(*racked, Reason::PluginRolledBack,
             version_text(*racked->trial) + " ends its trial, by " + by, now);
        racked->trial.reset();
        return;
    }
    if (!racked->previous) {
        return;
    }
    RackedPlugin::Retired previous = *std::move(racked->previous);
    Result<PluginVersion> version = make(previous.file);
    if (!version) {
        tell(*racked, Reason::PluginRefused, to_string(version.error()), now);
        return;
    }
    if (!previous.state.empty()) {
        (void)version->plugin->restore_state(previous.state);
    }
    const std::string declined = racked->current.hash;
    replace(*racked, *std::move(version), Reason::PluginRolledBack, "by " + by, now);
    racked->declined = declined;
    racked->previous.reset();
}

void PluginRack::release(std::string_view name, const std::string& by, model::Time now) {
    RackedPlugin* racked = find(name);
    if (racked == nullptr || racked->current.breaker.state() == PluginBreaker::State::Closed) {
        return;
    }
    racked->current.breaker.release();
    tell(*racked, Reason::PluginReleased, "by " + by, now);
    turned_.emplace_back(static_cast<std::uint32_t>(racked - plugins_.data()),
                         Reason::PluginReleased);
}

void PluginRack::set_mode(std::string_view name, std::string_view mode, const std::string& by,
                          model::Time now) {
    if (RackedPlugin* racked = find(name);
        racked != nullptr && (mode.empty() || parse_mode(mode))) {
        racked->mode_by_operator = mode;
        refresh(*racked);
        tell(*racked, Reason::PluginModeSet,
             std::string(plugins::name_of(racked->mode)) + ", by " + by, now);
    }
}

// ---- faults ----

void PluginRack::quarantine(RackedPlugin& racked, PluginVersion& version, model::Time now) {
    ++version.tally.quarantines;
    tell(racked, Reason::PluginQuarantined,
         version_text(version) + ", until " + model::format_time(version.breaker.until()) + ": " +
             version.last_fault.message,
         now);
    if (&version == &racked.current) {
        turned_.emplace_back(static_cast<std::uint32_t>(&racked - plugins_.data()),
                             Reason::PluginQuarantined);
    }
}

void PluginRack::went_well(RackedPlugin& racked, PluginVersion& version, model::Time now) {
    if (version.breaker.good_call(now)) {
        tell(racked, Reason::PluginRecovered, version_text(version), now);
    }
}

void PluginRack::failed(RackedPlugin& racked, PluginVersion& version,
                        const plugins::CallResult& result, model::Time now) {
    ++version.tally.errors;
    version.last_fault = {now, result.message, result.traceback};
    if (version.breaker.fault(PluginBreaker::Fault::Error, now)) {
        quarantine(racked, version, now);
    }
}

void PluginRack::killed(PluginVersion& version, model::PluginKilled kill) {
    version.kill = std::move(kill);
    version.is_kill_told = false;
}

bool PluginRack::apply(const model::PluginKilled& kill, model::Time now) {
    RackedPlugin* racked = find(kill.plugin);
    if (racked == nullptr) {
        return false;
    }
    for (PluginVersion* version : {&racked->current, racked->trial ? &*racked->trial : nullptr}) {
        if (version == nullptr || !version->kill || call_of(*version->kill) != call_of(kill)) {
            continue;
        }
        version->kill.reset();
        ++(kill.verdict == plugins::name_of(plugins::Verdict::KilledMemory)
               ? version->tally.killed_memory
               : version->tally.killed_time);
        remake(*version, {});
        version->last_fault = {now, kill.message, ""};
        tell(*racked, Reason::PluginWasKilled,
             version_text(*version) + " in " + kill.handler + ", input " +
                 std::to_string(kill.position) + ": " + kill.message,
             now);
        if (version->breaker.fault(PluginBreaker::Fault::Kill, now)) {
            quarantine(*racked, *version, now);
        }
        return true;
    }
    return false;
}

void PluginRack::rebuild() {
    for (RackedPlugin& racked : plugins_) {
        for (PluginVersion* version : {&racked.current, racked.trial ? &*racked.trial : nullptr}) {
            if (version != nullptr && !version->kill) {
                remake(*version, state_of(*version));
            }
        }
    }
}

void PluginRack::probe(model::Time now) {
    for (RackedPlugin& racked : plugins_) {
        for (PluginVersion* version : {&racked.current, racked.trial ? &*racked.trial : nullptr}) {
            if (version == nullptr || !version->breaker.probe_if_due(now)) {
                continue;
            }
            tell(racked, Reason::PluginOnProbation, version_text(*version), now);
            if (version == &racked.current) {
                turned_.emplace_back(static_cast<std::uint32_t>(&racked - plugins_.data()),
                                     Reason::PluginOnProbation);
            }
        }
    }
}

model::Time PluginRack::next_probe() const {
    model::Time next = model::Time::max();
    for (const RackedPlugin& racked : plugins_) {
        for (const PluginVersion* version :
             {&racked.current, racked.trial ? &*racked.trial : nullptr}) {
            if (version != nullptr && version->breaker.is_open()) {
                next = std::min(next, version->breaker.until());
            }
        }
    }
    return next;
}

void PluginRack::foresee(std::vector<model::PluginKilled> kills) {
    foreseen_.clear();
    for (model::PluginKilled& kill : kills) {
        foreseen_[kill.position].push_back(std::move(kill));
    }
}

const model::PluginKilled* PluginRack::foreseen(const model::PluginKilled& call) const {
    const auto found = foreseen_.find(call.position);
    if (found != foreseen_.end()) {
        for (const model::PluginKilled& kill : found->second) {
            if (call_of(kill) == call_of(call)) {
                return &kill;
            }
        }
    }
    return nullptr;
}

std::vector<model::PluginKilled> PluginRack::take_kills() {
    std::vector<model::PluginKilled> kills;
    for (RackedPlugin& racked : plugins_) {
        for (PluginVersion* version : {&racked.current, racked.trial ? &*racked.trial : nullptr}) {
            if (version != nullptr && version->kill && !version->is_kill_told) {
                version->is_kill_told = true;
                kills.push_back(*version->kill);
            }
        }
    }
    return kills;
}

std::vector<std::pair<std::string, std::string>> PluginRack::take_logs() {
    std::vector<std::pair<std::string, std::string>> logs;
    for (RackedPlugin& racked : plugins_) {
        for (PluginVersion* version : {&racked.current, racked.trial ? &*racked.trial : nullptr}) {
            if (version == nullptr || version->plugin == nullptr) {
                continue;
            }
            if (std::string text = version->plugin->take_log(); !text.empty()) {
                logs.emplace_back(version == &racked.current ? racked.name
                                                             : racked.name + " (trial)",
                                  std::move(text));
            }
        }
    }
    return logs;
}

// ---- snapshots ----

void PluginRack::encode(model::Writer& out, const model::PluginFile& file) const {
    const auto found = std::find(revision_.files.begin(), revision_.files.end(), file);
    const bool is_there = found != revision_.files.end();
    out.varint(is_there ? static_cast<std::uint64_t>(found - revision_.files.begin()) + 1 : 0);
    if (!is_there) {
        model::encode(out, model::PluginsRevision{{file}, {}, {}, {}});
    }
}

model::PluginFile PluginRack::decode_file(model::Reader& in) const {
    const std::uint64_t number = in.varint();
    if (number > 0) {
        return number <= revision_.files.size() ? revision_.files[number - 1] : model::PluginFile();
    }
    model::PluginsRevision alone = model::decode_plugins_revision(in);
    return alone.files.empty() ? model::PluginFile() : std::move(alone.files.front());
}

void PluginRack::encode(model::Writer& out, const PluginVersion& version) const {
    encode(out, version.file);
    out.text(version.hash);
    out.text(state_of(version));
    out.boolean(version.kill.has_value());
    if (version.kill) {
        model::encode(out, *version.kill);
    }
    version.breaker.encode(out);
    counts(version.tally, [&](std::uint64_t count) { out.varint(count); });
    out.zigzag(model::to_unix_ms(version.tally.last_call));
    out.zigzag(model::to_unix_ms(version.last_fault.at));
    out.text(version.last_fault.message);
    out.text(version.last_fault.traceback);
}

PluginVersion PluginRack::decode_version(model::Reader& in) const {
    PluginVersion version;
    version.file = decode_file(in);
    version.hash = in.text();
    const std::string state(in.text());
    if (in.boolean()) {
        version.kill = model::decode_plugin_killed(in);
    }
    version.breaker.decode(in);
    counts(version.tally, [&](std::uint64_t& count) { count = in.varint(); });
    version.tally.last_call = model::from_unix_ms(in.zigzag());
    PluginFault fault;
    fault.at = model::from_unix_ms(in.zigzag());
    fault.message = in.text();
    fault.traceback = in.text();
    if (in.ok()) {
        remake(version, state);
    }
    version.last_fault = std::move(fault);
    return version;
}

void PluginRack::encode(model::Writer& out) const {
    model::encode(out, revision_);
    out.varint(refused_.size());
    for (const RefusedPlugin& refused : refused_) {
        out.text(refused.file);
        out.text(refused.message);
    }
    out.varint(plugins_.size());
    for (const RackedPlugin& racked : plugins_) {
        out.text(racked.name);
        out.text(racked.mode_by_operator);
        out.text(racked.declined);
        encode(out, racked.current);
        out.boolean(racked.trial.has_value());
        if (racked.trial) {
            encode(out, *racked.trial);
        }
        racked.comparison.encode(out);
        out.boolean(racked.previous.has_value());
        if (racked.previous) {
            encode(out, racked.previous->file);
            out.text(racked.previous->hash);
            out.text(racked.previous->state);
        }
        out.varint(racked.anomalies.size());
        for (const auto& [series, below] : racked.anomalies) {
            out.u64(series.high);
            out.u64(series.low);
            out.varint(below);
        }
        out.varint(racked.turns.size());
        for (const PluginTurn& turn : racked.turns) {
            out.zigzag(model::to_unix_ms(turn.at));
            out.u8(static_cast<std::uint8_t>(turn.reason));
            out.text(turn.text);
        }
    }
}

void PluginRack::decode(model::Reader& in) {
    revision_ = model::decode_plugins_revision(in);
    tables_ = parse_tables(revision_);
    refused_.clear();
    for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
        RefusedPlugin& refused = refused_.emplace_back();
        refused.file = in.text();
        refused.message = in.text();
    }
    plugins_.clear();
    for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
        RackedPlugin& racked = plugins_.emplace_back();
        racked.name = in.text();
        racked.mode_by_operator = in.text();
        racked.declined = in.text();
        racked.current = decode_version(in);
        if (in.boolean()) {
            racked.trial = decode_version(in);
        }
        racked.comparison.decode(in);
        if (in.boolean()) {
            RackedPlugin::Retired& previous = racked.previous.emplace();
            previous.file = decode_file(in);
            previous.hash = in.text();
            previous.state = in.text();
        }
        for (std::size_t open = in.count(); open > 0 && in.ok(); --open) {
            model::Fingerprint series;
            series.high = in.u64();
            series.low = in.u64();
            racked.anomalies[series] = static_cast<std::uint32_t>(in.varint());
        }
        for (std::size_t turns = in.count(); turns > 0 && in.ok(); --turns) {
            PluginTurn& turn = racked.turns.emplace_back();
            turn.at = model::from_unix_ms(in.zigzag());
            turn.reason = static_cast<Reason>(in.u8());
            turn.text = in.text();
        }
        refresh(racked);
    }
}

}  // namespace nocturne::engine
