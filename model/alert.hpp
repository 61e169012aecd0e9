// Alert: the life of one identity, as the engine keeps it.
#pragma once

#include "model/fingerprint.hpp"
#include "model/position.hpp"
#include "model/reason.hpp"
#include "model/severity.hpp"
#include "model/symbols.hpp"
#include "model/time.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace nocturne::model {

enum class AlertState : std::uint8_t { Firing, Suppressed, Resolved, Expired };

inline constexpr std::array<std::string_view, 4> kAlertStateNames{"firing", "suppressed",
                                                                  "resolved", "expired"};

inline constexpr std::string_view name_of(AlertState state) {
    return kAlertStateNames[static_cast<std::size_t>(state)];
}

// Texts are symbols of the engine's table, which the alert keeps alive. Two alerts never share a
// fingerprint. About 300 bytes with the texts that it alone has.
struct Alert {
    Fingerprint fingerprint;
    Id id;
    Id incident;                // kNoId: in none
    Id suppressed_by;           // the silence or the alert that hides it; kNoId: a rule alone
    Time first_seen = kNoTime;  // of this episode, by the source's clock
    Time last_seen = kNoTime;
    Time changed_at = kNoTime;  // event time of the last change between firing and ended
    Time touched_at = kNoTime;  // arrival of the last event: what the time to live counts from
    Time ended_at = kNoTime;    // arrival of the resolution, or expiry; kNoTime while it burns
    Time reminder =
        kNoTime;  // when the engine looks whether it is due to expire or to be forgotten
    std::uint64_t count = 0;  // events of this episode
    double value = 0;
    float deviation = 0;     // annotation z: how far off it was at worst; 0: not told
    float excess = 0;        // value less annotation baseline, at that worst; 0: not told
    float baseline = 0;      // annotation baseline, the normal value; 0: not told
    std::uint32_t node = 0;  // of the service graph
    Symbol resource = kNoSymbol;
    Symbol check = kNoSymbol;
    Symbol summary = kNoSymbol;
    Symbol annotations = kNoSymbol;               // of the last event, as a JSON object
    Symbol suppressed_rule = kNoSymbol;           // the rule that hides it, "inhibit/dead switch"
    std::vector<Symbol> sources;                  // who told of it, in order of appearance
    std::vector<LabelSymbols> labels;             // sorted by name
    Severity severity = Severity::Warning;        // now
    Severity severity_worst = Severity::Warning;  // in this episode
    AlertState state = AlertState::Firing;
    Reason suppression = Reason::None;
    Reason grouping = Reason::None;  // why it is in its incident
    bool has_value = false;
    bool is_counted = false;  // among Incident::burning of its incident
    bool slo = false;         // label slo="true": what users feel

    bool is_burning() const {
        return state == AlertState::Firing || state == AlertState::Suppressed;
    }
};

}  // namespace nocturne::model
