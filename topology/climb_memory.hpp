// ClimbMemory: what faults of the nodes of an incident reached at its last ranking.
#pragma once

#include "topology/climb.hpp"

#include <cstdint>
#include <vector>

namespace nocturne::topology {

// A climb reads nothing but the footing of the nodes that it passes. So nobody need tell what
// happened between two rankings: a footing that is not what it was shows it, and what is known of
// climbs that may have passed it is forgotten. Those begin at most so many hops below it.
// One object serves one incident, with one Surroundings and one set of limits and weights.
class ClimbMemory {
   public:
    // Before each ranking: forgets what may be different on this slope.
    void compare(const IncidentGraph& graph, const Slope& slope, const WalkLimits& limits);

    // What the node's fault reaches; null when it is not known.
    const Climbed* find(Local start) const {
        return last_.is_known[start] ? &last_.climbed[start] : nullptr;
    }

    // Only for a node whose fault does not go aside: what it meets there is in no footing.
    void keep(Local start, const Climbed& climbed) {
        last_.climbed[start] = climbed;
        last_.is_known[start] = true;
    }

   private:
    struct FootingLink {
        double surely;
        Surroundings::Met above;
        bool alerts;

        bool operator==(const FootingLink&) const = default;
    };

    // All that a climb reads at one node, beside its links.
    struct Footing {
        double impact;
        model::Time first_seen;
        std::uint32_t symptom_count;
        bool slo;
        bool is_elsewhere;

        bool operator==(const Footing&) const = default;
    };

    // Of one ranking, all by Local but the places.
    struct Known {
        std::vector<Footing> footings;
        std::vector<std::uint32_t> first_link;  // and behind the last where its links end
        std::vector<FootingLink> links;
        std::vector<Climbed> climbed;
        std::vector<bool> is_known;
        std::vector<Local> places;  // by Met; beyond it are none
    };

    static Known read(const IncidentGraph& graph, const Slope& slope);
    // Where the node stood in the last ranking, if it stands as it stood there; else kNoLocal.
    Local find_unchanged(const IncidentGraph& graph, const Known& now, Local node) const;

    Known last_;
};

}  // namespace nocturne::topology
