// The state as JSON and as text for people's tools: the contract's incidents, alerts, topology,
// silences and metrics. Reads the core, changes nothing; call it where the core may be read.
#pragma once

#include "engine/core.hpp"
#include "model/effect.hpp"
#include "model/matcher.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::model {
class JsonWriter;
struct Suspect;
}  // namespace nocturne::model

namespace nocturne::topology {
class Graph;
}

namespace nocturne::engine {

// {"resource":...,"score":...,"silent":...,"reason":...,"kind":...,"evidence":[...],"paths":[...]},
// and behind the resource "incident":"I2-4" where its alerts are those of this other incident.
void write_suspect(model::JsonWriter& out, const model::Suspect& suspect,
                   model::Id elsewhere = model::kNoId);

// Labels that matchers can ask for are the alert's own and resource, check, severity, status,
// source.
struct AlertQuery {
    model::Matchers matchers;  // all must match
    bool ended = false;        // resolved and expired ones too
    std::optional<model::Id> incident;
    std::size_t limit = 1000;
    std::size_t offset = 0;
};

struct IncidentQuery {
    std::optional<std::string>
        state;  // open, acknowledged, resolved, reopened, merged; none: all that are not over
    bool all = false;
    std::size_t limit = 100;
};

// {"alerts":[...],"total":N}: `total` counts all that match, whatever the limit.
std::string render_alerts(const Core& core, const AlertQuery& query);
// {"incidents":[...]}, newest first, each as in the contract but without timeline and with at most
// ten alerts.
std::string render_incidents(const Core& core, const IncidentQuery& query);
// The whole incident with the graph around it as it stood, or nothing when it is not (or no more)
// in memory.
std::optional<std::string> render_incident(const Core& core, model::Id id);
// {"burning":N,"silences":[...]}: `burning` counts all alerts that burn, hidden or not.
std::string render_silences(const Core& core);
// Whether one more would not be refused.
bool has_room_for_silence(const Core& core);
// The graph as it stands, for views that take long: they may read it on any thread.
std::shared_ptr<const topology::Graph> topology_of(const Core& core);
// Of the nodes over which a heartbeat's silence makes us blind: {"source":...,"heard_at":...}.
std::map<std::uint32_t, std::string> blind_nodes(const Core& core);
// {"node":...,"hurt":[{"resource":...,"distance":...,"likelihood":...,"path":[...]}],
// "held":[{"resource":...,"lost":1,"members":3,"left":[...]}]}, or nothing for an unknown node.
std::optional<std::string> render_impact(const topology::Graph& graph, std::string_view node);
// What the pub socket and the event stream carry:
// {"topic":...,"key":"position-index","reason":...,"alert"|"incident":{...}}.
std::string render_effect(const Core& core, const model::Effect& effect);
// The core's part of /metrics, text 0.0.4.
void append_metrics(const Core& core, std::string& out);

}  // namespace nocturne::engine
