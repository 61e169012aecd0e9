// IncidentLife: what becomes of an incident: opened, joined, moved, resolved, reopened, forgotten.
// Why, others decide; each turn is counted, told in the timeline, and news for the stages after.
#pragma once

#include "engine/state.hpp"
#include "model/effect.hpp"

#include <string>
#include <vector>

namespace nocturne::engine {

// What happened to an incident, for the stages after correlation.
struct IncidentNews {
    model::Id incident;
    model::Effect::Topic topic = model::Effect::Topic::IncidentUpdated;
    model::Reason reason = model::Reason::None;
};

// Lives for one input.
class IncidentLife {
   public:
    // `news` gets what happens to incidents, in order.
    IncidentLife(State& state, std::vector<IncidentNews>& news) : state_(state), news_(news) {}

    // With this alert; kNoSlot: there are too many, and none is over.
    Slot open(Slot alert, model::Reason reason);
    // Empty: its alerts come from another. kNoSlot as above.
    Slot create(model::Reason reason);
    void join(Slot incident, Slot alert, model::Reason reason);
    // Back into the incident that the alert belonged to; false when that is gone or too long over.
    bool rejoin(Slot alert);
    // The alert's node stands in the incident, and nothing is known to have caused it.
    void stand(Slot alert, Slot incident);
    // One that is left without alerts is merged.
    void move_alerts(Slot from, Slot into, const std::vector<Slot>& alerts, model::Reason reason,
                     const std::string& why);
    // The alert is worse than before, or over; its incident may be.
    void alert_worsened(Slot alert, Slot incident, model::Reason reason);
    void alert_ended(Slot alert, model::Reason reason);
    // Looks whether the incident has to be resolved, or can leave memory.
    void look_at(Slot incident);

    // False when the command came to nothing.
    bool acknowledge(const model::AcknowledgeIncident& command);
    bool resolve(const model::ResolveIncident& command);
    bool label(const model::LabelIncident& command);
    bool merge(const model::MergeIncidents& command);
    bool split(const model::SplitIncident& command);

    // Into the timeline.
    void tell(model::Incident& incident, model::Reason reason, model::Id subject, std::string text);
    // "orders-db lock_wait"
    std::string describe(Slot alert) const;

   private:
    // How long the incident lives, by the rule for its worst alert.
    struct Lifecycle {
        model::Duration resolve_after{};
        model::Duration reopen_window{};
        bool auto_resolve = true;
    };

    Lifecycle lifecycle_of(Slot incident) const;
    // kNoSlot: it is not known, or over.
    Slot find_open(model::Id incident) const;
    void finish(Slot incident, model::Reason reason, const std::string& by);
    void forget(Slot incident);
    bool make_room();

    State& state_;
    std::vector<IncidentNews>& news_;
    std::uint32_t next_index_ = 0;
};

}  // namespace nocturne::engine
