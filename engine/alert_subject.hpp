// AlertSubject: an alert as rules see it.
#pragma once

#include "engine/alert_table.hpp"
#include "rules/match_index.hpp"
#include "rules/subject.hpp"

#include <cstdint>
#include <vector>

namespace nocturne::engine {

// Borrows from the table; lives for one question. An alert's annotations are not asked.
class AlertSubject {
   public:
    AlertSubject(const AlertTable& alerts, Slot slot);

    // With the first source that told of the alert.
    const rules::SubjectView& view() const { return view_; }

    // Whether it holds for the alert, whoever of its sources told of it.
    bool matches(const rules::Condition& condition) const;
    // The same for many: the numbers of those that hold, ascending.
    void find(const rules::MatchIndex& index, std::vector<std::uint32_t>& found) const;

   private:
    const AlertTable& alerts_;
    const model::Alert& alert_;
    std::vector<model::LabelView> labels_;
    rules::SubjectView view_;
};

}  // namespace nocturne::engine
