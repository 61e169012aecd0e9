#include "engine/rule_book.hpp"

#include "rules/loader.hpp"

#include <utility>

namespace nocturne::engine {

RuleBook::RuleBook() : rules_(std::make_shared<const rules::RuleSet>()) {}

std::shared_ptr<const rules::RuleSet> RuleBook::load(const model::RulesRevision& revision) {
    std::shared_ptr<const rules::RuleSet> old = rules_;
    std::map<std::string, RuleTally> before;
    for (std::size_t i = 0; i < tallies_.size(); ++i) {
        before.emplace(names_[i].key, tallies_[i]);
    }
    revision_ = revision;
    rules_ = rules::compile(revision).rules;
    names_.clear();
    shadowed_.clear();
    for (const rules::Rule& rule : rules_->rules) {
        names_.push_back({rules::key_of(rule), rules::to_string(rule)});
    }
    tallies_.assign(names_.size(), {});
    for (std::size_t i = 0; i < tallies_.size(); ++i) {
        if (const auto found = before.find(names_[i].key); found != before.end()) {
            tallies_[i] = found->second;
        }
    }
    return old;
}

bool RuleBook::note(rules::RuleIndex index, model::Time now) {
    RuleTally& tally = tallies_[index];
    tally.last = now;
    if (is_shadow(index)) {
        ++tally.would_have;
        shadowed_.push_back(index);
        return false;
    }
    ++tally.acted;
    return true;
}

void RuleBook::encode(model::Writer& out) const {
    model::encode(out, revision_);
    out.varint(tallies_.size());
    for (const RuleTally& tally : tallies_) {
        out.varint(tally.acted);
        out.varint(tally.would_have);
        out.zigzag(model::to_unix_ms(tally.last));
    }
}

void RuleBook::decode(model::Reader& in) {
    (void)load(model::decode_rules_revision(in));
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        RuleTally tally;
        tally.acted = in.varint();
        tally.would_have = in.varint();
        tally.last = model::from_unix_ms(in.zigzag());
        if (i < tallies_.size()) {
            tallies_[i] = tally;
        }
    }
}

}  // namespace nocturne::engine
