// World: what a call may see beyond its event. The engine has one, tests make one by hand.
#pragma once

#include "model/incident.hpp"
#include "model/severity.hpp"
#include "model/suspect.hpp"
#include "model/time.hpp"
#include "topology/graph.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::plugins {

struct SeenChange {
    model::Time time = model::kNoTime;
    std::string resource;
    std::string what;  // "deploy"
    std::string summary;
};

struct SeenIncident {
    std::string id;
    model::Time opened_at = model::kNoTime;
    std::string cause;    // as a person labelled it
    double likeness = 0;  // 0..1, Jaccard of what alerted
};

// An incident as handlers see it; borrows everything.
struct IncidentSight {
    struct Alert {
        std::string_view id;
        std::string_view resource;
        std::string_view check;
        std::string_view summary;
        model::Severity severity = model::Severity::Warning;
        bool is_firing = false;
        model::Time first_seen = model::kNoTime;
    };

    std::string_view id;
    std::string_view title;
    model::Severity severity = model::Severity::Warning;
    model::Time opened_at = model::kNoTime;
    double confidence = 0;  // 0..1
    std::span<const Alert> alerts;
    std::span<const model::Suspect> suspects;  // best first
    model::IncidentState state = model::IncidentState::Open;
};

// Lent for one call. What it gives must be a function of the engine's state alone: no clock, no
// I/O.
class World {
   public:
    virtual ~World() = default;
    // The engine's time, which never goes back.
    virtual model::Time now() const = 0;
    virtual const topology::Graph& graph() const = 0;
    // On this node, of those still remembered, latest first; at most `max`.
    virtual std::vector<SeenChange> changes_on(std::string_view node, std::size_t max) const = 0;
    // Past incidents with a labelled cause that look like the present one (on_incident only), the
    // most alike first.
    virtual std::vector<SeenIncident> alike(std::size_t max) const = 0;
};

}  // namespace nocturne::plugins
