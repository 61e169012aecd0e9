// Core: the deterministic heart. apply(Input) -> effects; nothing else changes its state.
//
// No clock, no I/O, no randomness, no threads: time is what the inputs say, ids are made from their
// positions. The same inputs give the same state and the same effects, byte for byte.
#pragma once

#include "engine/plugin_run.hpp"
#include "model/codec.hpp"
#include "model/effect.hpp"
#include "model/input.hpp"
#include "model/result.hpp"
#include "model/settings.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nocturne::engine {

struct State;

class Core {
   public:
    explicit Core(model::Settings settings = {}, const PluginRun& run = {});
    ~Core();
    Core(Core&&) noexcept;
    Core& operator=(Core&&) noexcept;

    // Applies one input and appends what it wants done to `effects`. Positions must rise; time that
    // goes back counts as standing still.
    void apply(const model::Input& input, std::vector<model::Effect>& effects);

    // When the passing of time alone would change something; Time::max() for never. A Tick at or
    // after it makes the change happen.
    model::Time next_deadline() const;

    model::Time now() const;
    model::Position position() const;  // of the last input applied

    // All of the state, for a snapshot; decode gives back a core that goes on exactly the same.
    void encode(model::Writer& out) const;
    static Result<Core> decode(model::Reader& in, const PluginRun& run = {});

    // Before inputs of a journal are applied again: the kills that the journal tells of. Those
    // calls, and no others, are left out instead of being raced again.
    void foresee(std::vector<model::PluginKilled> kills);
    // Kills that happened and were not given out yet. Each is to become an input: until that is
    // applied, the plugin is not called.
    std::vector<model::PluginKilled> take_kills();
    bool has_plugins() const;
    // What plugins logged since the last time: name and text, without those that said nothing.
    std::vector<std::pair<std::string, std::string>> take_plugin_logs();
    // For plugins that are loaded from now on; a Checkpoint loads all of them.
    void set_plugin_run(const PluginRun& run);

    // For the views.
    const State& state() const { return *state_; }

   private:
    std::unique_ptr<State> state_;
};

}  // namespace nocturne::engine
