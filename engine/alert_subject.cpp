#include "engine/alert_subject.hpp"

#include <algorithm>

namespace nocturne::engine {

AlertSubject::AlertSubject(const AlertTable& alerts, Slot slot)
    : alerts_(alerts), alert_(alerts[slot]) {
    model::LabelView* labels = labels_here_.data();
    if (alert_.labels.size() > kLabelsHere) {
        labels_.resize(alert_.labels.size());
        labels = labels_.data();
    }
    for (std::size_t i = 0; i < alert_.labels.size(); ++i) {
        labels[i] = {alerts.text(alert_.labels[i].name), alerts.text(alert_.labels[i].value)};
    }
    view_.resource = alerts.text(alert_.resource);
    view_.check = alerts.text(alert_.check);
    view_.summary = alerts.text(alert_.summary);
    view_.source = alert_.sources.empty() ? "" : alerts.text(alert_.sources.front());
    view_.labels = {labels, alert_.labels.size()};
    view_.severity = alert_.severity;
    view_.status = alert_.is_burning() ? model::EventStatus::Firing : model::EventStatus::Resolved;
}

bool AlertSubject::matches(const rules::Condition& condition) const {
    if (alert_.sources.size() < 2) {
        return condition.holds(view_);
    }
    rules::SubjectView told = view_;
    return std::any_of(alert_.sources.begin(), alert_.sources.end(), [&](model::Symbol source) {
        told.source = alerts_.text(source);
        return condition.holds(told);
    });
}

void AlertSubject::find(const rules::MatchIndex& index, std::vector<std::uint32_t>& found) const {
    index.find(view_, found);
    rules::SubjectView told = view_;
    std::vector<std::uint32_t> more;
    for (std::size_t i = 1; i < alert_.sources.size(); ++i) {
        told.source = alerts_.text(alert_.sources[i]);
        index.find(told, more);
        found.insert(found.end(), more.begin(), more.end());
    }
    if (alert_.sources.size() > 1) {
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
    }
}

bool asks_for_facts(const rules::Field& field) {
    return field.part == rules::Field::Part::Summary || field.part == rules::Field::Part::Source;
}

bool asks_for_facts(const rules::Condition& condition) {
    return std::any_of(condition.tests.begin(), condition.tests.end(),
                       [](const rules::Test& test) { return asks_for_facts(test.field); });
}

}  // namespace nocturne::engine
