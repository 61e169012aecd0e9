// Mining: from a history of alerts to learned pairs. docs/learning.md has the formulas, and where
// they come from.
#pragma once

#include "model/time.hpp"
#include "topology/graph.hpp"
#include "topology/learned.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace nocturne::topology {

// One firing of a check on a node, by numbers that AlertHistory gave out.
struct Occurrence {
    model::Time at = model::kNoTime;
    std::uint32_t node = 0;
    std::uint32_t check = 0;
};

// The firings that are mined. Keeps the newest `occurrences_max`, and counts what it let go.
class AlertHistory {
   public:
    explicit AlertHistory(std::size_t occurrences_max = 2'000'000)
        : occurrences_max_(occurrences_max) {}

    void add(model::Time at, std::string_view node, std::string_view check);

    // A copy in order of time; what happened at one time in the order in which it was added.
    std::vector<Occurrence> occurrences() const;

    const std::vector<std::string>& nodes() const { return nodes_.names; }

    const std::vector<std::string>& checks() const { return checks_.names; }

    std::size_t size() const { return std::min(occurrences_.size(), occurrences_max_); }

    // What was let go to stay within the bound.
    std::size_t forgotten() const { return forgotten_ + (occurrences_.size() - size()); }

   private:
    struct Names {
        std::vector<std::string> names;
        std::unordered_map<std::string, std::uint32_t> numbers;

        std::uint32_t number(std::string_view name);
    };

    void forget_oldest();

    std::size_t occurrences_max_;
    Names nodes_;
    Names checks_;
    std::vector<Occurrence> occurrences_;
    std::size_t forgotten_ = 0;
};

struct MiningLimits {
    std::size_t checks_max = 200;             // the rarest beyond it are passed over
    std::size_t neighbours_max = 16;          // of one node, on each relation
    std::uint64_t steps_max = 4'000'000'000;  // of comparing times; about ten seconds
    double association_min = 1.25;            // standard deviations, both ways on average
    double order_min = 2;                     // the same for which of two nodes comes first
};

struct Mined {
    std::vector<Precedence> pairs;       // strongest association first
    std::size_t checks_passed_over = 0;  // beyond checks_max
    std::size_t places_passed_over = 0;  // nodes and pairs of nodes beyond steps_max
};

// Told how far mining has come, 0 to 1.
using TellShare = std::function<void(double)>;

// The pairs that the history shows. The graph may be empty: then only Relation::Same is found.
Mined mine(const AlertHistory& history, const Graph& graph, const MiningLimits& limits = {},
           const TellShare& tell = {});

}  // namespace nocturne::topology
