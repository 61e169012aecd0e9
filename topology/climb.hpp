// Climb: how a fault of one node reaches others, against the arrows.
#pragma once

#include "topology/calling_side.hpp"
#include "topology/incident_graph.hpp"
#include "topology/walk_weights.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace nocturne::topology {

// A way from a node to one that depends on it.
struct Link {
    double surely;  // how surely a fault below hurts the one above, 0..1
    Local above;
    bool alerts;  // the one above
};

// What a climb goes by.
struct Slope {
    std::vector<double> impact;  // by node: what of the storm stands there
    std::vector<Link> links;     // in the order of the graph's arcs to dependents
};

inline std::span<const Link> links_of(const Slope& slope, const IncidentGraph& graph, Local node) {
    return {slope.links.data() + graph.first_dependent(node), graph[node].dependent_count};
}

// What a fault of one node reaches, beside the node itself.
struct Climbed {
    double explained = 0;      // of the impact where it alerts
    double slo = 0;            // how surely it reaches where users suffer, 0..1
    std::uint32_t alerts = 0;  // on the nodes reached
    std::uint32_t nodes = 0;   // that alert
    std::uint32_t before = 0;  // of them, those that began before it
    std::uint32_t after = 0;
};

// How surely a surge of calls at `caller` hurts what it calls: only where the surge arrives.
double pushes(const IncidentGraph& graph, const WalkWeights& weights, Local caller, Local called);

class Climb {
   public:
    // Borrows all; `slope` may be filled later.
    Climb(const IncidentGraph& graph, const Slope& slope, const CallingSide& calling_side,
          const WalkLimits& limits, const WalkWeights& weights);

    // The surest way to each node first, and every sum in that order. Of ways that are as sure and
    // as long the order decides nothing but which of them is told: so what is reached hangs on the
    // impact, the alerts and the links of the nodes passed alone, not on the numbers in the copy.
    Climbed from(Local start);

    // Of the last climb: from its start to each of the first few nodes that alert.
    std::vector<std::vector<Local>> paths() const;

    // Whether a fault of the node goes other ways than up: a saturated node hurts those that share
    // its host, and a surge of calls, or trouble on the calling side, those that are called.
    bool goes_aside(Local start) const;

   private:
    struct Step {
        double surely;
        Local node;
        std::uint32_t from;  // the step before, by its place
        std::uint8_t hop;
        bool over_silent;
    };

    // For the heap of open steps: the surest at the front, of equals the one of fewer hops, then
    // the one to the node of the smaller number.
    struct IsLessSure {
        bool operator()(const Step& a, const Step& b) const {
            if (a.surely != b.surely) {
                return a.surely < b.surely;
            }
            return a.hop != b.hop ? a.hop > b.hop : a.node > b.node;
        }
    };

    // The surest way to a node that a visit has found so far.
    struct Offer {
        double surely = 0;
        std::uint32_t visit = 0;
        std::uint8_t hop = 0;
        bool is_taken = false;
    };

    bool is_taken(Local node) const {
        return offers_[node].visit == visit_ && offers_[node].is_taken;
    }

    bool is_saturated(Local node) const;
    double hurts_called(Local caller, Local called) const;
    void push_open(const Step& step);
    Step pop_open();
    void step_up(std::uint32_t from);
    void step_to(Local node, bool alerts, std::uint32_t from, double surely);
    void step_aside();
    void count_reached(std::uint32_t step, Climbed& climbed);

    const IncidentGraph& graph_;
    const Slope& slope_;
    const CallingSide& calling_side_;
    const WalkLimits& limits_;
    const WalkWeights& weights_;
    std::vector<Step> steps_;             // of the last climb, the surest first
    std::vector<std::uint32_t> reached_;  // of these, those to nodes that alert, but the start
    std::vector<Step> open_;              // a heap of those to come
    std::vector<Offer> offers_;           // by node
    std::uint32_t visit_ = 0;
};

}  // namespace nocturne::topology
