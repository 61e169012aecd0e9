// SampleIncident: an incident made up for a playbook, and a world around it, for `plugin check`.
#pragma once

#include "plugins/made_world.hpp"
#include "plugins/playbook.hpp"

#include <string>
#include <vector>

namespace nocturne::plugins {

// As its `when` wants it, as far as its matchers name values; what they say by patterns is met only
// where an alternative is plain. front -> suspect -> database; tenant-a -> suspect. The suspect has
// the labels stateless = "true", replicas = "4" and standby = "standby-1", which is a node too; it
// was deployed ten minutes ago, and its alerts fire since five.
class SampleIncident {
   public:
    explicit SampleIncident(const When& when);
    SampleIncident(const SampleIncident&) = delete;
    SampleIncident& operator=(const SampleIncident&) = delete;

    const World& world() const { return world_; }

    const IncidentSight& sight() const { return sight_; }

   private:
    void make_world(const When& when);
    void make_alerts(const When& when);
    void make_suspects(const When& when);
    IncidentSight::Alert alert(std::string_view id, std::string_view resource,
                               std::string_view check, model::Severity severity) const;

    MadeWorld world_;
    std::string resource_;
    std::string title_;
    std::string check_;
    std::vector<IncidentSight::Alert> alerts_;
    std::vector<model::Suspect> suspects_;
    IncidentSight sight_;
};

}  // namespace nocturne::plugins
