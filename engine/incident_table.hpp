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

    // The incident that is not over and has alerts on the node.
    Slot at_node(std::uint32_t node) const;

    void set_at_node(std::uint32_t node, Slot slot) { at_node_[node] = slot; }

    void clear_node(std::uint32_t node, Slot slot);

    void clear_nodes() { at_node_.clear(); }

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    std::vector<model::Incident> incidents_;
    std::vector<Slot> free_;
    std::map<model::Id, Slot> by_id_;
    boost::unordered_flat_map<std::uint32_t, Slot> at_node_;
    std::set<model::Id> over_;
};

}  // namespace nocturne::engine
