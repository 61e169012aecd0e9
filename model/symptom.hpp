// Symptom and RecentChange: what the causal walk is told about an incident.
#pragma once

#include "model/severity.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace nocturne::model {

// One alert as the walk sees it.
struct Symptom {
    std::string_view check;   // borrowed from whoever asks
    std::string_view caller;  // whose calls it speaks of (label `caller`); empty: not one caller's
    Severity severity = Severity::Warning;  // the worst it had in this incident
    double deviation = 0;  // robust deviations off normal (annotation `z`); 0: not told
    double excess = 0;     // value less normal value (annotation `baseline`), in the unit of the
                           // check; 0: not told
    double baseline = 0;   // the normal value; 0: not told
    bool slo = false;      // what users feel (label slo="true")
    Time first_seen = kNoTime;
    Time ended =
        kNoTime;  // when it resolved, or was seen last before it expired; kNoTime: it fires
    std::uint64_t count = 1;
};

// A change event on a node, not an alert: evidence.
struct RecentChange {
    std::string what;     // "deploy", "config", ...
    std::string summary;  // for people
    Time time = kNoTime;
};

}  // namespace nocturne::model
