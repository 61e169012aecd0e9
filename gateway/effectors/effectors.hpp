// Effectors: where actions leave for the world. The one thing that a real run has and a dry run has
// not: everything before it is the same code.
#pragma once

#include "gateway/effectors/action_result.hpp"
#include "gateway/effectors/command_action.hpp"
#include "model/plan.hpp"
#include "model/result.hpp"
#include "rules/action_settings.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace nocturne::gateway {

// Called once, from a thread of the effectors; must not block.
using ActionDone = std::function<void(ActionResult)>;

struct EffectorParts {
    rules::ActionSettings settings;
    std::vector<rules::SecretSource> secrets;
    // Whether there is such a node in the graph; asked from a worker. Empty: whatever looks like
    // one.
    IsNode is_node = {};
    // Channels of the chat that `notify` may name.
    std::vector<std::string> channels = {};
    // Tells a channel; called on a worker, may take as long as the action's timeout. Empty: nobody
    // can be told.
    std::function<ActionResult(const ActionCall&)> notify = {};
    // Puts the question of an `ask` to people; the answer may come at any time, or never. Empty:
    // nobody can be asked.
    std::function<void(const ActionCall&, ActionDone)> ask = {};
    // Gives an order to silence to the engine. Empty: it cannot be given.
    std::function<void(const ActionCall&, ActionDone)> silence = {};
    // "host:port:address": what names resolve to, for tests. Empty: DNS.
    std::vector<std::string> resolved = {};
};

// In words, what the action does: "POST https://deploy.example.com/rollback". An Error says what is
// not allowed or not right. Touches nothing.
Result<std::string> describe_action(const EffectorParts& parts, const model::Action& action);

class Effectors {
   public:
    ~Effectors();
    Effectors(const Effectors&) = delete;
    Effectors& operator=(const Effectors&) = delete;

    // All seven.
    static std::unique_ptr<Effectors> make(EffectorParts parts);
    // Check alone. All else is looked at as in a real run, described, and goes nowhere: there is
    // no code behind it.
    static std::unique_ptr<Effectors> make_dry(EffectorParts parts);

    // Hands an action over; never blocks. False when the queue is full or all is stopping: nothing
    // was taken, and `done` will not be called.
    bool try_start(ActionCall call, ActionDone done);

    // What the next action has: for those that make_dry() makes.
    EffectorParts parts() const;

    // From the next action on.
    void set_settings(rules::ActionSettings settings, std::vector<rules::SecretSource> secrets);

    // Takes nothing more. What is under way has `patience` to end, then it is given up: its result
    // is Unknown. What had not begun is forgotten, without a call of `done`.
    void stop(std::chrono::milliseconds patience = std::chrono::seconds(10));

    void append_metrics(std::string& out) const;

   private:
    class Inside;
    explicit Effectors(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::gateway
