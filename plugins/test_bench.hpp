// TestBench: the plugin that a test looks at, and the world that the test makes for it.
//
// It notes every answer of the plugin. A second run of the same test on a bench that saves the
// plugin, loads it anew and restores it before each call (of a long test, from the 1,000th on,
// before each tenth) must hear the same answers: a plugin that keeps what it knows elsewhere than
// in nocturne.state, or in its series, does not.
#pragma once

#include "plugins/line_coverage.hpp"
#include "plugins/made_world.hpp"
#include "plugins/plugin.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::plugins {

// Finds a plugin by the name of its file; "": the one that the test file is for.
using FindPlugin = std::function<Result<PluginSource>(std::string_view file)>;

class TestBench {
   public:
    enum class Between : std::uint8_t { Nothing, Restart };

    // `expected`: the answers of the run before; null: none to compare with. `coverage`: joins the
    // lines that ran; null: they are not noted. All must outlive the bench.
    struct Options {
        const FindPlugin* find = nullptr;
        Between between = Between::Nothing;
        const std::vector<std::string>* expected = nullptr;
        LineCoverage* coverage = nullptr;
    };

    explicit TestBench(const Options& options);
    ~TestBench();
    TestBench(const TestBench&) = delete;
    TestBench& operator=(const TestBench&) = delete;

    // ---- each error's message is for whoever wrote the test, or the plugin ----

    Status load(std::string_view file, std::vector<PluginSetting> settings);
    // Saves, loads anew, restores.
    Status restart();
    // In place of a table of that name; a plugin that is loaded is loaded anew.
    Status add_table(PluginTable table);

    // Loads the plugin, with its defaults, when nothing is loaded yet. An error of the plugin's, a
    // kill, and an answer that is not the expected one are errors. The result is valid until the
    // next call.
    Result<const CallResult*> event(const model::EventView& event);
    Result<const CallResult*> sample(const model::EventView& event);
    Result<const CallResult*> incident(const IncidentSight& incident);

    // A proposal; or why there is none, in the words of the playbook or of its `when`.
    struct Planned {
        std::optional<model::PlanProposed> proposed;
        std::string why_not;
    };

    Result<Planned> plan(const IncidentSight& incident);

    // ---- the world ----

    MadeWorld world;

    // Its time; the first of 2026 until something has one.
    model::Time now();
    // Of an event, a sample, ...: moves the time on, never back.
    void see(model::Time time);
    // False: it would go back.
    bool set_now(model::Time time);

    const std::vector<std::string>& answers() const { return answers_; }

    // What the plugin printed.
    std::string take_log();

   private:
    using Call = std::function<const CallResult&()>;

    Status load_again(std::string_view state);
    // Loaded, and anew where it is time for that.
    Status make_ready();
    Result<const CallResult*> call(const Call& call);
    bool restarts_now() const;
    Status note(std::string answer);
    void unload();

    const Options options_;
    std::unique_ptr<Plugin> plugin_;
    std::optional<PluginSource> source_;
    std::vector<PluginSetting> settings_;
    std::vector<PluginTable> tables_;
    std::vector<std::string> answers_;
    std::string log_;
    bool has_time_ = false;
};

}  // namespace nocturne::plugins
