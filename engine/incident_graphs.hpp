// IncidentGraphs: the part of the graph around each incident, as it stood when it was last ranked.
#pragma once

#include "engine/alert_table.hpp"
#include "engine/incident_table.hpp"
#include "topology/excerpt.hpp"

#include <map>
#include <optional>
#include <string>

namespace nocturne::engine {

class IncidentGraphs {
   public:
    // Around its alerting nodes and its suspects. Bounded by the limits of an excerpt.
    void take(const model::Incident& incident, const AlertTable& alerts,
              const topology::Graph& graph, model::Time now);
    // Forgets those of incidents that the table has no more.
    void prune(const IncidentTable& incidents);
    std::optional<topology::Excerpt> find(model::Id incident) const;

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    std::map<model::Id, std::string> excerpts_;  // encoded: a tenth of what they weigh otherwise
};

}  // namespace nocturne::engine
