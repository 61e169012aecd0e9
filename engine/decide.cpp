#include "engine/decide.hpp"

#include <set>

namespace nocturne::engine {

using Topic = model::Effect::Topic;

void Decide::alert(Topic topic, model::Reason reason, Slot alert) {
    add(topic, reason, state_.alerts[alert].id, alert);
}

void Decide::storm(Topic topic, model::Reason reason, std::uint32_t storm) {
    add(topic, reason, model::kNoId, storm);
}

void Decide::plugin(Topic topic, model::Reason reason, std::uint32_t plugin) {
    add(topic, reason, model::kNoId, plugin);
}

void Decide::incidents(const std::vector<IncidentNews>& news) {
    // What was opened in this input is told as it stands at the end; growth is told last.
    std::set<model::Id> told;
    for (const IncidentNews& item : news) {
        if (item.topic != Topic::IncidentUpdated) {
            add(item.topic, item.reason, item.incident);
            told.insert(item.incident);
        }
    }
    for (const IncidentNews& item : news) {
        if (item.topic == Topic::IncidentUpdated && told.insert(item.incident).second) {
            add(item.topic, item.reason, item.incident);
        }
    }
}

void Decide::add(Topic topic, model::Reason reason, model::Id subject, Slot slot) {
    effects_.push_back({state_.position, next_index_++, topic, reason, subject, slot});
}

}  // namespace nocturne::engine
