// EffectFeed: carries the core's effects to whoever listens (the pub socket, event streams over
// HTTP).
#pragma once

#include "engine/loop.hpp"
#include "model/effect.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

// One bit a topic.
using TopicSet = std::uint64_t;
static_assert(model::kTopicNames.size() <= 64);

// The topics whose names start with `prefix`; all for "".
TopicSet topics_with_prefix(std::string_view prefix);

struct FeedMessage {
    std::string_view topic;  // one of model::kTopicNames
    std::string key;         // "position-index"
    std::string json;
};

// A listener's queue. Any thread may call.
class FeedSubscription {
   public:
    // `wake` is called on the core's thread when the queue stops being empty; it must not block.
    FeedSubscription(std::size_t messages_max, std::function<void()> wake);

    // Takes all that waits. Shared: many listeners read one rendering.
    std::deque<std::shared_ptr<const FeedMessage>> take();

    // Messages lost because the listener is slower than the engine: the oldest go first.
    std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

   private:
    friend class EffectFeed;
    // Whether an older message had to go.
    bool push(std::shared_ptr<const FeedMessage> message);

    const std::size_t messages_max_;
    const std::function<void()> wake_;
    std::atomic<TopicSet> topics_{0};
    std::atomic<std::uint64_t> dropped_{0};
    std::mutex mutex_;
    std::deque<std::shared_ptr<const FeedMessage>> waiting_;
};

struct FeedCounters {
    std::atomic<std::uint64_t> effects{0};   // delivered by the core
    std::atomic<std::uint64_t> rendered{0};  // of them: somebody wanted them
    std::atomic<std::uint64_t> dropped{0};   // copies that a slow listener lost
};

// The outbox of the engine. An effect that nobody listens to costs one comparison.
class EffectFeed : public engine::Outbox {
   public:
    void deliver(const model::Effect& effect, const engine::Core& core) override;

    // Starts listening; ends when the last pointer to the subscription is gone.
    std::shared_ptr<FeedSubscription> subscribe(std::size_t messages_max,
                                                std::function<void()> wake);
    // Changes what a subscription hears.
    void want(FeedSubscription& subscription, TopicSet topics);

    const FeedCounters& counters() const { return counters_; }

    void append_metrics(std::string& out) const;

   private:
    void recompute_wanted();

    std::atomic<TopicSet> wanted_{0};
    FeedCounters counters_;
    std::mutex mutex_;
    std::vector<std::weak_ptr<FeedSubscription>> subscriptions_;
};

}  // namespace nocturne::gateway
