#include "topology/precedence_table.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace nocturne::topology {

namespace {

constexpr double kStrengthMax = 3;

// The length before the texts, so that no two triples make one key.
std::string key_of(std::string_view cause, std::string_view effect, Relation relation) {
    std::string key;
    key.reserve(cause.size() + effect.size() + 24);
    key += static_cast<char>('0' + static_cast<int>(relation));
    key += std::to_string(cause.size());
    key += ':';
    key += cause;
    key += effect;
    return key;
}

}  // namespace

PrecedenceTable::PrecedenceTable(std::vector<KnownPrecedence> known) : known_(std::move(known)) {
    by_key_.reserve(known_.size());
    for (std::uint32_t i = 0; i < known_.size(); ++i) {
        by_key_.emplace(key_of(known_[i].cause, known_[i].effect, known_[i].relation), i);
    }
}

const KnownPrecedence* PrecedenceTable::find(std::string_view cause, std::string_view effect,
                                             Relation relation) const {
    const auto found = by_key_.find(key_of(cause, effect, relation));
    return found == by_key_.end() ? nullptr : &known_[found->second];
}

double strength_of(const KnownPrecedence& known) {
    return std::clamp(std::log(known.lift), 0.0, kStrengthMax);
}

}  // namespace nocturne::topology
