// Planner: lets playbooks look at incidents, and proposes what they plan. It decides nothing: the
// engine's gates say what becomes of a proposal.
#pragma once

#include "engine/loop.hpp"
#include "model/plugins_revision.hpp"
#include "model/result.hpp"
#include "model/run.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

// What a playbook says to an incident.
struct PlanOffer {
    std::string playbook;
    std::optional<model::PlanProposed> proposal;
    std::string why_not;  // for people, when there is none
};

struct PlannerOptions {
    // An incident is looked at at most so often.
    std::chrono::milliseconds look_every{20};
    // The same plan for the same incident is proposed again after so long, if nobody took it up.
    std::chrono::milliseconds propose_again_after = std::chrono::minutes(15);
    // And after so long, if a gate refused it; each time twice as long, up to propose_again_after.
    std::chrono::milliseconds ask_gates_again_after = std::chrono::seconds(5);
    // A playbook that fails so often in a row rests; each time twice as long, up to rest_max.
    int faults_max = 3;
    std::chrono::milliseconds rest = std::chrono::minutes(1);
    std::chrono::milliseconds rest_max = std::chrono::hours(1);
};

class Planner : public engine::Outbox {
   public:
    explicit Planner(PlannerOptions options = {});
    // Like stop().
    ~Planner() override;
    Planner(const Planner&) = delete;
    Planner& operator=(const Planner&) = delete;

    // On the core thread: notes which incident is to be looked at.
    void deliver(const model::Effect& effect, const engine::Core& core) override;

    // Looks at what is open, then at what changes, and again at what is still open when a plan
    // that was held back may be proposed again. `loop` must outlive it. An Error: a playbook
    // cannot be loaded, or the loop is stopping.
    Status start(engine::Loop& loop, const model::PluginsRevision& playbooks);
    // From now on these, which look at all that is open. All or nothing: with an Error the old ones
    // stay.
    Status set_playbooks(const model::PluginsRevision& playbooks);
    void stop();

    // What each playbook would do about the incident now; those that are not for it say why not.
    // Proposes nothing. Any thread but the core's; waits.
    Result<std::vector<PlanOffer>> plans_for(model::Id incident);

    void append_metrics(std::string& out) const;

   private:
    class Inside;
    const std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::gateway
