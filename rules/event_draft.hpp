// EventDraft: an event that rules rewrite field by field.
#pragma once

#include "model/event.hpp"
#include "rules/subject.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace nocturne::rules {

// Keeps what every event promises: a resource, a check and a source, words for severity, status and
// kind, labels that are sorted and unique, texts within bounds. What would break that is refused,
// and the field stays as it was.
class EventDraft {
   public:
    static constexpr std::size_t kLabelsMax = 256;  // and as many annotations
    static constexpr std::size_t kTextBytesMax = 4 * 1024;
    static constexpr std::size_t kSummaryBytesMax = 16 * 1024;

    enum class Outcome : std::uint8_t { Same, Changed, Refused };

    // Borrows the event's texts, and copies new ones into the arena; both must outlive the draft's
    // results. A draft is used again and again, so that its memory is.
    void start(const model::EventView& event, model::Arena& arena);

    SubjectView subject() const;

    // Texts beyond the bounds are cut, unless the field's was as long before. A label or annotation
    // that becomes empty goes.
    Outcome set(const Field& field, std::string_view value);
    // A label or annotation named "*" stands for all.
    Outcome remove(const Field& field);

    std::uint32_t changes() const { return changes_; }

    // With identity and message computed again; its labels are in the arena.
    model::EventView finish();

   private:
    Outcome set_text(std::string_view& to, std::string_view value);
    template <typename Named>
    Outcome set_named(std::vector<Named>& all, const Field& field, std::string_view value);
    template <typename Named>
    Outcome remove_named(std::vector<Named>& all, std::string_view name);
    Outcome note(Outcome outcome);

    model::EventView event_;
    model::Arena* arena_ = nullptr;  // null before the first start
    std::vector<model::LabelView> labels_;
    std::vector<model::AnnotationView> annotations_;
    std::uint32_t changes_ = 0;  // since start()
};

}  // namespace nocturne::rules
