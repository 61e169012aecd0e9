#include "cli/learning.hpp"

#include "rules/loader.hpp"

#include <algorithm>
#include <variant>

namespace nocturne::cli {

void HistoryReader::take(const model::Input::Body& body, model::Time at) {
    if (const auto* batch = std::get_if<model::EventBatch>(&body)) {
        for (const model::EventView& event : batch->events()) {
            take(event, at);
        }
    } else if (const auto* change = std::get_if<model::TopologyChange>(&body)) {
        apply(*change, at);
    } else if (const auto* revision = std::get_if<model::RulesRevision>(&body)) {
        use(std::make_shared<rules::Normaliser>(rules::compile(*revision).rules));
    }
}

void HistoryReader::take(const model::EventView& event, model::Time arrived) {
    ++events_;
    model::Arena scratch;
    model::EventView normal = event;
    if (normaliser_ != nullptr &&
        normaliser_->normalise(event, arrived, normal, scratch, applied_) ==
            rules::Normaliser::Outcome::Dropped) {
        return;
    }
    if (normal.kind == model::Kind::Alert && normal.status == model::EventStatus::Firing &&
        normal.severity != model::Severity::Ok) {
        const model::Time at = normal.time == model::kNoTime ? arrived : normal.time;
        history_.add(std::min(at, arrived), normal.resource, normal.check);
    }
}

}  // namespace nocturne::cli
