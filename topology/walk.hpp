// The causal walk: from an incident's alerts to the nodes that could be behind them.
// docs/causal-ranking.md has the formulas, and where they come from.
#pragma once

#include "model/suspect.hpp"
#include "model/symptom.hpp"
#include "topology/graph.hpp"
#include "topology/precedence_table.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace nocturne::topology {

// That a person named the node as the cause of an incident like this one.
struct PastCause {
    double likeness = 0;  // of the alerts then and now, 0..1; 0: it was not
    model::Time at = model::kNoTime;
};

// What is known of one node: its alerts, and the changes made to it.
struct AlertingNode {
    NodeIndex node = kNoNode;
    std::vector<model::Symptom> symptoms{};
    std::vector<model::RecentChange> changes{};
    PastCause past{};
    bool blind = false;  // its source is silent: nobody would tell if it alerted
    // Its alerts are those of another incident: it may be the cause of this one, but what happens
    // to it is not asked about here.
    bool elsewhere = false;
};

struct WalkLimits {
    std::uint8_t hops = 4;         // how far a fault is followed upwards, to the symptoms
    std::uint8_t silent_hops = 2;  // how far below an alerting node silent causes are looked for
    std::size_t nodes_max = 2048;  // of the neighbourhood that is copied
    std::size_t pushes_max = 100'000;  // edges looked at on the way down, per hop
    std::size_t alerting_max = 2048;   // beyond it only the worst are walked from
    std::size_t suspects_max = 10;
    std::size_t paths_max = 5;  // per suspect

    bool operator==(const WalkLimits&) const = default;
};

// Ranks the nodes that could have caused these alerts, silent ones too, best first; scores sum
// to 1. Empty when nothing alerts. Looks at a copied neighbourhood only, whatever the size of the
// graph. The order of `alerting` and the names of nodes do not matter.
model::Ranking rank(const Graph& graph, std::span<const AlertingNode> alerting,
                    const WalkLimits& limits, const PrecedenceTable& known = {});

// What one ranking of an incident leaves for the next: what was read of the graph, and what a fault
// of each node reaches. A cache, never state: a ranking is the same to the last bit whatever is in
// it. One object serves one incident in one LiveGraph; at most about 4 MB.
class WalkMemory {
   public:
    WalkMemory();
    ~WalkMemory();
    WalkMemory(WalkMemory&&) noexcept;
    WalkMemory& operator=(WalkMemory&&) noexcept;

   private:
    friend model::Ranking rank(const Graph& graph, std::span<const AlertingNode> alerting,
                               const WalkLimits& limits, const PrecedenceTable& known,
                               WalkMemory& memory);
    struct Known;
    std::unique_ptr<Known> known_;
};

// The same ranking. Costs what has changed since the last one with this memory.
model::Ranking rank(const Graph& graph, std::span<const AlertingNode> alerting,
                    const WalkLimits& limits, const PrecedenceTable& known, WalkMemory& memory);

}  // namespace nocturne::topology
