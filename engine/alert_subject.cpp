#include "engine/alert_subject.hpp"

#include <algorithm>

namespace nocturne::engine {

AlertSubject::AlertSubject(const AlertTable& alerts, Slot slot)
    : alerts_(alerts), alert_(alerts[slot]) {
    labels_.reserve(alert_.labels.size());
    for (const model::LabelSymbols& label : alert_.labels) {
        labels_.push_back({alerts.text(label.name), alerts.text(label.value)});
    }
    view_.resource = alerts.text(alert_.resource);
    view_.check = alerts.text(alert_.check);
    view_.summary = alerts.text(alert_.summary);
    view_.source = alert_.sources.empty() ? "" : alerts.text(alert_.sources.front());
    view_.labels = labels_;
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

}  // namespace nocturne::engine
