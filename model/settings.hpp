// Settings: what configuration says to the engine. A revision of it is an input like any other, so
// that a replay decides by the settings of the time.
#pragma once

#include "model/codec.hpp"
#include "model/severity.hpp"
#include "model/time.hpp"

#include <chrono>
#include <cstdint>

namespace nocturne::model {

struct Settings {
    // Alerts
    Duration alert_ttl =
        std::chrono::minutes(30);  // firing, but not told again for so long: expired
    Duration resolved_keep = std::chrono::minutes(15);  // an ended alert is known for so long
    std::uint64_t alerts_max = 1'000'000;
    Duration lateness =
        std::chrono::minutes(1);  // a resolution that overtakes its event by so much still counts
    std::uint64_t message_ids_max = 262'144;  // (source, id) pairs remembered, against repeats

    // Incidents
    Severity incident_severity_min = Severity::Warning;  // below it an alert opens no incident
    Duration correlation_window =
        std::chrono::minutes(10);  // an incident that did not grow for so long takes no neighbours
    std::uint8_t correlation_hops = 2;                  // on the graph
    Duration resolve_after = std::chrono::seconds(10);  // all alerts ended for so long: resolved
    Duration reopen_window =
        std::chrono::minutes(10);  // an alert of it fires again: reopened, not a new one
    Duration incident_keep =
        std::chrono::hours(24);  // a resolved incident stays in memory; history has it longer
    std::uint64_t incident_alerts_max = 100'000;
    std::uint64_t incidents_max = 10'000;
    bool one_incident = false;  // `nocturne rank`: all alerts are one problem

    // Ranking
    Duration rank_interval =
        std::chrono::seconds(1);  // an incident that grows slowly is ranked at most so often
    Duration change_window =
        std::chrono::hours(1);  // a change so long before the first alert is evidence
    std::uint32_t suspects_max = 10;

    friend bool operator==(const Settings&, const Settings&) = default;
};

void encode(Writer& out, const Settings& settings);
// Check in.ok() afterwards.
Settings decode_settings(Reader& in);

}  // namespace nocturne::model
