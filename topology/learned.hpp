// What history taught: which check tends to precede which, and on which relation of their nodes.
// docs/learning.md has the formulas.
#pragma once

#include "model/time.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace nocturne::topology {

// How the node of the effect stands to the node of the cause.
enum class Relation : std::uint8_t {
    Same,        // one node
    Dependent,   // the effect's node depends on the cause's
    Dependency,  // the cause's node depends on the effect's
    Sibling,     // both depend on a third, or they are connected without a direction
};

inline constexpr std::array<std::string_view, 4> kRelationNames{"same", "dependent", "dependency",
                                                                "sibling"};

inline constexpr std::string_view name_of(Relation relation) {
    return kRelationNames[static_cast<std::size_t>(relation)];
}

// The same two nodes, seen from the other one.
inline constexpr Relation opposite(Relation relation) {
    switch (relation) {
        case Relation::Dependent: return Relation::Dependency;
        case Relation::Dependency: return Relation::Dependent;
        default: return relation;
    }
}

// One learned pair: `cause` tends to come before `effect`. A tendency in time, no proof of a cause.
struct Precedence {
    std::string cause;   // a check
    std::string effect;  // a check
    Relation relation = Relation::Same;
    std::uint64_t support = 0;  // runs of the cause that the effect followed within `window`
    std::uint64_t runs = 0;     // runs of the cause where the effect was known on such a node
    double expected = 0;        // the support of alerts that do not know of one another
    double lift = 0;            // support over expected
    double confidence = 0;      // support over runs, 0 to 1
    double association = 0;     // standard deviations above chance, before or after
    double explained = 0;  // share of the runs of the effect that follow the cause within `window`
    double order = 0.5;    // share of meetings in which the cause came first; 0.5: as often last
    std::uint32_t places = 0;      // nodes, or pairs of nodes, that know both checks
    model::Duration window{0};     // in which the pair stands out most
    model::Duration delay{0};      // median from the cause to the effect
    model::Duration delay_low{0};  // first and third quartile
    model::Duration delay_high{0};
};

}  // namespace nocturne::topology
