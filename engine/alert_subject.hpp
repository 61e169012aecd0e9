// AlertSubject: an alert as rules see it.
#pragma once

#include "engine/alert_table.hpp"
#include "rules/match_index.hpp"
#include "rules/subject.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nocturne::engine {

// Borrows from the table; lives for one question. An alert's annotations are not asked.
class AlertSubject {
   public:
    AlertSubject(const AlertTable& alerts, Slot slot);
    AlertSubject(const AlertSubject&) = delete;
    AlertSubject& operator=(const AlertSubject&) = delete;

    // With the first source that told of the alert.
    const rules::SubjectView& view() const { return view_; }

    // Whether it holds for the alert, whoever of its sources told of it.
    bool matches(const rules::Condition& condition) const;
    // The same for many: the numbers of those that hold, ascending.
    void find(const rules::MatchIndex& index, std::vector<std::uint32_t>& found) const;

   private:
    static constexpr std::size_t kLabelsHere = 16;  // more of them take memory of their own

    const AlertTable& alerts_;
    const model::Alert& alert_;
    std::array<model::LabelView, kLabelsHere> labels_here_;
    std::vector<model::LabelView> labels_;
    rules::SubjectView view_;
};

// Whether it is a question about what a repeated event may change in an alert.
bool asks_for_facts(const rules::Field& field);
bool asks_for_facts(const rules::Condition& condition);

}  // namespace nocturne::engine
