#include "topology/climb_memory.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::topology {

namespace {

// From where a climb may pass one of these nodes: going down, the way that climbs go up. Two silent
// nodes follow one another only where a climb begins.
std::vector<bool> find_below(const IncidentGraph& graph, std::vector<Local> passed,
                             std::uint8_t hops) {
    std::vector<bool> is_below(graph.size());
    std::vector<bool> is_passed(graph.size());
    for (const Local node : passed) {
        is_below[node] = is_passed[node] = true;
    }
    for (std::uint8_t hop = 0; hop < hops && !passed.empty(); ++hop) {
        std::vector<Local> next;
        for (const Local node : passed) {
            for (const Arc& arc : graph.dependencies(node)) {
                is_below[arc.other] = true;
                const bool leads_on = graph[node].alerts() || graph[arc.other].alerts();
                if (leads_on && !is_passed[arc.other]) {
                    is_passed[arc.other] = true;
                    next.push_back(arc.other);
                }
            }
        }
        passed = std::move(next);
    }
    return is_below;
}

}  // namespace

ClimbMemory::Known ClimbMemory::read(const IncidentGraph& graph, const Slope& slope) {
    Known now;
    now.footings.reserve(graph.size());
    now.first_link.reserve(graph.size() + std::size_t{1});
    now.links.reserve(slope.links.size());
    for (Local node = 0; node < graph.size(); ++node) {
        const IncidentNode& is = graph[node];
        if (now.places.size() <= is.met) {
            now.places.resize(is.met + std::size_t{1}, kNoLocal);
        }
        now.places[is.met] = node;
        now.footings.push_back(
            {slope.impact[node], is.first_seen, is.symptom_count, is.slo, is.is_elsewhere()});
        now.first_link.push_back(static_cast<std::uint32_t>(now.links.size()));
        for (const Link& link : links_of(slope, graph, node)) {
            now.links.push_back({link.surely, graph[link.above].met, link.alerts});
        }
    }
    now.first_link.push_back(static_cast<std::uint32_t>(now.links.size()));
    now.climbed.resize(graph.size());
    now.is_known.resize(graph.size());
    return now;
}

Local ClimbMemory::find_unchanged(const IncidentGraph& graph, const Known& now, Local node) const {
    const Surroundings::Met met = graph[node].met;
    const Local before = met < last_.places.size() ? last_.places[met] : kNoLocal;
    if (before == kNoLocal || last_.footings[before] != now.footings[node]) {
        return kNoLocal;
    }
    const bool stands = std::equal(last_.links.begin() + last_.first_link[before],
                                   last_.links.begin() + last_.first_link[before + 1],
                                   now.links.begin() + now.first_link[node],
                                   now.links.begin() + now.first_link[node + 1]);
    return stands ? before : kNoLocal;
}

void ClimbMemory::compare(const IncidentGraph& graph, const Slope& slope,
                          const WalkLimits& limits) {
    Known now = read(graph, slope);
    std::vector<Local> before(graph.size());
    std::vector<Local> changed;
    for (Local node = 0; node < graph.size(); ++node) {
        before[node] = find_unchanged(graph, now, node);
        if (before[node] == kNoLocal) {
            changed.push_back(node);
        }
    }
    const std::vector<bool> is_forgotten = find_below(graph, std::move(changed), limits.hops);
    for (Local node = 0; node < graph.size(); ++node) {
        if (!is_forgotten[node] && last_.is_known[before[node]]) {
            now.is_known[node] = true;
            now.climbed[node] = last_.climbed[before[node]];
        }
    }
    last_ = std::move(now);
}

}  // namespace nocturne::topology
