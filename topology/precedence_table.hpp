// Which check is known to come before which on a neighbour: learned and accepted, or written by
// those who know the estate. Evidence for the walk.
#pragma once

#include "topology/learned.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace nocturne::topology {

struct KnownPrecedence {
    std::string cause;   // a check
    std::string effect;  // a check
    Relation relation = Relation::Dependent;
    double lift = 5;   // so many times as often as by chance; above 1
    std::string says;  // who says so, for people: "rules/learned.yaml:4"
};

// Safe to read from many threads.
class PrecedenceTable {
   public:
    PrecedenceTable() = default;
    // Of several for the same pair the first counts.
    explicit PrecedenceTable(std::vector<KnownPrecedence> known);

    bool empty() const { return known_.empty(); }

    // Null when nothing is known of the pair.
    const KnownPrecedence* find(std::string_view cause, std::string_view effect,
                                Relation relation) const;

   private:
    std::vector<KnownPrecedence> known_;
    std::unordered_map<std::string, std::uint32_t> by_key_;
};

// ln(lift), at most 3: how much more likely the cause is behind the effect than by chance, in
// points.
double strength_of(const KnownPrecedence& known);

}  // namespace nocturne::topology
