#include "topology/mine.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <random>
#include <string>

namespace nocturne::topology {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::Field;
using testing::IsEmpty;
using testing::Not;

const model::Time kStart = model::from_unix_ms(1'600'000'000'000);

// Times at random over `days`, for alerts that know of nothing.
std::vector<model::Time> at_random(std::mt19937_64& random, int times, int days) {
    std::uniform_int_distribution<std::int64_t> moment(0, std::int64_t(days) * 86'400'000);
    std::vector<model::Time> found;
    for (int i = 0; i < times; ++i) {
        found.push_back(kStart + std::chrono::milliseconds(moment(random)));
    }
    return found;
}

auto pair_of(const std::string& cause, const std::string& effect, Relation relation) {
    return AllOf(Field(&Precedence::cause, cause), Field(&Precedence::effect, effect),
                 Field(&Precedence::relation, relation));
}

const Graph& no_graph() {
    static const LiveGraph graph;
    return graph.now();
}

TEST(Mining, LearnsThatACheckPrecedesAnotherWithItsDelay) {
    std::mt19937_64 random(1);
    std::uniform_int_distribution<int> jitter(20'000, 40'000);
    AlertHistory history;
    for (int node = 0; node < 5; ++node) {
        const std::string name = "host-" + std::to_string(node);
        for (const model::Time at : at_random(random, 40, 30)) {
            history.add(at, name, "DiskFull");
            history.add(at + std::chrono::milliseconds(jitter(random)), name, "WriteErrors");
        }
        for (const model::Time at : at_random(random, 40, 30)) {
            history.add(at, name, "Login");
        }
    }

    const Mined mined = mine(history, no_graph());

    ASSERT_THAT(mined.pairs, Contains(pair_of("DiskFull", "WriteErrors", Relation::Same)));
    EXPECT_THAT(mined.pairs, Not(Contains(pair_of("WriteErrors", "DiskFull", Relation::Same))));
    const Precedence& pair = mined.pairs.front();
    EXPECT_EQ(pair.cause, "DiskFull");
    EXPECT_EQ(pair.window, 1min);
    EXPECT_GT(pair.confidence, 0.99);
    EXPECT_GT(pair.lift, 100);
    EXPECT_GE(pair.support, 190U);
    EXPECT_GT(pair.delay, 20s);
    EXPECT_LT(pair.delay, 40s);
    EXPECT_LE(pair.delay_low, pair.delay);
    EXPECT_GE(pair.delay_high, pair.delay);
}

TEST(Mining, LearnsNothingStrongFromIndependentAlerts) {
    std::mt19937_64 random(2);
    AlertHistory history;
    for (int node = 0; node < 20; ++node) {
        for (const char* check : {"A", "B", "C", "D", "E"}) {
            for (const model::Time at : at_random(random, 30, 60)) {
                history.add(at, "host-" + std::to_string(node), check);
            }
        }
    }

    const Mined mined = mine(history, no_graph());

    for (const Precedence& pair : mined.pairs) {
        EXPECT_LT(pair.association, 4) << pair.cause << " " << pair.effect;
    }
}

TEST(Mining, TellsDependentsSiblingsAndTheSameNodeApart) {
    std::mt19937_64 random(3);
    model::TopologyChange change;
    change.provenance = "test";
    for (const char* service : {"shop", "cart", "blog"}) {
        change.edges.push_back({service, service == std::string("blog") ? "cms" : "db", "", 1.0});
    }
    LiveGraph graph;
    graph.apply(change, kStart);
    AlertHistory history;
    for (const model::Time at : at_random(random, 100, 60)) {
        history.add(at, "db", "SlowQueries");
        history.add(at + 10s, "shop", "Latency");
        history.add(at + 20s, "cart", "Errors");
    }
    for (const model::Time at : at_random(random, 100, 60)) {
        history.add(at, "blog", "Latency");
    }

    const Mined mined = mine(history, graph.now());

    EXPECT_THAT(mined.pairs, Contains(pair_of("SlowQueries", "Latency", Relation::Dependent)));
    EXPECT_THAT(mined.pairs, Contains(pair_of("Latency", "Errors", Relation::Sibling)));
    EXPECT_THAT(mined.pairs, Not(Contains(pair_of("SlowQueries", "Latency", Relation::Same))));
    EXPECT_THAT(mined.pairs,
                Not(Contains(pair_of("Latency", "SlowQueries", Relation::Dependency))));
}

TEST(Mining, AnAliasIsTheNodeThatItNames) {
    std::mt19937_64 random(5);
    model::TopologyChange change;
    change.provenance = "test";
    change.nodes.emplace_back();
    change.nodes.back().name = "db";
    change.nodes.back().aliases = {"10.0.0.7"};
    LiveGraph graph;
    graph.apply(change, kStart);
    AlertHistory history;
    for (const model::Time at : at_random(random, 100, 60)) {
        history.add(at, "10.0.0.7", "DiskFull");
        history.add(at + 10s, "db", "WriteErrors");
    }

    EXPECT_THAT(mine(history, graph.now()).pairs,
                Contains(pair_of("DiskFull", "WriteErrors", Relation::Same)));
    EXPECT_THAT(mine(history, no_graph()).pairs, IsEmpty());
}

TEST(Mining, AnAlertToldAgainAndAgainIsOneRun) {
    AlertHistory history;
    for (int i = 0; i < 1000; ++i) {
        history.add(kStart + i * 30s, "host", "DiskFull");
        history.add(kStart + i * 30s + 5s, "host", "WriteErrors");
    }
    history.add(kStart + std::chrono::days(10), "host", "WriteErrors");

    const Mined mined = mine(history, no_graph());

    ASSERT_THAT(mined.pairs, Contains(pair_of("DiskFull", "WriteErrors", Relation::Same)));
    EXPECT_EQ(mined.pairs.front().support, 1U);
    EXPECT_EQ(mined.pairs.front().runs, 1U);
}

TEST(Mining, HasNothingToSayOfAnEmptyHistoryOrOfASingleCheck) {
    AlertHistory single;
    for (int i = 0; i < 100; ++i) {
        single.add(kStart + i * 1h, "host", "DiskFull");
    }

    EXPECT_THAT(mine(AlertHistory(), no_graph()).pairs, IsEmpty());
    EXPECT_THAT(mine(single, no_graph()).pairs, IsEmpty());
}

TEST(Mining, TheOrderInWhichEventsCameDoesNotMatter) {
    std::mt19937_64 random(4);
    AlertHistory forwards;
    AlertHistory backwards;
    const std::vector<model::Time> times = at_random(random, 50, 10);
    for (const model::Time at : times) {
        forwards.add(at, "host", "A");
        forwards.add(at + 5s, "host", "B");
    }
    for (auto at = times.rbegin(); at != times.rend(); ++at) {
        backwards.add(*at + 5s, "host", "B");
        backwards.add(*at, "host", "A");
    }

    const Mined first = mine(forwards, no_graph());
    const Mined second = mine(backwards, no_graph());

    ASSERT_EQ(first.pairs.size(), 1U);
    ASSERT_EQ(second.pairs.size(), 1U);
    EXPECT_EQ(first.pairs[0].cause, second.pairs[0].cause);
    EXPECT_EQ(first.pairs[0].support, second.pairs[0].support);
}

TEST(Mining, PassesOverRareChecksAndLoudPlacesAtItsBounds) {
    AlertHistory history;
    for (int i = 0; i < 100; ++i) {
        history.add(kStart + i * 1h, "host", "A");
        history.add(kStart + i * 1h + 1s, "host", "B");
    }
    history.add(kStart, "host", "Rare");

    const Mined few = mine(history, no_graph(), {.checks_max = 2});
    const Mined none = mine(history, no_graph(), {.steps_max = 10});

    EXPECT_EQ(few.checks_passed_over, 1U);
    EXPECT_THAT(few.pairs, Contains(pair_of("A", "B", Relation::Same)));
    EXPECT_EQ(none.places_passed_over, 1U);
    EXPECT_THAT(none.pairs, IsEmpty());
}

TEST(AlertHistory, KeepsTheNewestAndCountsTheRest) {
    AlertHistory history(100);
    for (int i = 0; i < 1050; ++i) {
        history.add(kStart + i * 1s, "host", "A");
    }

    EXPECT_EQ(history.size(), 100U);
    EXPECT_EQ(history.forgotten(), 950U);
    EXPECT_EQ(history.occurrences().front().at, kStart + 950s);
}

}  // namespace
}  // namespace nocturne::topology
