// SubjectView and Field: what a rule can ask about an event, an alert or an incident.
#pragma once

#include "model/event.hpp"
#include "model/severity.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace nocturne::rules {

// Borrows all texts for the call that it is made for.
struct SubjectView {
    std::string_view resource;
    std::string_view check;
    std::string_view source;
    std::string_view summary;
    std::span<const model::LabelView> labels;  // sorted by name
    std::span<const model::AnnotationView> annotations;
    model::Kind kind = model::Kind::Alert;
    model::EventStatus status = model::EventStatus::Firing;
    model::Severity severity = model::Severity::Warning;
};

SubjectView subject_of(const model::EventView& event);

// A place in an event that rules read and write: "resource", "check", "source", "summary",
// "severity", "status", "kind", "labels.NAME" (or NAME alone, as Alertmanager's users write it),
// "annotations.NAME".
struct Field {
    enum class Part : std::uint8_t {
        Resource,
        Check,
        Source,
        Summary,
        Severity,
        Status,
        Kind,
        Label,
        Annotation,
    };

    Part part = Part::Label;
    std::string name;  // of the label or annotation

    friend auto operator<=>(const Field&, const Field&) = default;
};

Field parse_field(std::string_view text);
std::string to_string(const Field& field);
// "" when the subject has no such label or annotation. Borrows from the subject.
std::string_view value_of(const SubjectView& subject, const Field& field);
// The same, and whether it is there at all.
bool has(const SubjectView& subject, const Field& field);

}  // namespace nocturne::rules
