// Run: one plan on its way through gates, approval, steps, verification and, if need be, undoing.
#pragma once

#include "model/codec.hpp"
#include "model/plan.hpp"
#include "model/playbook_settings.hpp"
#include "model/position.hpp"
#include "model/reason.hpp"
#include "model/role.hpp"
#include "model/suspect.hpp"
#include "model/time.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::model {

inline constexpr char kRunPrefix = 'R';

// ---- what comes in ----

// A plan that somebody, or a playbook, would like to run, and what the gates ask of it.
struct PlanProposed {
    Plan plan;
    std::string by;    // "restart-stateless", "anna"
    std::string from;  // kFromPlaybook, or where a person stood: "cli", "http", "chat:#ops"
    RunMode mode = RunMode::Suggest;        // that the playbook asks for
    std::vector<std::string> capabilities;  // that it declares: "http", "command:restart-unit"
    RunLimits limits;
};

// Only what the playbook host proposes by itself can ever be automatic.
inline constexpr std::string_view kFromPlaybook = "playbook";

enum class Phase : std::uint8_t { Run, Verify, Undo };

inline constexpr std::array<std::string_view, 3> kPhaseNames{"run", "verify", "undo"};

inline constexpr std::size_t count_of(Phase) {
    return kPhaseNames.size();
}

inline constexpr std::string_view name_of(Phase phase) {
    return kPhaseNames[static_cast<std::size_t>(phase)];
}

// Names one try at one action of a run: its idempotency key.
struct AttemptKey {
    Id run;
    std::uint32_t step = 0;  // from 0
    Phase phase = Phase::Run;
    std::uint32_t attempt = 1;

    friend auto operator<=>(const AttemptKey&, const AttemptKey&) = default;
};

// "R1042-0/2/verify/1"; steps count from 1 there.
std::string to_string(const AttemptKey& key);
// The key in such a text, or nothing.
std::optional<AttemptKey> parse_attempt_key(std::string_view text);

// Started is told, and durable, before the effector is called: an attempt that was started and has
// no result may or may not have been done; one that was not started was not done.
enum class Outcome : std::uint8_t { Started, Ok, Failed, Unknown };

inline constexpr std::array<std::string_view, 4> kOutcomeNames{"started", "ok", "failed",
                                                               "unknown"};

inline constexpr std::size_t count_of(Outcome) {
    return kOutcomeNames.size();
}

// What became of an attempt.
struct StepResult {
    static constexpr std::size_t kTextBytesMax = 1024;  // the engine cuts what is longer

    AttemptKey key;
    Outcome outcome = Outcome::Unknown;
    std::string text;  // for people: the end of the output, the status
};

// ---- what the engine keeps ----

enum class RunState : std::uint8_t {
    Proposed,          // only noted or shown: its mode lets it go no further
    AwaitingApproval,  // until people say yes, or no, or it expires
    Approved,
    Running,
    Verifying,
    Undoing,
    NeedsPerson,  // nobody knows whether an action was done, or it was stopped half-way
    Succeeded,
    Failed,  // and not, or not wholly, undone
    RolledBack,
    Rejected,
    Expired,
    Superseded,
    Void,     // what the plan took for granted is no longer so
    Refused,  // by a gate
};

inline constexpr std::array<std::string_view, 15> kRunStateNames{
    "proposed", "awaiting_approval", "approved",   "running", "verifying",
    "undoing",  "needs_person",      "succeeded",  "failed",  "rolled_back",
    "rejected", "expired",           "superseded", "void",    "refused",
};

inline constexpr std::size_t count_of(RunState) {
    return kRunStateNames.size();
}

inline constexpr std::string_view name_of(RunState state) {
    return kRunStateNames[static_cast<std::size_t>(state)];
}

// It has touched, or is about to touch, the world.
inline constexpr bool is_active(RunState state) {
    return state >= RunState::Approved && state <= RunState::NeedsPerson;
}

inline constexpr bool is_finished(RunState state) {
    return state >= RunState::Succeeded;
}

enum class StepState : std::uint8_t {
    Waiting,
    Running,
    Verifying,
    Done,
    Failed,
    Undoing,
    Undone,
    NotUndone,  // it has no undo, or that failed
};

inline constexpr std::array<std::string_view, 8> kStepStateNames{
    "waiting", "running", "verifying", "done", "failed", "undoing", "undone", "not_undone"};

inline constexpr std::size_t count_of(StepState) {
    return kStepStateNames.size();
}

inline constexpr std::string_view name_of(StepState state) {
    return kStepStateNames[static_cast<std::size_t>(state)];
}

struct StepProgress {
    StepState state = StepState::Waiting;
    std::uint32_t attempts = 0;  // of all phases
    std::string text;            // of the last result
    Time started_at = kNoTime;
    Time ended_at = kNoTime;
    bool was_done = false;  // its run succeeded: it is what undoing takes back
};

// The one action that a run waits for.
struct Attempt {
    AttemptKey key;
    bool is_started = false;
    Time due = kNoTime;  // once started: what has not answered by then is unknown
};

struct Approval {
    std::string by;
    Role role = Role::None;
    std::string from;
    Time at = kNoTime;
};

// What a person says of a run afterwards.
enum class RunLabel : std::uint8_t { None, Helped, DidNotHelp, MadeWorse };

inline constexpr std::array<std::string_view, 4> kRunLabelNames{"none", "helped", "did_not_help",
                                                                "made_worse"};

inline constexpr std::size_t count_of(RunLabel) {
    return kRunLabelNames.size();
}

inline constexpr std::string_view name_of(RunLabel label) {
    return kRunLabelNames[static_cast<std::size_t>(label)];
}

// One line of a run's story. By its position whoever sent an input finds what became of it.
struct RunEvent {
    Time at = kNoTime;
    Position position = 0;
    Reason reason = Reason::None;
    std::string by;  // empty: the engine
    std::string from;
    std::string text;
};

struct Run {
    static constexpr std::size_t kTimelineMax = 512;  // beyond it entries are counted only

    Id id;
    RunState state = RunState::Proposed;
    Reason reason = Reason::None;  // of its state: why refused, void, failed, held, not automatic
    std::string reason_text;       // the same, with what was found
    Plan plan;
    std::string hash;
    std::string proposed_by;
    std::string proposed_from;
    RunMode mode = RunMode::Observe;  // as far as configuration lets it
    std::vector<std::string> capabilities;
    RunLimits limits;         // as configuration makes them
    std::string target_type;  // of the target's node when it was proposed
    std::string suspect;      // the incident's first when it was proposed
    CauseKind kind = CauseKind::Unknown;
    std::vector<Approval> approvals;
    std::vector<StepProgress> steps;
    std::optional<Attempt> attempt;
    bool is_undoing = false;
    Time proposed_at = kNoTime;
    Time expires_at = kNoTime;
    Time started_at = kNoTime;
    Time ended_at = kNoTime;
    Time incident_resolved_at = kNoTime;  // the first time after it
    Time incident_reopened_at = kNoTime;
    RunLabel label = RunLabel::None;
    std::vector<RunEvent> timeline;
    std::uint64_t timeline_dropped = 0;
    RunEvent answer;  // to the last input about it, in the timeline or not

    // What its attempt does; only while there is one.
    const Action& present_action() const;
    // What the checks took for a success, and was none.
    bool is_regretted() const;
};

// A person says that it did no good.
bool is_bad(RunLabel label);

void encode(Writer& out, const PlanProposed& proposal);
void encode(Writer& out, const StepResult& result);
void encode(Writer& out, const Run& run);
// Check in.ok() afterwards.
PlanProposed decode_plan_proposed(Reader& in);
StepResult decode_step_result(Reader& in);
Run decode_run(Reader& in);

}  // namespace nocturne::model
