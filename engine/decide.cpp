#include "engine/decide.hpp"

#include <algorithm>

namespace nocturne::engine {

using Topic = model::Effect::Topic;

void Decide::alert(Topic topic, model::Reason reason, Slot alert) {
    add(topic, reason, state_.alerts[alert].id, alert);
}

void Decide::incidents(const std::vector<IncidentNews>& news) {
    // What was opened in this input is told as it stands at the end; growth is told last.
    std::vector<model::Id> told;
    const auto is_told = [&](model::Id id) {
        return std::find(told.begin(), told.end(), id) != told.end();
    };
    for (const IncidentNews& item : news) {
        if (item.topic != Topic::IncidentUpdated) {
            add(item.topic, item.reason, item.incident);
            told.push_back(item.incident);
        }
    }
    for (const IncidentNews& item : news) {
        if (item.topic == Topic::IncidentUpdated && !is_told(item.incident)) {
            add(item.topic, item.reason, item.incident);
            told.push_back(item.incident);
        }
    }
}

void Decide::add(Topic topic, model::Reason reason, model::Id subject, Slot slot) {
    effects_.push_back({state_.position, next_index_++, topic, reason, subject, slot});
}

}  // namespace nocturne::engine
