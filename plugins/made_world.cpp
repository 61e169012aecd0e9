#include "plugins/made_world.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::plugins {

std::vector<SeenChange> MadeWorld::changes_on(std::string_view node, std::size_t max) const {
    std::vector<SeenChange> seen;
    for (const SeenChange& change : changes_) {
        if (seen.size() < max && change.time <= now_ && change.resource == node) {
            seen.push_back(change);
        }
    }
    return seen;
}

std::vector<SeenIncident> MadeWorld::alike(std::size_t max) const {
    const auto count = static_cast<std::ptrdiff_t>(std::min(max, past_.size()));
    return {past_.begin(), past_.begin() + count};
}

void MadeWorld::advance(model::Time time) {
    now_ = std::max(now_, time);
}

topology::ChangeReport MadeWorld::grow(const model::TopologyChange& change) {
    return graph_.apply(change, now_);
}

void MadeWorld::add(SeenChange change) {
    const auto later = std::find_if(changes_.begin(), changes_.end(),
                                    [&](const SeenChange& one) { return one.time <= change.time; });
    changes_.insert(later, std::move(change));
}

void MadeWorld::set_past(std::vector<SeenIncident> past) {
    std::stable_sort(past.begin(), past.end(), [](const SeenIncident& a, const SeenIncident& b) {
        return a.likeness > b.likeness;
    });
    past_ = std::move(past);
}

}  // namespace nocturne::plugins
