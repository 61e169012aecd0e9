// RawCheck: plain chunks, one after the other in one process, each in a sandbox of its own; how
// each ended, and whether a neighbour still works.
#pragma once

#include "model/event.hpp"
#include "plugins/limits.hpp"
#include "plugins/watchdog.hpp"
#include "plugins/worker.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nocturne::plugins {

struct RawRun {
    Outcome load;
    std::vector<Outcome> calls;  // of on_event, when there is one
    std::chrono::nanoseconds unload{0};
    bool is_neighbour_well = false;
};

class RawCheck {
   public:
    RawCheck(Limits limits, model::EventBatch event);
    ~RawCheck();

    // Loads the chunk, calls its on_event so often, unloads it. A job that never comes back is
    // reported as killed, and a fresh worker takes over.
    RawRun run(const std::string& source, const std::string& name, int calls);

   private:
    class Neighbour;

    const Limits limits_;
    const std::shared_ptr<const model::EventBatch> event_;
    std::shared_ptr<Watchdog> watchdog_;
    std::unique_ptr<Worker> worker_;
    std::shared_ptr<Neighbour> neighbour_;
};

}  // namespace nocturne::plugins
