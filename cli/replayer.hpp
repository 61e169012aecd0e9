// Replayer: drives the core over recorded inputs, without threads, store or clock.
#pragma once

#include "engine/core.hpp"
#include "model/effect.hpp"
#include "model/event.hpp"
#include "model/input.hpp"
#include "model/position.hpp"

#include <map>
#include <string>
#include <vector>

namespace nocturne::cli {

class Replayer {
   public:
    explicit Replayer(model::Settings settings = {}, const engine::PluginRun& run = {});
    // Goes on from a snapshot.
    explicit Replayer(engine::Core core);

    // Applies an input that arrives at this time, after the ticks that are due by then, as a
    // daemon's would be.
    void apply(model::Input::Body body, model::Time at);
    // Collects events that arrive together into one input.
    void add(const model::EventView& event, model::Time at);
    // Applies what add() has collected.
    void flush();
    // An input of a journal, exactly as it was; kills of plugins come from there, too.
    void apply_recorded(const model::Input& input);

    // See engine::Core::foresee.
    void foresee(std::vector<model::PluginKilled> kills) { core_.foresee(std::move(kills)); }

    // Lets time pass until then.
    void pass_until(model::Time time);
    // Lets time pass after the last input, until what is due within `span` is done.
    void settle(model::Duration span);

    // A word to a route, and when.
    struct Word {
        model::Effect::Topic topic = model::Effect::Topic::NotifyLog;
        model::Reason reason = model::Reason::None;
        model::Id incident;
        model::Time at = model::kNoTime;
        std::string receiver;
    };

    const std::vector<Word>& words() const { return words_; }

    const engine::Core& core() const { return core_; }

    // Each incident as JSON, in the order of their ids; those that the core has forgotten as they
    // last were.
    std::vector<std::string> incidents() const;

   private:
    void tick_until(model::Time end);
    void apply_now(const model::Input& input);
    void apply_kills(model::Time at);

    engine::Core core_;
    std::vector<model::Effect> effects_;
    model::EventBatch batch_;
    model::Time batch_at_ = model::kNoTime;
    std::vector<Word> words_;
    std::map<model::Id, std::string> told_;  // every incident; its JSON once it was over
};

}  // namespace nocturne::cli
