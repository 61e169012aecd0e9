// RuleBook: the rules in force, and what each of them has done.
#pragma once

#include "model/codec.hpp"
#include "model/rules_revision.hpp"
#include "model/time.hpp"
#include "rules/rule_set.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nocturne::engine {

// How often a rule did something; goes on over a reload as long as a rule of that kind and name is
// there.
struct RuleTally {
    std::uint64_t acted = 0;       // hid, changed, merged, grouped, emitted, routed
    std::uint64_t would_have = 0;  // the same in shadow mode
    model::Time last = model::kNoTime;
};

class RuleBook {
   public:
    RuleBook();

    // Compiles the revision; what is wrong in it is left out (the edge has refused such a one).
    // Gives back the rules before, which those who carry state over still ask.
    std::shared_ptr<const rules::RuleSet> load(const model::RulesRevision& revision);

    const rules::RuleSet& rules() const { return *rules_; }

    std::shared_ptr<const rules::RuleSet> shared() const { return rules_; }

    const model::RulesRevision& revision() const { return revision_; }

    const rules::Rule& operator[](rules::RuleIndex index) const { return rules_->rules[index]; }

    // "inhibit/dead switch".
    const std::string& key_of(rules::RuleIndex index) const { return names_[index].key; }

    // "rules/net.yaml:14 inhibit \"dead switch\"".
    const std::string& text_of(rules::RuleIndex index) const { return names_[index].text; }

    bool is_shadow(rules::RuleIndex index) const {
        return rules_->rules[index].mode == rules::Mode::Shadow;
    }

    // Tells that the rule did something, or would have. True when it counts: it is not in shadow
    // mode.
    bool note(rules::RuleIndex index, model::Time now);

    // The rules in shadow mode that note() was told of since the last call.
    std::vector<rules::RuleIndex> take_shadowed() { return std::exchange(shadowed_, {}); }

    // In the order of RuleSet::rules.
    const std::vector<RuleTally>& tallies() const { return tallies_; }

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    model::RulesRevision revision_;
    std::shared_ptr<const rules::RuleSet> rules_;  // shared as the loader gives it

    // Made once: decisions name rules all the time.
    struct Names {
        std::string key;
        std::string text;
    };

    std::vector<Names> names_;  // in the order of RuleSet::rules, as the tallies
    std::vector<RuleTally> tallies_;
    std::vector<rules::RuleIndex> shadowed_;
};

}  // namespace nocturne::engine
