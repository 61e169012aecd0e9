// Dry run: what a plan would do and meet now, without doing it. The same core takes the plan
// through the same gates, yeses and steps as in a real run; only the effectors behind it are the
// dry ones, which hold no code that could act. So what it reads is real, and nothing leaves.
#pragma once

#include "engine/gates.hpp"
#include "engine/loop.hpp"
#include "gateway/effectors/effectors.hpp"
#include "model/result.hpp"
#include "model/run.hpp"
#include "model/time.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

// One action that the run came to, in the order in which a real one would.
struct DryAction {
    enum class Kind : std::uint8_t {
        Would,    // it would be done: `text` says what
        Found,    // a check that was made: `outcome` and `text` say what is so now
        Refused,  // it would not be done, in a real run neither: `text` says why
        NotMade,  // a check for which no time was left
    };

    std::uint32_t step = 0;  // of the plan, from 0
    model::Phase phase = model::Phase::Run;
    model::Action action;
    Kind kind = Kind::Would;
    ActionResult::Outcome outcome = ActionResult::Outcome::Ok;
    // False for what a check found after something that would have been done and was not: that it
    // is not so now says nothing about a real run, and does not end this one.
    bool counts = true;
    std::string text;  // "would POST https://...", "HTTP 200", without secrets
};

inline constexpr std::array<std::string_view, 4> kDryKindNames{"would", "found", "refused",
                                                               "not_made"};

struct DryRunReport {
    model::Time at = model::kNoTime;  // of the state that it began with
    model::Run proposed;              // as the core has it after the proposal, before any yes
    bool waits_already = false;       // the very same plan waits for approval: `proposed` is that
    std::vector<engine::GateFinding> gates;
    bool self_approval = false;  // who proposed it may say yes
    // Nobody can let it run now: its steps are described, its checks are not made.
    bool is_refused = false;
    std::vector<DryAction> actions;
    // What would be done if it failed later; one that is refused is a finding.
    std::vector<DryAction> undos;
    model::Run end;  // with the reason why it ended so, or cannot begin

    // It can run, and nothing that could be seen beforehand stands in its way.
    bool is_good() const;
};

struct DryRunOptions {
    // All checks together; what comes later is NotMade.
    std::chrono::milliseconds time_max = std::chrono::seconds(60);
    // Asked before each check: from then on they are NotMade. Empty: never.
    std::function<bool()> is_over = {};
};

// The engine's state as it is, for dry_run. An Error: the loop is stopping.
Result<std::string> state_of(engine::Loop& loop);

// `state`: as Core::encode writes it. `now`: the time at which the plan would come in. Of `parts`
// only what a dry run has is used; `is_node` asks the state. Takes as long as its checks: not for
// the core thread. An Error: the state does not decode.
Result<DryRunReport> dry_run(std::string_view state, model::Time now,
                             const model::PlanProposed& proposal, EffectorParts parts,
                             DryRunOptions options = {});

// As docs/reference/playbooks.md has it.
std::string to_json(const DryRunReport& report);

}  // namespace nocturne::gateway
