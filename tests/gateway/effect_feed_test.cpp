#include "gateway/effect_feed.hpp"

#include <gmock/gmock.h>

namespace nocturne::gateway {

namespace {

model::Effect effect_at(model::Position position, model::Effect::Topic topic) {
    model::Effect effect;
    effect.position = position;
    effect.topic = topic;
    return effect;
}

}  // namespace

TEST(EffectFeed, GivesEachListenerTheTopicsItWants) {
    EffectFeed feed;
    const engine::Core core;
    int wakes = 0;
    const auto incidents = feed.subscribe(10, [&] { ++wakes; });
    const auto nothing = feed.subscribe(10, [] { FAIL(); });
    feed.want(*incidents, topics_with_prefix("incident."));

    feed.deliver(effect_at(1, model::Effect::Topic::AlertFiring), core);
    feed.deliver(effect_at(2, model::Effect::Topic::IncidentOpened), core);
    feed.deliver(effect_at(3, model::Effect::Topic::IncidentResolved), core);

    const auto messages = incidents->take();
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0]->topic, "incident.opened");
    EXPECT_EQ(messages[0]->key, "2-0");
    EXPECT_EQ(wakes, 1);  // once for all that waits
    EXPECT_EQ(feed.counters().rendered, 2U);
}

TEST(EffectFeed, DropsTheOldestOfASlowListenerAndCounts) {
    EffectFeed feed;
    const engine::Core core;
    const auto slow = feed.subscribe(2, [] {});
    feed.want(*slow, topics_with_prefix(""));

    for (model::Position position = 1; position <= 5; ++position) {
        feed.deliver(effect_at(position, model::Effect::Topic::IncidentOpened), core);
    }

    const auto messages = slow->take();
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0]->key, "4-0");
    EXPECT_EQ(slow->dropped(), 3U);
    EXPECT_EQ(feed.counters().dropped, 3U);
}

TEST(EffectFeed, StopsRenderingWhenTheLastListenerGoes) {
    EffectFeed feed;
    const engine::Core core;
    auto listener = feed.subscribe(2, [] {});
    feed.want(*listener, topics_with_prefix("incident"));

    feed.want(*listener, 0);
    listener.reset();
    feed.deliver(effect_at(1, model::Effect::Topic::IncidentOpened), core);

    EXPECT_EQ(feed.counters().rendered, 0U);
}

TEST(TopicSet, HoldsWhatBeginsWithAPrefix) {
    EXPECT_EQ(topics_with_prefix("incident.opened"), topics_with_prefix("incident.o"));
    EXPECT_EQ(topics_with_prefix("alert.") | topics_with_prefix("incident.") |
                  topics_with_prefix("notify.") | topics_with_prefix("storm.") |
                  topics_with_prefix("plugin.") | topics_with_prefix("run.") |
                  topics_with_prefix("actions.") | topics_with_prefix("node."),
              topics_with_prefix(""));
    EXPECT_EQ(topics_with_prefix("nothing"), 0U);
}

}  // namespace nocturne::gateway
