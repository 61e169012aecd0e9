#include "rules/event_draft.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

namespace nocturne::rules {

namespace {

using Outcome = EventDraft::Outcome;
using Part = Field::Part;

// Not within a letter of UTF-8.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) {
        return text;
    }
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        --end;
    }
    return text.substr(0, end);
}

template <typename Enum>
Outcome set_word(Enum& to, std::optional<Enum> word) {
    if (!word) {
        return Outcome::Refused;
    }
    const bool same = to == *word;
    to = *word;
    return same ? Outcome::Same : Outcome::Changed;
}

model::LabelView named(std::string_view name, std::string_view value, model::LabelView) {
    return {name, value};
}

model::AnnotationView named(std::string_view name, std::string_view value, model::AnnotationView) {
    return {name, value, model::AnnotationView::Type::Text};
}

}  // namespace

void EventDraft::start(const model::EventView& event, model::Arena& arena) {
    event_ = event;
    arena_ = &arena;
    labels_.assign(event.labels.begin(), event.labels.end());
    annotations_.assign(event.annotations.begin(), event.annotations.end());
    changes_ = 0;
}

SubjectView EventDraft::subject() const {
    SubjectView subject = subject_of(event_);
    subject.labels = labels_;
    subject.annotations = annotations_;
    return subject;
}

Outcome EventDraft::note(Outcome outcome) {
    changes_ += outcome == Outcome::Changed ? 1U : 0U;
    if (event_.severity == model::Severity::Ok) {
        event_.status = model::EventStatus::Resolved;
    }
    return outcome;
}

Outcome EventDraft::set_text(std::string_view& to, std::string_view value) {
    if (to == value) {
        return Outcome::Same;
    }
    to = arena_->copy(value);
    return Outcome::Changed;
}

template <typename Named>
Outcome EventDraft::set_named(std::vector<Named>& all, const Field& field, std::string_view value) {
    if (value.empty()) {
        return remove_named(all, field.name);
    }
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Named& one) { return one.name == field.name; });
    if (found != all.end()) {
        if (found->value == value) {
            return Outcome::Same;
        }
        *found = named(found->name, arena_->copy(value), Named{});
        return Outcome::Changed;
    }
    if (field.name.empty() || field.name == "*" || field.name.size() > kTextBytesMax ||
        all.size() >= kLabelsMax) {
        return Outcome::Refused;
    }
    const auto place = std::upper_bound(
        all.begin(), all.end(), field.name,
        [](const std::string& name, const Named& other) { return name < other.name; });
    // Annotations stand in the source's order.
    const bool is_label = std::is_same_v<Named, model::LabelView>;
    all.insert(is_label ? place : all.end(),
               named(arena_->copy(field.name), arena_->copy(value), Named{}));
    return Outcome::Changed;
}

template <typename Named>
Outcome EventDraft::remove_named(std::vector<Named>& all, std::string_view name) {
    const std::size_t before = all.size();
    std::erase_if(all, [&](const Named& one) { return name == "*" || one.name == name; });
    return all.size() == before ? Outcome::Same : Outcome::Changed;
}

Outcome EventDraft::set(const Field& field, std::string_view value) {
    const std::size_t bytes_max = field.part == Part::Summary ? kSummaryBytesMax : kTextBytesMax;
    if (value.size() > bytes_max) {
        value = cut(value, std::max(bytes_max, value_of(subject(), field).size()));
    }
    switch (field.part) {
        case Part::Resource:
            return value.empty() ? Outcome::Refused : note(set_text(event_.resource, value));
        case Part::Check:
            return value.empty() ? Outcome::Refused : note(set_text(event_.check, value));
        case Part::Source:
            return value.empty() ? Outcome::Refused : note(set_text(event_.source, value));
        case Part::Summary: return note(set_text(event_.summary, value));
        case Part::Severity:
            return note(set_word(event_.severity,
                                 model::find_name<model::Severity>(model::kSeverityNames, value)));
        case Part::Status:
            return note(set_word(event_.status,
                                 model::find_name<model::EventStatus>(model::kStatusNames, value)));
        case Part::Kind:
            return note(
                set_word(event_.kind, model::find_name<model::Kind>(model::kKindNames, value)));
        case Part::Label: return note(set_named(labels_, field, value));
        case Part::Annotation: return note(set_named(annotations_, field, value));
    }
    return Outcome::Refused;
}

Outcome EventDraft::remove(const Field& field) {
    switch (field.part) {
        case Part::Summary: return note(set_text(event_.summary, ""));
        case Part::Label: return note(remove_named(labels_, field.name));
        case Part::Annotation: return note(remove_named(annotations_, field.name));
        default: return Outcome::Refused;
    }
}

model::EventView EventDraft::finish() {
    event_.labels = arena_->copy(std::span<const model::LabelView>(labels_));
    event_.annotations = arena_->copy(std::span<const model::AnnotationView>(annotations_));
    event_.fingerprint = model::identity_of(event_.resource, event_.check, event_.labels);
    event_.message = model::message_of(event_.source, event_.id);
    return event_;
}

}  // namespace nocturne::rules
