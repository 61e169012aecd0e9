#include "cli/ranking.hpp"

#include "cli/replayer.hpp"
#include "engine/state.hpp"
#include "model/json_writer.hpp"
#include "model/settings.hpp"

#include <chrono>
#include <utility>

namespace nocturne::cli {

namespace {

// One incident that takes every alert, and that time does not touch.
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

void write_suspects(model::JsonWriter& out, const std::vector<model::Suspect>& suspects) {
    out.key("ranking").begin_array();
    for (const model::Suspect& suspect : suspects) {
        out.begin_object();
        out.member("resource", suspect.resource)
            .member("score", suspect.score)
            .member("silent", suspect.silent);
        out.key("evidence").begin_array();
        for (const model::Evidence& evidence : suspect.evidence) {
            out.begin_object().member("name", evidence.name).member("score", evidence.score);
            out.member("text", evidence.text).end_object();
        }
        out.end_array().key("paths").begin_array();
        for (const model::CausalPath& path : suspect.paths) {
            out.begin_object().key("nodes").begin_array();
            for (const std::string& node : path.nodes) {
                out.text(node);
            }
            out.end_array().member("symptom", path.symptom).end_object();
        }
        out.end_array().end_object();
    }
    out.end_array();
}

}  // namespace

std::vector<model::Suspect> rank_events(const model::TopologyChange& topology,
                                        model::EventBatch events, model::Time at) {
    Replayer replayer(one_incident());
    replayer.apply(topology, model::from_unix_ms(0));
    replayer.apply(std::move(events), at);
    const engine::IncidentTable& incidents = replayer.core().state().incidents;
    return incidents.by_id().empty() ? std::vector<model::Suspect>()
                                     : incidents[incidents.by_id().begin()->second].suspects;
}

std::string render_ranking(const std::vector<model::Suspect>& suspects) {
    model::JsonWriter out;
    out.begin_object();
    write_suspects(out, suspects);
    out.end_object();
    return out.take();
}

std::string render_ranking(const std::vector<model::Suspect>& suspects,
                           const std::vector<topology::Precedence>& pairs) {
    model::JsonWriter out;
    out.begin_object();
    write_suspects(out, suspects);
    out.key("pairs").begin_array();
    for (const topology::Precedence& pair : pairs) {
        if (pair.relation == topology::Relation::Same) {
            out.begin_array().text(pair.cause).text(pair.effect).end_array();
        }
    }
    out.end_array().end_object();
    return out.take();
}

}  // namespace nocturne::cli
