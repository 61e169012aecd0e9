// WalkMemories: what the last rankings of a few incidents leave for their next ones.
#pragma once

#include "model/position.hpp"
#include "topology/walk.hpp"

#include <cstddef>
#include <vector>

namespace nocturne::engine {

// A cache and no part of the state: not in snapshots, and without it every ranking is the same.
class WalkMemories {
   public:
    static constexpr std::size_t kIncidentsMax = 8;

    // That of the incident, until the next call. The one that was asked for longest ago gives way.
    topology::WalkMemory& of(model::Id incident);
    // Of an incident that has ended.
    void drop(model::Id incident);

    std::size_t size() const { return kept_.size(); }

   private:
    struct Kept {
        model::Id incident;
        topology::WalkMemory memory;
    };

    std::vector<Kept> kept_;  // the one asked for last at the end
};

}  // namespace nocturne::engine
