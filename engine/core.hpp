// Core: the deterministic heart. apply(Input) -> effects; nothing else changes its state.
//
// No clock, no I/O, no randomness, no threads: time is what the inputs say, ids are made from their
// positions. The same inputs give the same state and the same effects, byte for byte.
#pragma once

#include "model/codec.hpp"
#include "model/effect.hpp"
#include "model/input.hpp"
#include "model/result.hpp"
#include "model/settings.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace nocturne::engine {

struct State;

class Core {
   public:
    explicit Core(model::Settings settings = {});
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
    static Result<Core> decode(model::Reader& in);

    // For the views.
    const State& state() const { return *state_; }

   private:
    std::unique_ptr<State> state_;
};

}  // namespace nocturne::engine
