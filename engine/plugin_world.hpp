// PluginWorld: the engine's state as a plugin's call may see it.
#pragma once

#include "engine/alert_table.hpp"
#include "plugins/world.hpp"

namespace nocturne::engine {

struct State;

// Borrows the state for a call.
class PluginWorld : public plugins::World {
   public:
    // `incident`: kNoSlot for calls that are about an event.
    explicit PluginWorld(const State& state, Slot incident = kNoSlot)
        : state_(state), incident_(incident) {}

    model::Time now() const override;
    const topology::Graph& graph() const override;
    std::vector<plugins::SeenChange> changes_on(std::string_view node,
                                                std::size_t max) const override;
    std::vector<plugins::SeenIncident> alike(std::size_t max) const override;

   private:
    const State& state_;
    Slot incident_;
};

// All names by which the node may be called; of an unknown one, that one. Borrowed.
std::vector<std::string_view> names_of(const topology::Graph& graph, std::string_view node);

}  // namespace nocturne::engine
