#include "rules/subject.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace nocturne::rules {

namespace {

using Part = Field::Part;

constexpr std::string_view kLabels = "labels.";
constexpr std::string_view kAnnotations = "annotations.";
constexpr std::array<std::pair<std::string_view, Part>, 8> kParts{{
    {"resource", Part::Resource},
    {"check", Part::Check},
    {"alertname", Part::Check},  // as Alertmanager's users know it
    {"source", Part::Source},
    {"summary", Part::Summary},
    {"severity", Part::Severity},
    {"status", Part::Status},
    {"kind", Part::Kind},
}};

// The value of the label or annotation, or a view without address.
template <typename Named>
std::string_view find(std::span<const Named> all, std::string_view name) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Named& one) { return one.name == name; });
    if (found == all.end()) {
        return {};
    }
    return found->value.data() == nullptr ? std::string_view("") : found->value;
}

}  // namespace

SubjectView subject_of(const model::EventView& event) {
    return {event.resource,    event.check, event.source, event.summary, event.labels,
            event.annotations, event.kind,  event.status, event.severity};
}

Field parse_field(std::string_view text) {
    if (text.starts_with(kLabels)) {
        return {Part::Label, std::string(text.substr(kLabels.size()))};
    }
    if (text.starts_with(kAnnotations)) {
        return {Part::Annotation, std::string(text.substr(kAnnotations.size()))};
    }
    for (const auto& [name, part] : kParts) {
        if (text == name) {
            return {part, ""};
        }
    }
    return {Part::Label, std::string(text)};
}

std::string to_string(const Field& field) {
    switch (field.part) {
        case Part::Label: return std::string(kLabels) + field.name;
        case Part::Annotation: return std::string(kAnnotations) + field.name;
        default: break;
    }
    const auto* found = std::find_if(kParts.begin(), kParts.end(),
                                     [&](const auto& known) { return known.second == field.part; });
    return std::string(found->first);
}

std::string_view value_of(const SubjectView& subject, const Field& field) {
    switch (field.part) {
        case Part::Resource: return subject.resource;
        case Part::Check: return subject.check;
        case Part::Source: return subject.source;
        case Part::Summary: return subject.summary;
        case Part::Severity: return model::name_of(subject.severity);
        case Part::Status: return model::name_of(subject.status);
        case Part::Kind: return model::name_of(subject.kind);
        case Part::Label: return find(subject.labels, field.name);
        case Part::Annotation: return find(subject.annotations, field.name);
    }
    return {};
}

bool has(const SubjectView& subject, const Field& field) {
    if (field.part == Part::Label || field.part == Part::Annotation) {
        return value_of(subject, field).data() != nullptr;
    }
    return !value_of(subject, field).empty();
}

}  // namespace nocturne::rules
