// Committer: writes inputs into the journal together with what the core and the edges left since
// the last commit. In one transaction, and one commit after the other, so that whatever is known to
// be delivered has its history and its audit entries in the store.
#pragma once

#include "engine/loop.hpp"
#include "store/store.hpp"

#include <cstddef>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace nocturne::engine {

class Committer {
   public:
    // Borrows both.
    Committer(store::Store& store, LoopCounters& counters) : store_(store), counters_(counters) {}

    // An error: nothing was written, and what was left here goes with the next commit.
    Status commit(std::span<const store::PendingEntry> entries,
                  const std::vector<model::AuditRecord>& notes);

    // By the core: the effects of inputs up to `delivered` have left; goes with the next commit.
    void leave(model::Position delivered, std::vector<store::IncidentRecord> history,
               std::vector<model::AuditRecord> notes);
    // By an edge. False: too many wait for a disk that fails; it is lost, and counted.
    bool leave_note(model::AuditRecord note);

    // Whether the last commit succeeded; with the reason when not.
    Status health() const;

   private:
    void note_health(const Status& status);

    store::Store& store_;
    LoopCounters& counters_;

    std::mutex commit_mutex_;  // taken before extras_mutex_

    std::mutex extras_mutex_;  // guards these
    model::Position delivered_ = 0;
    std::vector<store::IncidentRecord> history_;
    std::vector<model::AuditRecord> audit_;
    std::size_t loose_notes_ = 0;  // of them, by leave_note()

    mutable std::mutex health_mutex_;
    std::optional<Error> failure_;  // guarded by health_mutex_
};

}  // namespace nocturne::engine
