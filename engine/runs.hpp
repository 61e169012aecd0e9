// Runs: takes plans through gates, approval, steps, verification and undoing. The state machine of
// docs/life-of-a-run.md; what it knows is in RunTable, what it wants done leaves as effects.
#pragma once

#include "engine/decide.hpp"
#include "engine/gates.hpp"
#include "engine/incident_life.hpp"
#include "engine/state.hpp"
#include "model/command.hpp"
#include "model/run.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nocturne::engine {

// Lives for one input.
class Runs {
   public:
    // An attempt of which nobody knows whether it was done is repeated so often, if it may be.
    static constexpr std::uint32_t kAttemptsMax = 3;
    // What an effector has beyond the action's timeout before its attempt counts as unknown.
    static constexpr model::Duration kGrace{10'000};

    Runs(State& state, Decide& decide) : state_(state), table_(state.runs), decide_(decide) {}

    void propose(const model::PlanProposed& proposal);
    void take(const model::StepResult& result);
    void take(const model::PlaybookSettings& settings);

    void approve(const model::ApproveRun& command);
    void reject(const model::RejectRun& command);
    void stop(const model::StopActions& command);
    void freeze(const model::FreezeNode& command);
    void thaw(const model::ThawNode& command);
    void label(const model::LabelRun& command);
    void settle(const model::SettleRun& command);

    // Looks whether a request has expired, or an attempt has gone on for too long.
    void look_at(RunTable::Number number);
    // Incidents that ended or came back: plans for them are void, runs are judged by it.
    void follow(const std::vector<IncidentNews>& news);

   private:
    using Run = model::Run;

    struct Person {
        const std::string& by;
        model::Role role;
        const std::string& from;
    };

    // Words of people: notes what was refused and why. False: it was.
    Run* find_for(model::Id id, const Person& person, model::Role needed);
    bool may(const Person& person, model::Role needed);
    void refuse_word(Run& run, model::Reason reason, const Person& person, std::string text);
    void answer(model::Reason reason, const Person& person, std::string text);
    bool accepts_approval(Run& run, const model::ApproveRun& command, const Person& person);

    // The way of a run.
    void supersede_older(const Run& run);
    bool is_proposed_already(const Run& run) const;
    void begin(Run& run);
    void want(Run& run, std::uint32_t step, model::Phase phase);
    void want_again(Run& run);
    void succeeded(Run& run);
    void failed(Run& run, std::string_view text);
    void unknown(Run& run, model::Reason reason);
    void undo_next(Run& run);
    void finish(Run& run, model::RunState state, model::Reason reason, std::string text);
    void hold(Run& run, model::Reason reason, std::string text);
    void hold_back();
    void note_end(const Run& run);

    void note(Run& run, model::Reason reason, std::string text = {}, std::string_view by = {},
              std::string_view from = {});
    void audit(std::string subject, model::Reason reason, const std::string& text,
               std::string_view by, std::string_view from);
    void tell(const Run& run, model::Effect::Topic topic, model::Reason reason);
    void remind(const Run& run, model::Time due);

    State& state_;
    RunTable& table_;
    Decide& decide_;
};

// The run that a proposal would be, before any gate is asked; without an id.
model::Run run_of(const State& state, const model::PlanProposed& proposal);

// What an effect of topic run.step names in its slot.
std::uint32_t pack_step(const model::AttemptKey& key);

}  // namespace nocturne::engine
