// IncidentScene: an incident and the world around it, copied out of the core at one moment, so that
// a playbook can look at them on a thread of its own.
#pragma once

#include "engine/core.hpp"
#include "model/incident.hpp"
#include "model/position.hpp"
#include "plugins/world.hpp"

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::engine {

struct State;

class IncidentScene : public plugins::World {
   public:
    static constexpr std::size_t kAlertsMax = 1'000;  // those beyond are left out
    static constexpr std::size_t kAlikeMax = 16;

    // What is copied beside the incident and the graph, because somebody looks at it.
    struct Wanted {
        bool changes = true;
        bool past = true;
    };

    // On the core thread. nullptr: it is not known, or over.
    static std::unique_ptr<const IncidentScene> of(const Core& core, model::Id incident,
                                                   Wanted wanted);

    const plugins::IncidentSight& sight() const { return sight_; }

    model::Time now() const override { return now_; }

    const topology::Graph& graph() const override { return *graph_; }

    std::vector<plugins::SeenChange> changes_on(std::string_view node,
                                                std::size_t max) const override;
    std::vector<plugins::SeenIncident> alike(std::size_t max) const override;

   private:
    IncidentScene() = default;
    void copy_changes(const State& state);
    void copy_alerts(const State& state, const model::Incident& incident);
    std::string_view keep(std::string_view text);

    model::Time now_ = model::kNoTime;
    std::shared_ptr<const topology::Graph> graph_;  // shared: an immutable snapshot
    std::deque<std::string> texts_;                 // what the sight borrows
    std::vector<plugins::IncidentSight::Alert> alerts_;
    std::vector<model::Suspect> suspects_;
    std::vector<plugins::SeenChange> changes_;  // newest first
    std::vector<plugins::SeenIncident> alike_;
    plugins::IncidentSight sight_;
};

// Those that are not over, in the order of their ids.
std::vector<model::Id> open_incidents(const Core& core);

}  // namespace nocturne::engine
