// Decide: turns what happened to alerts and incidents into effects, each with its key.
#pragma once

#include "engine/incident_life.hpp"
#include "engine/state.hpp"
#include "model/effect.hpp"

#include <vector>

namespace nocturne::engine {

class Decide {
   public:
    Decide(const State& state, std::vector<model::Effect>& effects)
        : state_(state), effects_(effects) {}

    void alert(model::Effect::Topic topic, model::Reason reason, Slot alert);
    // `storm`: its place among the storms.
    void plugin(model::Effect::Topic topic, model::Reason reason, std::uint32_t plugin);
    void storm(model::Effect::Topic topic, model::Reason reason, std::uint32_t storm);

    // A word about an incident to its route.
    void notify(model::Effect::Topic topic, model::Reason reason, model::Id incident) {
        add(topic, reason, incident);
    }

    // `run`: its id. What is not about one run has none.
    void run(model::Effect::Topic topic, model::Reason reason, model::Id run) {
        add(topic, reason, run);
    }

    void actions(model::Effect::Topic topic, model::Reason reason) {
        add(topic, reason, model::kNoId);
    }

    // `attempt`: as pack_step() makes it.
    void step(model::Id run, std::uint32_t attempt) {
        add(model::Effect::Topic::RunStep, model::Reason::StepWanted, run, attempt);
    }

    // One input tells of an incident's growth once, however much it grew; every other turn is told.
    void incidents(const std::vector<IncidentNews>& news);

   private:
    void add(model::Effect::Topic topic, model::Reason reason, model::Id subject,
             Slot slot = kNoSlot);

    const State& state_;
    std::vector<model::Effect>& effects_;
    std::uint32_t next_index_ = 0;
};

}  // namespace nocturne::engine
