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

void encode(model::Writer& out, const PrecedenceTable& table) {
    out.varint(table.pairs().size());
    for (const Precedence& pair : table.pairs()) {
        out.text(pair.cause);
        out.text(pair.effect);
        out.u8(static_cast<std::uint8_t>(pair.relation));
        out.varint(pair.support);
        out.varint(pair.runs);
        for (const double figure : {pair.expected, pair.lift, pair.confidence, pair.association,
                                    pair.explained, pair.order}) {
            out.f64(figure);
        }
        out.varint(pair.places);
        for (const model::Duration span :
             {pair.window, pair.delay, pair.delay_low, pair.delay_high}) {
            out.zigzag(span.count());
        }
    }
}

PrecedenceTable decode_precedence_table(model::Reader& in) {
    std::vector<Precedence> pairs;
    for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
        Precedence pair;
        pair.cause = in.text();
        pair.effect = in.text();
        // An unknown relation is one that a later version learned: it says nothing here.
        const std::uint8_t relation = in.u8();
        pair.support = in.varint();
        pair.runs = in.varint();
        for (double* figure : {&pair.expected, &pair.lift, &pair.confidence, &pair.association,
                               &pair.explained, &pair.order}) {
            *figure = in.f64();
        }
        pair.places = static_cast<std::uint32_t>(in.varint());
        for (model::Duration* span :
             {&pair.window, &pair.delay, &pair.delay_low, &pair.delay_high}) {
            *span = model::Duration(in.zigzag());
        }
        if (relation < kRelationNames.size()) {
            pair.relation = static_cast<Relation>(relation);
            pairs.push_back(std::move(pair));
        }
    }
    return in.ok() ? PrecedenceTable(std::move(pairs)) : PrecedenceTable();
}

}  // namespace nocturne::topology
