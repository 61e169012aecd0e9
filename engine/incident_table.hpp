// IncidentTable: all incidents in memory, by slot, by id, and by the node that alerts.
#pragma once

#include "engine/alert_table.hpp"
#include "model/codec.hpp"
#include "model/incident.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace nocturne::engine {

class IncidentTable {
   public:
    // kNoSlot when it is not in memory.
    Slot find(model::Id id) const;
    Slot create(model::Id id);
    // Lets of_group() find the incident by its key.
    void note_group(Slot slot);
    void remove(Slot slot);

    model::Incident& operator[](Slot slot) { return incidents_[slot]; }

    const model::Incident& operator[](Slot slot) const { return incidents_[slot]; }

    // In the order of their ids, which is that of their opening.
    const std::map<model::Id, Slot>& by_id() const { return by_id_; }

    std::size_t size() const { return by_id_.size(); }

    // Call it whenever the incident's state goes over or comes back.
    void note_state(Slot slot);
    // The oldest that is over; kNoSlot when none is.
    Slot oldest_over() const;

    // How a node that alerts stands among the incidents that follow the graph.
    struct Standing {
        Slot incident = kNoSlot;  // not over
        // The alerting node that explains this one best; none: it is a root of its incident.
        std::uint32_t cause = UINT32_MAX;
        // Of a root: the silent dependency that it and others point to; or none.
        std::uint32_t shared = UINT32_MAX;
        std::uint8_t distance = 0;                // to the cause, in hops
        model::Time first_seen = model::kNoTime;  // of its earliest alert, by the source's clock
    };

    // nullptr when the node does not alert.
    const Standing* standing_of(std::uint32_t node) const;
    // Of the incident where it stands; kNoId when it does not alert.
    model::Id id_at(std::uint32_t node) const;

    void stand(std::uint32_t node, const Standing& standing) { standings_[node] = standing; }

    void clear_node(std::uint32_t node, Slot slot);

    void clear_nodes() { standings_.clear(); }

    // The latest incident that a group rule filled with what has this key; kNoSlot: none.
    Slot of_group(const model::Fingerprint& key) const;

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    std::vector<model::Incident> incidents_;
    std::vector<Slot> free_;
    std::map<model::Id, Slot> by_id_;
    boost::unordered_flat_map<std::uint32_t, Standing> standings_;
    std::set<std::pair<model::Fingerprint, model::Id>> groups_;
    std::set<model::Id> over_;
};

}  // namespace nocturne::engine
