// Plan: exactly what a playbook would do. What a person approves is its hash, and only that runs.
#pragma once

#include "model/codec.hpp"
#include "model/position.hpp"
#include "model/time.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::model {

// GCC 12 takes the enumerator for a second Command, though it has a scope of its own.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"

// What can act on the world, or ask it. Check only reads; Wait and Ask touch nothing.
enum class Effector : std::uint8_t { Http, Command, Notify, Wait, Ask, Check, Silence };

#pragma GCC diagnostic pop

inline constexpr std::array<std::string_view, 7> kEffectorNames{"http", "command", "notify", "wait",
                                                                "ask",  "check",   "silence"};

inline constexpr std::size_t count_of(Effector) {
    return kEffectorNames.size();
}

inline constexpr std::string_view name_of(Effector effector) {
    return kEffectorNames[static_cast<std::size_t>(effector)];
}

// One call of an effector. Plain data: no secret is in it, only the names of secrets, as
// "${secret:NAME}" within a value; the effector puts them in when the call leaves.
struct Action {
    Effector effector = Effector::Check;
    // Http, and Check: the URL. Command, and Check: the program, by the name
    // that the operator listed it under. Notify: the channel. Ask: the role. Wait: "".
    std::string target;
    std::map<std::string, std::string>
        arguments;  // by name; docs/reference/playbooks.md lists them
    Duration timeout = kTimeout;

    static constexpr Duration kTimeout = std::chrono::seconds(30);
    static constexpr Duration kAskTimeout = std::chrono::minutes(15);

    friend bool operator==(const Action&, const Action&) = default;
};

// The timeout of an action that says none: people need longer to answer than programs.
constexpr Duration default_timeout(Effector effector) {
    return effector == Effector::Ask ? Action::kAskTimeout : Action::kTimeout;
}

// How long it may take: its timeout, and of a wait what it waits.
Duration time_limit(const Action& action);

// For people: "command restart-unit unit=cart-3", "wait 5m".
std::string to_string(const Action& action);

// Run; then verify says whether it helped; undo takes it back when a later step fails.
struct Step {
    std::string name;  // "restart cart-3", for people; unique within the plan
    std::string node;  // of the graph, that it acts on
    Action run;
    std::optional<Action> verify;
    std::optional<Action> undo;
    bool idempotent = false;  // may be repeated when nobody knows whether it was done

    friend bool operator==(const Step&, const Step&) = default;
};

enum class Risk : std::uint8_t { Low, Medium, High };

inline constexpr std::array<std::string_view, 3> kRiskNames{"low", "medium", "high"};

inline constexpr std::size_t count_of(Risk) {
    return kRiskNames.size();
}

inline constexpr std::string_view name_of(Risk risk) {
    return kRiskNames[static_cast<std::size_t>(risk)];
}

struct Plan {
    static constexpr std::size_t kStepsMax = 100;
    static constexpr std::size_t kBytesMax = 128U << 10;  // encoded

    std::string playbook;
    std::string version;  // hash of the playbook's source
    Id incident;
    std::string target;   // the node that it is about
    std::string summary;  // in one sentence, for people
    std::string prose;    // from the playbook, why and how
    Risk risk = Risk::High;
    bool reversible = false;
    std::vector<Step> steps;
    // What must still be so when it runs: "first_suspect" -> "cart", "incident_state" -> "open".
    std::map<std::string, std::string> preconditions;

    friend bool operator==(const Plan&, const Plan&) = default;
};

// What is run, verify and undo of a step, in this order, where there is one.
template <typename Each>
void each_action(const Step& step, Each each) {
    each(step.run);
    if (step.verify) {
        each(*step.verify);
    }
    if (step.undo) {
        each(*step.undo);
    }
}

// Waiting and asking touch nothing.
bool needs_capability(const Action& action);
// "http" grants all of http; "command:restart-unit" that program alone.
bool grants(const std::vector<std::string>& capabilities, const Action& action);

// SHA-256 of the canonical encoding, 64 hexadecimal digits.
std::string hash_of(const Plan& plan);

void encode(Writer& out, const Plan& plan);
// Check in.ok() afterwards.
Plan decode_plan(Reader& in);

}  // namespace nocturne::model
