#include "cli/ranking.hpp"

#include "cli/replayer.hpp"
#include "engine/state.hpp"
#include "engine/view.hpp"
#include "model/json_writer.hpp"

#include <chrono>
#include <utility>

namespace nocturne::cli {

model::Settings one_incident() {
    constexpr model::Duration kForever = std::chrono::days(36'500);
    model::Settings settings;
    settings.one_incident = true;
    settings.incident_severity_min = model::Severity::Info;
    settings.alert_ttl = settings.resolved_keep = kForever;
    settings.resolve_after = settings.reopen_window = settings.incident_keep = kForever;
    settings.change_window =
        kForever;  // the incident opens at the last event, changes may be long before
    settings.suspects_max = 1000;
    return settings;
}

model::Ranking rank_events(const model::TopologyChange& topology, model::EventBatch events,
                           model::Time at) {
    Replayer replayer(one_incident());
    replayer.apply(topology, model::from_unix_ms(0));
    replayer.apply(std::move(events), at);
    const engine::IncidentTable& incidents = replayer.core().state().incidents;
    if (incidents.by_id().empty()) {
        return {};
    }
    const model::Incident& incident = incidents[incidents.by_id().begin()->second];
    return {incident.suspects, incident.confidence, incident.doubt};
}

std::string render_ranking(const model::Ranking& ranking,
                           const std::vector<topology::Precedence>* pairs) {
    model::JsonWriter out;
    out.begin_object().key("ranking").begin_array();
    for (const model::Suspect& suspect : ranking.suspects) {
        engine::write_suspect(out, suspect);
    }
    out.end_array().member("confidence", ranking.confidence).key("doubt");
    ranking.doubt.empty() ? out.null() : out.text(ranking.doubt);
    if (pairs != nullptr) {
        out.key("pairs").begin_array();
        for (const topology::Precedence& pair : *pairs) {
            if (pair.relation == topology::Relation::Same) {
                out.begin_array().text(pair.cause).text(pair.effect).end_array();
            }
        }
        out.end_array();
    }
    out.end_object();
    return out.take();
}

}  // namespace nocturne::cli
