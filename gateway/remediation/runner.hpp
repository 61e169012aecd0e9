// Runner: takes the actions of runs to the effectors, and tells the engine what came of them.
//
//   run.step ─> claim ("started") ─> journal ─> may it act? ─> effectors ─> result ─> journal
//
// The claim is durable before anything leaves: after a kill, what was not claimed was not done, and
// what was claimed and has no result may have been done. Nothing here decides anything.
#pragma once

#include "engine/loop.hpp"
#include "gateway/effectors/effectors.hpp"
#include "model/result.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace nocturne::gateway {

class Runner : public engine::Outbox {
   public:
    Runner();
    // Like stop().
    ~Runner() override;
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    // On the core thread. What comes before start() waits for it.
    void deliver(const model::Effect& effect, const engine::Core& core) override;

    // Takes up what an earlier life left open, then what comes. `loop` must outlive it, and has
    // this object as an outbox. An Error: the loop is stopping.
    Status start(engine::Loop& loop, std::unique_ptr<Effectors> effectors);

    // Claims nothing more; gives what is under way `patience` to end, and tells what came of it.
    // Before the loop stops.
    void stop(std::chrono::milliseconds patience = std::chrono::seconds(10));

    // From start() to stop().
    Effectors& effectors();

    void append_metrics(std::string& out) const;

   private:
    class Inside;
    std::shared_ptr<Inside> inside_;  // shared: with claims and actions under way
};

}  // namespace nocturne::gateway
