// A storm that grows alert by alert, and what is remembered of its last ranking.
#include "engine/view.hpp"
#include "tests/engine/story.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <random>

namespace nocturne::engine {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::SizeIs;

constexpr int kServices = 60;

std::string service(std::uint64_t number) {
    return "service-" + std::to_string(number);
}

// Each service calls three of those before it, and the first of all is the database's.
model::TopologyChange estate(std::mt19937& random) {
    model::TopologyChange change;
    change.provenance = "story";
    change.edges.push_back({service(0), "db", "calls", 1.0});
    for (int i = 1; i < kServices; ++i) {
        for (int called = 0; called < 3; ++called) {
            change.edges.push_back({service(static_cast<std::uint64_t>(i)),
                                    service(random() % static_cast<std::uint64_t>(i)), "calls",
                                    0.9});
        }
    }
    return change;
}

// What happens next; now and then the estate itself changes.
model::Input::Body happening(std::mt19937& random) {
    if (random() % 6 == 0) {
        model::TopologyChange change;
        change.provenance = "story";
        change.edges.push_back({service(random() % kServices), "cache", "calls", 0.8});
        return change;
    }
    static constexpr const char* kChecks[] = {"latency", "errors", "cpu", "disk_usage"};
    static constexpr const char* kSeverities[] = {"warning", "major", "critical"};
    return model::EventDecoder()
        .decode(R"({"resource":")" + service(random() % kServices) + R"(","check":")" +
                kChecks[random() % 4] + R"(","severity":")" + kSeverities[random() % 3] + "\"}")
        .batch;
}

// One engine goes on all night and remembers; the other comes back from a snapshot in the middle of
// the storm, with an empty memory.
TEST(RankAgain, IsTheSameAfterARestartInTheMiddleOfAStorm) {
    std::mt19937 random(7);
    Story night;
    night.apply(estate(random)).fires("db", "disk").fires(service(0), "errors");
    for (int i = 0; i < 30; ++i) {
        night.apply(happening(random)).passes(minutes(1));
    }
    const std::string snapshot = night.snapshot();
    model::Reader in(snapshot);
    Result<Core> restarted = Core::decode(in);
    ASSERT_TRUE(restarted);
    ASSERT_EQ(restarted->state().walk_memories.size(), 0U);
    ASSERT_GE(night.state().walk_memories.size(), 1U);

    model::Position position = restarted->position();
    model::Time now = night.now();
    std::uint64_t rankings = 0;
    for (int i = 0; i < 60; ++i) {
        now += minutes(1);
        const model::Input input{++position, now, happening(random)};
        std::vector<model::Effect> expected;
        std::vector<model::Effect> effects;
        night.core().apply(input, expected);
        restarted->apply(input, effects);
        ASSERT_EQ(effects, expected) << "input " << i;
        const auto incident = night.open_incidents().front();
        ASSERT_EQ(render_incident(*restarted, incident->id),
                  render_incident(night.core(), incident->id))
            << "input " << i;
        rankings = night.state().counters.rankings;
    }
    EXPECT_GT(rankings, 40U);  // so that there was something to remember
    model::Writer whole;
    night.core().encode(whole);
    model::Writer again;
    restarted->encode(again);
    EXPECT_EQ(again.bytes(), whole.bytes());
}

TEST(RankAgain, IsRememberedOfTheIncidentsRankedLastAndOfNoneThatHasEnded) {
    Story story;
    for (int i = 0; i < 12; ++i) {  // nothing ties these together
        story.fires("lonely-" + std::to_string(i), "disk").passes(minutes(2));
    }
    ASSERT_THAT(story.open_incidents(), SizeIs(12));
    EXPECT_EQ(story.state().walk_memories.size(), WalkMemories::kIncidentsMax);

    for (int i = 0; i < 12; ++i) {
        story.clears("lonely-" + std::to_string(i), "disk");
    }
    story.passes(minutes(30));
    ASSERT_THAT(story.open_incidents(), SizeIs(0));
    EXPECT_EQ(story.state().walk_memories.size(), 0U);
}

}  // namespace
}  // namespace nocturne::engine
