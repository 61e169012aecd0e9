// PlaybookSettings: what configuration allows playbooks to do. A revision of it is an input like
// any other, so that a replay decides by the settings of the time.
#pragma once

#include "model/codec.hpp"
#include "model/plan.hpp"
#include "model/role.hpp"
#include "model/time.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::model {

// How far a playbook may go by itself: noted only; shown; runs after a person's yes; runs.
enum class RunMode : std::uint8_t { Observe, Suggest, Approve, Auto };

inline constexpr std::array<std::string_view, 4> kRunModeNames{"observe", "suggest", "approve",
                                                               "auto"};

inline constexpr std::size_t count_of(RunMode) {
    return kRunModeNames.size();
}

inline constexpr std::string_view name_of(RunMode mode) {
    return kRunModeNames[static_cast<std::size_t>(mode)];
}

// What a playbook asks for itself. Configuration can make each of them stricter, never looser.
struct RunLimits {
    Duration cooldown = std::chrono::minutes(10);  // after a run, per playbook and target
    std::uint32_t runs_max = 6;                    // of the playbook, begun within runs_window
    Duration runs_window = std::chrono::hours(1);
    double blast_share_max = 0.34;      // of siblings touched within the blast window, 0..1; one
                                        // of them may always be touched
    std::uint32_t healthy_min = 1;      // siblings that must stay whole and untouched
    std::uint32_t dependents_max = 50;  // nodes that depend on what is touched in the window
    double confidence_min = 0.6;        // of the first suspect; below it never automatic
    std::uint32_t approvals = 1;        // different people who must say yes
    Role approver = Role::Approver;     // what each of them must be
    Duration approval_ttl = std::chrono::minutes(15);  // a request that nobody answered expires

    friend bool operator==(const RunLimits&, const RunLimits&) = default;
};

// The mode that is allowed where all that is said here holds.
struct ModeRule {
    std::string playbook;      // empty: any
    std::optional<Risk> risk;  // nothing: any
    std::string node;          // the target's name; empty: any
    std::string type;          // the target's type; empty: any
    std::string owner;         // the target's owner; empty: any
    RunMode mode = RunMode::Suggest;

    friend bool operator==(const ModeRule&, const ModeRule&) = default;
};

// Times of windows are at most kWindowMax.
struct PlaybookSettings {
    static constexpr Duration kWindowMax = std::chrono::hours(24);

    RunMode mode_max = RunMode::Approve;  // where no rule says otherwise
    std::vector<ModeRule> modes;          // the first that fits decides
    // What plans may use whatever their playbooks ask for: "http", "command:restart-unit".
    // Nothing: all of them.
    std::optional<std::vector<std::string>> capabilities;
    bool self_approval = false;        // who proposed a plan may approve it
    std::uint32_t approvals = 1;       // at least, whatever the playbook asks for
    std::uint32_t approvals_high = 1;  // at least, where the risk is high
    Duration approval_ttl_max = std::chrono::hours(1);
    double confidence_min = 0.5;
    std::uint32_t runs_max = 30;    // begun within an hour, of all playbooks
    std::uint32_t active_max = 10;  // runs at one time
    Duration cooldown_min{0};
    Duration blast_window = std::chrono::minutes(10);
    double blast_share_max = 0.5;
    // Circuit breaker, per playbook: so many failures in a row open it for breaker_rest; so many
    // successes on one target within success_window mean that it does not last.
    std::uint32_t failures_max = 3;
    Duration breaker_rest = std::chrono::hours(1);
    std::uint32_t successes_max = 3;
    Duration success_window = std::chrono::hours(1);
    // Error budget, of all playbooks: so many failed runs within the window are accepted. From
    // half of it on nothing is automatic, at its end nothing runs.
    std::uint32_t error_budget = 10;
    Duration error_window = std::chrono::hours(24);
    // A run that touched what then opens an incident within this time is its likely cause.
    Duration loop_window = std::chrono::minutes(10);
    std::vector<std::string> frozen;  // nodes that nothing may touch
    bool stopped = false;             // nothing runs

    friend bool operator==(const PlaybookSettings&, const PlaybookSettings&) = default;
};

void encode(Writer& out, const RunLimits& limits);
void encode(Writer& out, const PlaybookSettings& settings);
// Check in.ok() afterwards.
RunLimits decode_run_limits(Reader& in);
PlaybookSettings decode_playbook_settings(Reader& in);

}  // namespace nocturne::model
