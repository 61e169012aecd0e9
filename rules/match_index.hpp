// MatchIndex: finds the few conditions of many that could hold for a subject, without asking all.
#pragma once

#include "rules/condition.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace nocturne::rules {

// A condition with an equality is filed under the rarest value that it asks for; one without, which
// needs a label or annotation to be there, under that; the rest is asked each time (rules of that
// sort are few, and `nocturne check` tells when they are not). Immutable once built; safe to ask
// from many threads. See docs/decisions/0008-rules.md.
class MatchIndex {
   public:
    MatchIndex();
    // Numbers are places in `conditions`, which are only borrowed while building.
    explicit MatchIndex(const std::vector<const Condition*>& conditions);
    ~MatchIndex();
    MatchIndex(MatchIndex&&) noexcept;
    MatchIndex& operator=(MatchIndex&&) noexcept;

    // The numbers of the conditions that hold, ascending, into `found` (cleared first).
    void find(const SubjectView& subject, std::vector<std::uint32_t>& found) const;

    bool empty() const;

    // How many have no equality: they are asked for each subject that has what they ask about.
    std::size_t always_asked() const;

   private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::rules
