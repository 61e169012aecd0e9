#include "engine/walk_memories.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::engine {

topology::WalkMemory& WalkMemories::of(model::Id incident) {
    const auto found = std::find_if(kept_.begin(), kept_.end(),
                                    [&](const Kept& one) { return one.incident == incident; });
    if (found != kept_.end()) {
        std::rotate(found, found + 1, kept_.end());
        return kept_.back().memory;
    }
    if (kept_.size() == kIncidentsMax) {
        kept_.erase(kept_.begin());
    }
    return kept_.emplace_back(Kept{incident, {}}).memory;
}

void WalkMemories::drop(model::Id incident) {
    std::erase_if(kept_, [&](const Kept& one) { return one.incident == incident; });
}

}  // namespace nocturne::engine
