// Plugin: one Lua file, loaded: its manifest, its handlers in their sandbox, its state.
//
// Deterministic but for kills: the same calls in the same order give the same answers, whatever was
// saved and restored between them, as long as the plugin keeps what it knows in nocturne.state.
#pragma once

#include "model/event.hpp"
#include "model/result.hpp"
#include "model/run.hpp"
#include "plugins/limits.hpp"
#include "plugins/manifest.hpp"
#include "plugins/playbook.hpp"
#include "plugins/world.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nocturne::plugins {

struct PluginSource {
    struct Module {
        std::string name;  // as require() has it: a plain name
        std::string text;
        std::string file = {};  // as messages have it; empty: in the plugin's own folder
    };

    std::string file;  // as messages have it: "plugins/owner.lua"
    std::string text;
    std::vector<Module> modules;  // the other .lua files of its own folder, plugins/owner/
};

// Of the text and its modules: XXH3, 128 bits, as 32 hexadecimal digits.
std::string version_hash(const PluginSource& source);

// A table (CSV) that plugins may read, by its first column.
struct PluginTable {
    std::string name;
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;  // each as long as `columns`
};

// A parameter as the configuration sets it. Later ones win; all must be right, or load() fails.
struct PluginSetting {
    std::string parameter;
    std::string value;  // as people write it: 0.5, true, text
    // Where: matchers over resource, type (of the node), check and labels; "" is everywhere.
    std::string scope;
    std::string place;  // "nocturne.yaml:14:7", for messages
};

// What a call wants done, in its order.
struct Wish {
    enum class What : std::uint8_t { Annotate, Label, Resource, Severity, Emit };

    What what = What::Annotate;
    std::string name;   // of the annotation or label
    std::string value;  // also the new resource, or the severity
    model::AnnotationView::Type type = model::AnnotationView::Type::Text;
};

// The annotation that an emitted event carries: how many emits led to it, 1 and up. The engine ends
// chains of them. Plugins cannot write it.
inline constexpr std::string_view kDepthAnnotation = "nocturne.depth";
inline constexpr std::uint32_t kDepthMax = 1'000;

// What that annotation says; 0 without it.
std::uint32_t emit_depth_of(const model::EventView& event);

// One call of a handler. Valid until the next one of the same plugin.
struct CallResult {
    Verdict verdict = Verdict::Ok;
    bool was_called = false;  // false: the plugin does not want such an event
    // Of on_sample only. Nothing: still learning, or no score.
    std::optional<double> score;
    std::vector<Wish> wishes;   // none unless Ok
    model::EventBatch emitted;  // the events of Wish::What::Emit, in order
    std::string message;        // of an error or a kill: "plugin/owner.lua:12: ..."
    std::string traceback;
};

// Since it was loaded; never part of the engine's state.
struct PluginAccount {
    std::uint64_t calls = 0;
    std::uint64_t errors = 0;
    std::uint64_t kills = 0;
    std::uint64_t refused_wishes = 0;  // over a budget, or without the capability
    std::uint64_t log_lines = 0;
    std::uint64_t series_forgotten = 0;
    std::uint64_t steps = 0;          // of C loops, and VM instructions where they are counted
    std::chrono::nanoseconds cpu{0};  // sampled: one call in 256 is timed
    std::size_t memory_bytes = 0;
    std::size_t memory_bytes_highest = 0;
};

// How a load went, whether it came to something or not.
struct LoadReport {
    Verdict verdict = Verdict::Ok;   // of running the file; a wrong table leaves it at Ok
    std::uint64_t instructions = 0;  // and steps of C loops
    std::size_t memory_bytes = 0;
};

class Plugin {
   public:
    struct Options {
        Limits ceiling;  // the manifest may ask for less, never for more
        Counting counting = Counting::LibrarySteps;
        std::vector<PluginSetting> settings;
        std::vector<PluginTable> tables;  // those the manifest names are taken
        bool covers_lines = false;        // note which lines ran: tests only, slow
        LoadReport* report = nullptr;     // filled in by load()
    };

    // Runs the file and checks its table. An error has a message for each problem, with file:line
    // where the file is to blame, and what would be right. Called on any thread; the thread's C
    // stack must have 8 MiB.
    static Result<std::unique_ptr<Plugin>> load(PluginSource source, Options options);
    ~Plugin();
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;

    const Manifest& manifest() const;
    const PluginSource& source() const;
    const std::string& hash() const;

    // Calls nothing (was_called is false) when the plugin does not want this event, or has no such
    // handler. A killed plugin answers Verdict::Refused from then on: load it anew.
    const CallResult& on_event(const model::EventView& event, const World& world);
    // One sample of the series that the event's identity names.
    const CallResult& on_sample(const model::EventView& event, const World& world);
    const CallResult& on_incident(const IncidentSight& incident, const World& world);

    // ---- playbooks ----

    // Whether its `when` holds; `why_not`, unless null: what does not, for people. Calls no Lua.
    bool is_for(const IncidentSight& incident, const World& world,
                std::string* why_not = nullptr) const;
    // What it would do, whether it is for this incident or not. Loads the file anew, so that the
    // same incident in the same world gets the same plan, and a killed one is not missed. Refused:
    // it is no playbook. Valid until the next call.
    const PlanAnswer& plan(const IncidentSight& incident, const World& world);
    // The plan as a proposal of this playbook: its mode, its limits, and its capabilities with the
    // values of the parameters that they name.
    model::PlanProposed propose(model::Plan plan) const;

    // nocturne.state and the series, as plain bytes; restore gives the same plugin back. The bytes
    // of another version go through the plugin's migrate() and migrate_series(), or, without them,
    // are forgotten. A killed plugin has nothing to save: its bytes are empty, and restoring them
    // does nothing. After an error the plugin has no state.
    std::string save_state() const;
    Status restore_state(std::string_view bytes);

    // What print and nocturne.log said since the last time; cut and made printable.
    std::string take_log();
    PluginAccount account() const;
    // The lines that ran and those that could, 1-based and sorted; of `covers_lines`.
    std::pair<std::vector<int>, std::vector<int>> lines() const;

   private:
    class Inside;
    explicit Plugin(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::plugins
