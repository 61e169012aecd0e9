#include "topology/learned.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace nocturne::topology {

namespace {

constexpr double kEvidenceMax = 3;

// Lengths before the texts, so that no two triples make one key.
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

double weight_of(const Precedence& pair) {
    const double ratio = (static_cast<double>(pair.support) + 1) / (pair.expected + 1);
    return std::clamp(std::log(ratio), 0.0, kEvidenceMax);
}

}  // namespace

PrecedenceTable::PrecedenceTable(std::vector<Precedence> pairs) : pairs_(std::move(pairs)) {
    by_key_.reserve(pairs_.size());
    for (std::uint32_t i = 0; i < pairs_.size(); ++i) {
        by_key_.emplace(key_of(pairs_[i].cause, pairs_[i].effect, pairs_[i].relation), i);
    }
}

const Precedence* PrecedenceTable::find(std::string_view cause, std::string_view effect,
                                        Relation relation) const {
    const auto found = by_key_.find(key_of(cause, effect, relation));
    return found == by_key_.end() ? nullptr : &pairs_[found->second];
}

double PrecedenceTable::evidence(std::string_view cause, std::string_view effect,
                                 Relation relation) const {
    if (const Precedence* pair = find(cause, effect, relation)) {
        return weight_of(*pair);
    }
    const Precedence* reverse = find(effect, cause, opposite(relation));
    return reverse == nullptr ? 0 : -weight_of(*reverse);
}

}  // namespace nocturne::topology
