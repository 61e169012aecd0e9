// Correlate: gathers alerts that are one problem into incidents, by time and by nearness on the
// graph.
#pragma once

#include "engine/dedup.hpp"
#include "engine/state.hpp"
#include "model/effect.hpp"

#include <string>
#include <vector>

namespace nocturne::engine {

// What happened to an incident, for the stages after this one.
struct IncidentNews {
    model::Id incident;
    model::Effect::Topic topic = model::Effect::Topic::IncidentUpdated;
    model::Reason reason = model::Reason::None;
};

// Lives for one input.
class Correlate {
   public:
    // `news` gets what happens to incidents, in order.
    Correlate(State& state, std::vector<IncidentNews>& news) : state_(state), news_(news) {}

    // An alert that nobody hides was raised, worsened or ended.
    void correlate(const Transition& transition);
    // Looks whether the incident has to be resolved, or can leave memory.
    void look_at(Slot incident);
    // After a change of the graph: which incident stands on which node.
    void find_nodes();

    void acknowledge(const model::AcknowledgeIncident& command);
    void resolve(const model::ResolveIncident& command);
    void label(const model::LabelIncident& command);

   private:
    void gather(Slot alert);
    // Back into the incident that the alert belonged to; false when that is gone or too long over.
    bool rejoin(Slot alert);
    // The incidents near the alert's node, nearest first.
    std::vector<Slot> find_near(Slot alert);
    Slot open(Slot alert);
    void join(Slot incident, Slot alert, model::Reason reason);
    void merge(Slot into, Slot from, Slot bridge);
    void alert_ended(Slot alert, model::Reason reason);
    void finish(Slot incident, model::Reason reason, const std::string& by);
    void forget(Slot incident);
    bool make_room();
    void tell(model::Incident& incident, model::Reason reason, model::Id subject, std::string text);
    std::string describe(Slot alert) const;

    State& state_;
    std::vector<IncidentNews>& news_;
    std::uint32_t next_index_ = 0;  // of the incidents opened in this input
};

}  // namespace nocturne::engine
