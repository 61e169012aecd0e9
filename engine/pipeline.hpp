// Pipeline: the stages in the order in which an event meets them.
#pragma once

#include "engine/correlate.hpp"
#include "engine/decide.hpp"
#include "engine/dedup.hpp"
#include "engine/detect.hpp"
#include "engine/enrich.hpp"
#include "engine/event_in_hand.hpp"
#include "engine/normalise.hpp"
#include "engine/rank.hpp"
#include "engine/remark.hpp"
#include "engine/route.hpp"
#include "engine/runs.hpp"
#include "engine/state.hpp"
#include "engine/suppress.hpp"
#include "model/input.hpp"

#include <vector>

namespace nocturne::engine {

// Lives for one input.
class Pipeline {
   public:
    Pipeline(State& state, std::vector<model::Effect>& effects);

    // What is due by then, each as of its own time: what becomes of it must not depend on when the
    // next input happens to come.
    void pass_time_until(model::Time time);
    void take(const model::EventBatch& batch);
    void take(const model::TopologyChange& change);
    void take(const model::Command& command);

    void take(const model::Tick&) {}

    void take(const model::Settings& settings);
    void take(const model::RulesRevision& revision);
    void take(const model::PluginsRevision& revision);
    void take(const model::PluginKilled& kill);
    void take(const model::Checkpoint& checkpoint);

    void take(const model::PlanProposed& proposal) { runs_.propose(proposal); }

    void take(const model::StepResult& result) { runs_.take(result); }

    void take(const model::PlaybookSettings& settings) { runs_.take(settings); }

    // After the input: rank what grew, decide what to tell.
    void conclude();

   private:
    void take(const model::EventView& event, std::uint32_t index);
    // An event in our own words.
    void meet(const model::EventView& event, model::Time time, std::uint32_t index);
    // What plugins make of it, and then the rest of its way.
    void show(const model::EventView& event, std::uint32_t depth, model::Time time,
              std::uint32_t index);
    Transition hear(const model::EventView& event, model::Time time, std::uint32_t index);
    Transition fold(const model::EventView& event, model::Time time, std::uint32_t index);
    void follow_emitted();
    void follow_own();
    void show_own(const OwnEvent& own);
    Transition hear_own(const model::EventView& event, std::uint32_t index);
    void note_deeds(const Transition& transition);
    void note_own(const OwnEvent& own, Slot alert);
    void follow_plugins();
    void follow(const Transition& transition);
    void raise(const Transition& transition);
    void tell_firing(const Transition& transition);
    void follow_others();
    void follow_topology();
    void expire_topology();
    void plan_expiry();
    void look_at(const Deadline& deadline);
    void remark_on_news();
    std::vector<Slot> told_of() const;
    void keep_graphs(const std::vector<Slot>& slots);

    State& state_;
    std::vector<IncidentNews> news_;
    std::vector<EmittedEvent> emitted_;
    OwnEvents own_;
    EventInHand hand_;
    std::uint32_t next_emitted_ = 0;
    rules::Normaliser::Applied applied_;
    std::vector<Slot> due_words_;  // incidents of which a word may be due

    Normalise normalise_;
    Enrich enrich_;
    Detect detect_;
    Dedup dedup_;
    Suppress suppress_;
    IncidentLife life_;
    CauseForest forest_;
    Correlate correlate_;
    Rank rank_;
    Remark remark_;
    Decide decide_;
    Route route_;
    Runs runs_;
};

}  // namespace nocturne::engine
