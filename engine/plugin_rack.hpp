// PluginRack: the plugins in force, their versions, what each has done, and which are not called.
#pragma once

#include "engine/plugin_breaker.hpp"
#include "engine/plugin_comparison.hpp"
#include "engine/plugin_loading.hpp"
#include "model/codec.hpp"
#include "model/event.hpp"
#include "model/plugins_revision.hpp"
#include "model/reason.hpp"
#include "model/time.hpp"
#include "plugins/plugin.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::engine {

// What a version has done; part of the state, unlike plugins::PluginAccount.
struct PluginTally {
    std::uint64_t calls = 0;
    std::uint64_t acted = 0;       // calls that changed something
    std::uint64_t would_have = 0;  // the same in shadow mode, or more than the mode allows
    std::uint64_t emitted = 0;
    std::uint64_t anomalies = 0;
    std::uint64_t errors = 0;
    std::uint64_t killed_time = 0;
    std::uint64_t killed_memory = 0;
    std::uint64_t refused = 0;  // wishes that the engine could not grant
    std::uint64_t quarantines = 0;
    model::Time last_call = model::kNoTime;
};

struct PluginFault {
    model::Time at = model::kNoTime;
    std::string message;  // "plugin/owner.lua:12: ..."
    std::string traceback;
};

// One version of a plugin, loaded.
struct PluginVersion {
    model::PluginFile file;
    std::string hash;
    std::string make;  // see make_of
    // It was killed by a call, and is made anew when the journal has that. Not called until then.
    std::optional<model::PluginKilled> kill;
    bool is_kill_told = false;                // take_kills() gave it; no part of the state
    std::unique_ptr<plugins::Plugin> plugin;  // nullptr: it does not load here
    plugins::PluginKind kind = plugins::PluginKind::Enricher;  // while there is one
    PluginBreaker breaker;
    PluginTally tally;
    PluginFault last_fault;
    std::string kept;               // its saved state when it does not load
    std::string broken;             // and why it does not; no part of the state
    plugins::PluginAccount before;  // of what ran under this name before; no part of the state

    bool is_callable() const { return plugin != nullptr && !kill && !breaker.is_open(); }

    // Since the start of the process.
    plugins::PluginAccount account() const;
};

// A line of a plugin's story: loaded, killed, promoted, ...
struct PluginTurn {
    model::Time at = model::kNoTime;
    model::Reason reason = model::Reason::None;
    std::string text;
};

struct RackedPlugin {
    static constexpr std::size_t kTurnsMax = 64;          // the latest
    static constexpr std::size_t kAnomaliesMax = 10'000;  // that a detector holds open

    struct Retired {
        model::PluginFile file;
        std::string hash;
        std::string state;
    };

    std::string name;
    std::string label;  // "plugins/owner.lua enricher \"owner\"", as decisions name it
    PluginVersion current;
    std::optional<PluginVersion> trial;  // in shadow, beside the current one
    PluginComparison comparison;         // of the two, or as it stood when the trial ended
    std::optional<Retired> previous;     // what a rollback goes back to
    std::string declined;                // hash of the version that was rolled back
    std::string mode_by_operator;        // "": as configured
    std::string mode_by_configuration;   // "": as its table says
    plugins::PluginMode mode = plugins::PluginMode::Shadow;  // that holds
    // Metrics (by fingerprint) for which an alert stands, and how many samples are below since.
    std::map<model::Fingerprint, std::uint32_t> anomalies;
    std::deque<PluginTurn> turns;

    bool is(plugins::PluginKind kind) const {
        return current.kind == kind && current.plugin != nullptr;
    }
};

// A file of the revision in force that is not run, and why.
struct RefusedPlugin {
    std::string file;
    std::string message;
};

class PluginRack {
   public:
    void set_run(PluginRun run) { run_ = run; }

    bool empty() const { return plugins_.empty(); }

    // By name.
    const std::vector<RackedPlugin>& all() const { return plugins_; }

    std::vector<RackedPlugin>& all() { return plugins_; }

    RackedPlugin* find(std::string_view name);

    const model::PluginsRevision& revision() const { return revision_; }

    const std::vector<RefusedPlugin>& refused() const { return refused_; }

    // What stays the same goes on as it is; what changed takes its state along; what does not load
    // leaves the version before running.
    void load(const model::PluginsRevision& revision, model::Time now);

    // False: there is no such kill to make good (it was made good already).
    bool apply(const model::PluginKilled& kill, model::Time now);
    // Every plugin anew from its saved state.
    void rebuild();

    // Each: nothing when there is no such plugin, or it is not in that case.
    void promote(std::string_view name, const std::string& by, model::Time now);
    void roll_back(std::string_view name, const std::string& by, model::Time now);
    void release(std::string_view name, const std::string& by, model::Time now);
    void set_mode(std::string_view name, std::string_view mode, const std::string& by,
                  model::Time now);

    // Those whose quarantine is over.
    void probe(model::Time now);
    // The earliest end of a quarantine; Time::max() for none.
    model::Time next_probe() const;

    // What a call's end means; of PluginCaller.
    void went_well(RackedPlugin& racked, PluginVersion& version, model::Time now);
    void failed(RackedPlugin& racked, PluginVersion& version, const plugins::CallResult& result,
                model::Time now);
    void killed(PluginVersion& version, model::PluginKilled kill);

    // Of a journal that is about to be applied again: the calls, and no others, that are left out.
    void foresee(std::vector<model::PluginKilled> kills);
    // nullptr: that call is made. `call` without message and verdict.
    const model::PluginKilled* foreseen(const model::PluginKilled& call) const;

    bool foresees_at(model::Position position) const {
        return !foreseen_.empty() && foreseen_.contains(position);
    }

    // Kills that nobody was told of yet, each once.
    std::vector<model::PluginKilled> take_kills();

    // What plugins logged since the last call, by name; a version on trial is "name (trial)".
    std::vector<std::pair<std::string, std::string>> take_logs();

    // Who went into quarantine or came out of it since the last call: number and why.
    std::vector<std::pair<std::uint32_t, model::Reason>> take_turned() {
        return std::exchange(turned_, {});
    }

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    Result<PluginVersion> make(const model::PluginFile& file) const;
    // The same source in a new state, with that saved state. What does not load is kept aside.
    void remake(PluginVersion& version, std::string_view state) const;
    static std::string state_of(const PluginVersion& version);
    void take_file(const model::PluginFile& file, std::set<std::string>& there, model::Time now);
    void refuse(const model::PluginFile& file, const std::string& message,
                std::set<std::string>& there, model::Time now);
    void take_version(RackedPlugin& racked, PluginVersion version, model::Time now);
    void replace(RackedPlugin& racked, PluginVersion version, model::Reason reason,
                 const std::string& text, model::Time now);
    void refresh(RackedPlugin& racked);
    void tell(RackedPlugin& racked, model::Reason reason, std::string text, model::Time now);
    void quarantine(RackedPlugin& racked, PluginVersion& version, model::Time now);
    void encode(model::Writer& out, const PluginVersion& version) const;
    PluginVersion decode_version(model::Reader& in) const;
    void encode(model::Writer& out, const model::PluginFile& file) const;
    model::PluginFile decode_file(model::Reader& in) const;

    PluginRun run_;
    model::PluginsRevision revision_;
    std::vector<plugins::PluginTable> tables_;  // of the revision
    std::vector<RackedPlugin> plugins_;
    std::vector<RefusedPlugin> refused_;
    std::vector<std::pair<std::uint32_t, model::Reason>> turned_;
    std::map<model::Position, std::vector<model::PluginKilled>> foreseen_;  // no part of the state
};

}  // namespace nocturne::engine
