// Learning: a history of alerts from recorded events or a journal, and what it teaches.
#pragma once

#include "cli/recorded_events.hpp"
#include "model/input.hpp"
#include "rules/normaliser.hpp"
#include "topology/mine.hpp"

#include <cstdint>
#include <memory>

namespace nocturne::cli {

// Gathers what is learned from: firing alerts as the normalise rules leave them, and the graph.
class HistoryReader {
   public:
    // From here on events are normalised by these rules; null: by none.
    void use(std::shared_ptr<rules::Normaliser> normaliser) { normaliser_ = std::move(normaliser); }

    void use(const topology::LiveGraph& graph) { graph_ = graph; }

    // An input of a journal: events, a change of the graph, rules; anything else teaches nothing.
    void take(const model::Input::Body& body, model::Time at);

    void apply(const model::TopologyChange& change, model::Time at) { graph_.apply(change, at); }

    // A firing alert is kept, anything else is not. What is dated ahead of its arrival happened
    // then.
    void take(const model::EventView& event, model::Time arrived);

    std::uint64_t events() const { return events_; }

    const topology::AlertHistory& history() const { return history_; }

    topology::Mined mine(const topology::TellShare& tell = {}) const {
        return topology::mine(history_, graph_.now(), {}, tell);
    }

   private:
    topology::AlertHistory history_;
    topology::LiveGraph graph_;
    std::shared_ptr<rules::Normaliser> normaliser_;  // shared with the state of a snapshot
    rules::Normaliser::Applied applied_;
    std::uint64_t events_ = 0;
};

}  // namespace nocturne::cli
