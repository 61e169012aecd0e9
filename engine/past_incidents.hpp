// PastIncidents: incidents whose cause a person labelled, and how much a new one looks like them.
#pragma once

#include "engine/alert_table.hpp"
#include "model/codec.hpp"
#include "model/incident.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace nocturne::engine {

class PastIncidents {
   public:
    static constexpr std::size_t kIncidentsMax = 1000;  // beyond it the oldest is forgotten
    static constexpr std::size_t kAlertsMax = 256;      // of one incident, the first to join

    // What was alike, and when.
    struct Likeness {
        std::string cause;  // the node that a person named
        double share = 0;   // alerts that both have, of those that either has (Jaccard), 0..1
        model::Time at = model::kNoTime;
        model::Id id;
    };

    // Remembers what alerted and what caused it; a second label of one incident replaces the first.
    void remember(const model::Incident& incident, const AlertTable& alerts);

    // The best likeness by cause, in the order of their names. Those that share nothing are left
    // out.
    std::vector<Likeness> compare(const model::Incident& incident, const AlertTable& alerts) const;

    void encode(model::Writer& out) const;
    void decode(model::Reader& in);

   private:
    struct Past {
        model::Id id;
        std::string cause;
        model::Time at = model::kNoTime;
        std::vector<std::uint64_t> signature;  // of resource and check of each alert, sorted
    };

    static std::vector<std::uint64_t> signature_of(const model::Incident& incident,
                                                   const AlertTable& alerts);

    std::deque<Past> past_;  // in the order of labelling
};

}  // namespace nocturne::engine
