#include "gateway/effect_feed.hpp"

#include "engine/view.hpp"
#include "gateway/metric_text.hpp"

#include <algorithm>
#include <utility>

namespace nocturne::gateway {

namespace {

constexpr TopicSet bit_of(model::Effect::Topic topic) {
    return TopicSet{1} << static_cast<unsigned>(topic);
}

}  // namespace

TopicSet topics_with_prefix(std::string_view prefix) {
    TopicSet topics = 0;
    for (std::size_t i = 0; i < model::kTopicNames.size(); ++i) {
        if (model::kTopicNames[i].starts_with(prefix)) {
            topics |= TopicSet{1} << i;
        }
    }
    return topics;
}

FeedSubscription::FeedSubscription(std::size_t messages_max, std::function<void()> wake)
    : messages_max_(messages_max), wake_(std::move(wake)) {}

std::deque<std::shared_ptr<const FeedMessage>> FeedSubscription::take() {
    std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
}

bool FeedSubscription::push(std::shared_ptr<const FeedMessage> message) {
    bool was_empty = false;
    bool is_full = false;
    {
        std::lock_guard lock(mutex_);
        was_empty = waiting_.empty();
        is_full = waiting_.size() >= messages_max_;
        if (is_full) {
            waiting_.pop_front();
            ++dropped_;
        }
        waiting_.push_back(std::move(message));
    }
    if (was_empty) {
        wake_();
    }
    return is_full;
}

void EffectFeed::deliver(const model::Effect& effect, const engine::Core& core) {
    counters_.effects.fetch_add(1, std::memory_order_relaxed);
    const TopicSet topic = bit_of(effect.topic);
    if ((wanted_.load(std::memory_order_relaxed) & topic) == 0) {
        return;
    }
    auto message = std::make_shared<const FeedMessage>(
        FeedMessage{model::name_of(effect.topic),
                    std::to_string(effect.position) + "-" + std::to_string(effect.index),
                    engine::render_effect(core, effect)});
    ++counters_.rendered;
    std::lock_guard lock(mutex_);
    for (const std::weak_ptr<FeedSubscription>& weak : subscriptions_) {
        const std::shared_ptr<FeedSubscription> subscription = weak.lock();
        if (subscription && (subscription->topics_ & topic) != 0 && subscription->push(message)) {
            ++counters_.dropped;
        }
    }
}

std::shared_ptr<FeedSubscription> EffectFeed::subscribe(std::size_t messages_max,
                                                        std::function<void()> wake) {
    auto subscription =
        std::make_shared<FeedSubscription>(std::max<std::size_t>(messages_max, 1), std::move(wake));
    std::lock_guard lock(mutex_);
    subscriptions_.push_back(subscription);
    return subscription;
}

void EffectFeed::want(FeedSubscription& subscription, TopicSet topics) {
    std::lock_guard lock(mutex_);
    subscription.topics_ = topics;
    recompute_wanted();
}

void EffectFeed::recompute_wanted() {
    TopicSet wanted = 0;
    std::erase_if(subscriptions_, [](const auto& weak) { return weak.expired(); });
    for (const std::weak_ptr<FeedSubscription>& weak : subscriptions_) {
        if (const std::shared_ptr<FeedSubscription> subscription = weak.lock()) {
            wanted |= subscription->topics_;
        }
    }
    wanted_ = wanted;
}

void EffectFeed::append_metrics(std::string& out) const {
    append_metric(out, "effects_total", "Effects that left the core.", MetricType::Counter,
                  counters_.effects);
    append_metric(out, "effects_published_total", "Effects that somebody listened for.",
                  MetricType::Counter, counters_.rendered);
    append_metric(out, "effects_dropped_total",
                  "Copies of effects lost to listeners slower than the engine.",
                  MetricType::Counter, counters_.dropped);
}

}  // namespace nocturne::gateway
