#include "engine/stir.hpp"

#include "topology/neighbourhood.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::engine {

namespace {

constexpr std::size_t kNodesMax = 64;  // whose dependents are looked at

}  // namespace

void stir_above(State& state, model::Id incident, std::vector<topology::NodeIndex> nodes) {
    std::sort(nodes.begin(), nodes.end());
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
    nodes.resize(std::min(nodes.size(), kNodesMax));
    topology::NearLimits limits;
    limits.hops = state.settings.correlation_hops;
    for (const topology::NodeIndex node : nodes) {
        for (const topology::Near& near : topology::above(state.topology.now(), node, limits)) {
            const IncidentTable::Standing* standing = state.incidents.standing_of(near.node);
            if (standing == nullptr) {
                continue;
            }
            model::Incident& above = state.incidents[standing->incident];
            if (above.id != incident && above.ranked_at != model::kNoTime &&
                !std::exchange(above.is_stirred, true)) {
                remind(state, Deadline::Kind::Incident, standing->incident,
                       std::max(state.now, above.ranked_at + state.settings.rank_interval));
            }
        }
    }
}

}  // namespace nocturne::engine
