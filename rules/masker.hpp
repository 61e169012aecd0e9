// Masker: what must not be written or shown goes before anything is written or shown.
#pragma once

#include "model/event.hpp"
#include "rules/match_index.hpp"
#include "rules/rule_set.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::rules {

class EventDraft;

// Safe to use from many threads at once. An event that no mask concerns costs one question to the
// index and no allocation. See docs/decisions/0009-time-zones-and-tokens.md for the tokens.
class Masker {
   public:
    using Key = std::array<unsigned char, 16>;

    // Stands where a text was that must not be missing: resource, check and source.
    static constexpr std::string_view kMasked = "masked";

    Masker(std::shared_ptr<const RuleSet> rules, const Key& key);

    // No rule masks anything: the other calls do nothing.
    bool is_idle() const { return rules_->masks.empty(); }

    // Rewrites the events that masks concern, with identity and message computed again. Each mask
    // is asked about the event as it came, so no mask hides an event from another.
    void apply(model::EventBatch& batch) const;
    // The same for one event; `out` borrows from it and from the arena. False: nothing changed, and
    // `out` is not written.
    bool apply(const model::EventView& in, model::EventView& out, model::Arena& arena) const;

    // A text that could not be read as an event, and so matches no condition: all patterns are
    // applied, and the values of JSON members that have the name of a masked field go. Too much
    // rather than too little: where a mask covers all labels or annotations, the whole text goes. A
    // text that was cut at `bytes_max` loses its last, perhaps broken, member as well.
    std::string mask_text(std::string text, std::size_t bytes_max = SIZE_MAX) const;

    // Of the mask in RuleSet::masks: events that it changed, or in shadow mode would have.
    std::uint64_t hits(std::size_t mask) const { return hits_[mask].load(); }

    const RuleSet& rules() const { return *rules_; }

    // "tok_4f0c...": the same for the same text under the same key.
    std::string token_of(std::string_view text) const;

   private:
    bool apply(const MaskRule& mask, EventDraft& draft) const;
    bool mask_field(const MaskRule& mask, const Field& field, EventDraft& draft) const;
    std::string masked(const MaskRule& mask, std::string_view text) const;

    std::shared_ptr<const RuleSet> rules_;  // shared as the loader gives it
    Key key_;
    MatchIndex index_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> hits_;
};

}  // namespace nocturne::rules
