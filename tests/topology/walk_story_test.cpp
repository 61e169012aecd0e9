// Nights that people have lived through, and whom the walk would have suspected.
#include "tests/topology/outage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nocturne::topology {
namespace {

using model::CauseKind;
using model::Suspect;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const Suspect* find(const std::vector<Suspect>& suspects, const std::string& name) {
    for (const Suspect& suspect : suspects) {
        if (suspect.resource == name) {
            return &suspect;
        }
    }
    return nullptr;
}

// A switch without monitoring fails: three racks lose packets, each sees only its own loss.
TEST(WalkStory, SilentSwitch) {
    Outage night(Outage::Edges{{"web-1", "switch-a"},
                               {"web-2", "switch-a"},
                               {"cart", "switch-a"},
                               {"orders", "switch-b"}},
                 {{"switch-a", "switch"}, {"switch-b", "switch"}});
    night.alert("web-1", "timeouts", 9).alert("web-2", "timeouts", 9).alert("cart", "timeouts", 9);

    const std::vector<Suspect> suspects = night.rank();
    EXPECT_EQ(suspects.front().resource, "switch-a");
    EXPECT_TRUE(suspects.front().silent);
    EXPECT_EQ(suspects.front().kind, CauseKind::Infrastructure);
    EXPECT_THAT(suspects.front().reason, HasSubstr("explains 3 of 3 alerts"));
}

// How many instances there are is nothing about data; that a copy lags behind is.
TEST(WalkStory, ReplicasAreInstancesOrCopies) {
    const auto kind_of = [](const char* check) {
        Outage night(Outage::Edges{{"front", "store"}});
        night.alert("front", "errors", 9).alert("store", check, 9);
        const std::vector<Suspect> suspects = night.rank();
        return find(suspects, "store")->kind;
    };

    EXPECT_EQ(kind_of("replica_lag"), CauseKind::Data);
    EXPECT_EQ(kind_of("replication_broken"), CauseKind::Data);
    EXPECT_NE(kind_of("replica_count"), CauseKind::Data);
}

// A batch job takes the CPU of the host that it shares with two services.
TEST(WalkStory, NoisyNeighbour) {
    Outage night(Outage::Edges{{"front", "orders"},
                               {"front", "cart"},
                               {"orders", "host-7"},
                               {"cart", "host-7"},
                               {"batch", "host-7"}},
                 {{"host-7", "host"}});
    night.alert("batch", "cpu_saturation", 80, false, 100)
        .alert("orders", "latency", 20, false, 130)
        .alert("cart", "latency", 20, false, 130)
        .alert("front", "latency", 18, true, 140);

    const std::vector<Suspect> suspects = night.rank();
    EXPECT_EQ(suspects.front().resource, "batch");
    EXPECT_THAT(suspects.front().reason, HasSubstr("through host-7"));
}

// A full disk under two databases: it tells itself, and both write slowly.
TEST(WalkStory, SharedDisk) {
    Outage night(Outage::Edges{{"orders", "orders-db"},
                               {"stock", "stock-db"},
                               {"orders-db", "disk-3"},
                               {"stock-db", "disk-3"}},
                 {{"disk-3", "disk"}});
    night.alert("disk-3", "disk_latency", 40)
        .alert("orders-db", "query_time", 30)
        .alert("stock-db", "query_time", 30)
        .alert("orders", "latency", 25, true)
        .alert("stock", "errors", 12);
    EXPECT_EQ(night.first(), "disk-3");
}

// Clients of a front retry: the surge runs down the chain and saturates the database.
TEST(WalkStory, CascadingRetryStorm) {
    Outage night(Outage::Edges{{"front", "orders"}, {"orders", "db"}});
    night.alert("front", "requests", 60).by(900, 100);
    night.alert("orders", "requests", 50).by(800, 100);
    night.alert("db", "requests", 50).by(800, 100);
    night.alert("db", "latency", 12).alert("orders", "latency", 10);

    const std::vector<Suspect> suspects = night.rank();
    const Suspect* front = find(suspects, "front");
    ASSERT_NE(front, nullptr);
    EXPECT_EQ(front->kind, CauseKind::Load);
    const Suspect* db = find(suspects, "db");
    ASSERT_NE(db, nullptr);
    EXPECT_NE(db->kind, CauseKind::Load) << "its surge comes from orders";
    bool blames_a_caller = false;
    for (const model::Evidence& evidence : db->evidence) {
        blames_a_caller |= evidence.text.find("orders, whose calls to it surged") == 0;
    }
    EXPECT_TRUE(blames_a_caller);
}

// checkout is deployed and fails; the database below it is as well as ever.
TEST(WalkStory, BadDeployAboveAHealthyDependency) {
    Outage night(Outage::Edges{{"front", "checkout"}, {"checkout", "db"}, {"cart", "db"}});
    night.changed("checkout", 47'000)
        .changed("cart", 1'500'000)
        .alert("checkout", "errors", 30)
        .alert("front", "slo_errors", 40, true);

    const std::vector<Suspect> suspects = night.rank();
    EXPECT_EQ(suspects.front().resource, "checkout");
    EXPECT_EQ(suspects.front().kind, CauseKind::Change);
    EXPECT_THAT(suspects.front().reason, HasSubstr("47 s after deploy 7f3a"));
    EXPECT_EQ(find(suspects, "db"), nullptr);
}

// What burned before the deploy is not the deploy's fault.
TEST(WalkStory, DeployIntoAStormIsNotItsCause) {
    Outage night(Outage::Edges{{"front", "checkout"}, {"front", "orders"}});
    night.changed("checkout", -400'000)
        .alert("orders", "errors", 30)
        .alert("front", "slo_errors", 40, true);
    EXPECT_EQ(night.first(), "orders");
    EXPECT_EQ(find(night.rank(), "checkout"), nullptr);
}

// Two that slow down under one silent cache may do so for reasons of their own; thirty do not.
TEST(WalkStory, TheMoreAgreeTheSurerTheSilentOneIsBehindThem) {
    const auto night_of = [](int services) {
        Outage::Edges edges;
        for (int i = 0; i < services; ++i) {
            edges.emplace_back("s" + std::to_string(i), "cache");
        }
        Outage night(edges);
        for (int i = 0; i < services; ++i) {
            night.alert("s" + std::to_string(i), "latency", 25);
        }
        return night;
    };
    const std::vector<Suspect> of_two = night_of(2).rank();
    EXPECT_NE(find(of_two, "cache"), nullptr);
    EXPECT_NE(of_two.front().resource, "cache");

    const std::vector<Suspect> of_thirty = night_of(30).rank();
    EXPECT_EQ(of_thirty.front().resource, "cache");
    EXPECT_TRUE(of_thirty.front().silent);
}

// Two that depend on each other, alike in all that is seen. Those who know the estate have said
// which of the two checks comes first.
TEST(WalkStory, WhatIsKnownToComeFirstDecidesBetweenEquals) {
    const Outage::Edges cycle{{"queue", "worker"}, {"worker", "queue"}};
    const auto make = [&] {
        Outage night(cycle);
        night.alert("queue", "backlog", 20).alert("worker", "swapping", 20);
        return night;
    };
    EXPECT_EQ(make().known("swapping", "backlog", 8).first(), "worker");

    Outage night = make();
    const std::vector<Suspect> suspects = night.known("backlog", "swapping", 8).rank();
    EXPECT_EQ(suspects.front().resource, "queue");
    EXPECT_THAT(suspects.front().evidence,
                Contains(Field(&model::Evidence::text,
                               "backlog on queue is known to come before swapping on worker, 8 "
                               "times as often as by chance (rules/learned.yaml:4)")));
}

// A zone goes: nothing in it tells of itself, and all that ran there is missed.
TEST(WalkStory, ZoneOutage) {
    Outage::Edges edges;
    for (const char* host : {"h1", "h2", "h3", "h4"}) {
        edges.emplace_back(host, "zone-b");
    }
    edges.insert(edges.end(), {{"a", "h1"}, {"b", "h2"}, {"c", "h3"}, {"d", "h4"}, {"e", "h5"}});
    Outage night(edges, {{"zone-b", "zone"}});
    for (const char* service : {"a", "b", "c", "d"}) {
        night.alert(service, "down", 30);
    }
    const std::vector<Suspect> suspects = night.rank();
    const Suspect* zone = find(suspects, "zone-b");
    ASSERT_NE(zone, nullptr) << "found although two silent hops away";
    EXPECT_TRUE(zone->silent);
}

// Latency adds up: a database that is 24 ms slower does not explain a service that is 400 ms
// slower.
TEST(WalkStory, TooSmallACauseIsNone) {
    Outage night(Outage::Edges{{"front", "pay"}, {"pay", "db"}});
    night.alert("front", "latency", 17, true).by(90, 100);
    night.alert("pay", "latency", 26).by(400, 200);
    night.alert("db", "latency", 39).by(24, 8);
    EXPECT_EQ(night.first(), "pay");
    night.alerting().back().symptoms.back().excess = 390;
    EXPECT_EQ(night.first(), "db") << "and one that is, does";
}

// The shop calls a third of what it calls for each request otherwise: it gives up half way, where
// the stock fails. That it does so is no fault of its own.
TEST(WalkStory, WhoGivesUpHalfWayIsLetDown) {
    Outage night(Outage::Edges{{"front", "shop"}, {"shop", "cart"}, {"shop", "stock"}});
    night.alert("shop", "fanout", 60).by(-6, 9);
    night.alert("stock", "latency", 4);
    EXPECT_EQ(night.first(), "stock");
}

// The cart's memory ran full while a job went over it, and was free again before checkout slowed
// down: the louder alert has nothing to do with it.
TEST(WalkStory, WhatWasOverBeforeItBeganIsNotItsCause) {
    const auto night = [](std::int64_t cart_ends) {
        Outage outage(Outage::Edges{{"front", "checkout"}, {"checkout", "cart"}});
        outage.alert("cart", "memory", 60, false, 100).until(cart_ends);
        outage.alert("checkout", "reply_gap", 40, false, 600);
        outage.alert("checkout", "latency", 9, false, 600);
        return outage;
    };

    Outage apart = night(240);
    EXPECT_EQ(apart.first(), "checkout");
    EXPECT_THAT(find(apart.rank(), "cart")->reason,
                HasSubstr("memory was critical, 60 deviations off normal, from 00:01:40 to "
                          "00:04:00"));
    EXPECT_EQ(night(560).first(), "cart") << "a minute is what clocks may be off";
}

// Prices are slow for the shop and quick for the office: it is the shop that is slow to reach
// others.
TEST(WalkStory, WhatOneCallerAloneSeesIsTheCallers) {
    Outage night(Outage::Edges{{"shop", "prices"}, {"office", "prices"}, {"shop", "stock"}});
    night.alert("prices", "latency_client", 30).on_calls_of("shop");
    night.alert("stock", "latency_client", 30).on_calls_of("shop");
    night.alert("shop", "latency", 20);
    EXPECT_EQ(night.first(), "shop");

    Outage both(Outage::Edges{{"shop", "prices"}, {"office", "prices"}, {"shop", "stock"}});
    both.alert("prices", "latency_client", 30).on_calls_of("shop");
    both.alert("prices", "latency_client", 30).on_calls_of("office");
    both.alert("shop", "latency", 20);
    EXPECT_EQ(both.first(), "prices") << "both see it, and the shop sees nothing else";
}

// The ways from checkout to all that it calls are slow, and nothing else is wrong with them: what
// they have in common is checkout.
TEST(WalkStory, TheCallerOfAllThatAreSlowToReachIsBehindThem) {
    const Outage::Edges calls{{"front", "checkout"},
                              {"checkout", "payment"},
                              {"checkout", "email"},
                              {"checkout", "shipping"}};
    Outage night(calls);
    night.alert("checkout", "latency", 5);
    night.alert("email", "reply_gap", 40).alert("payment", "request_gap", 30);
    night.alert("shipping", "reply_gap", 20);

    const std::vector<Suspect> suspects = night.rank();
    EXPECT_EQ(suspects.front().resource, "checkout");
    EXPECT_THAT(find(suspects, "email")->evidence,
                Contains(Field(&model::Evidence::text,
                               HasSubstr("checkout, whose calls to others are in trouble too"))));

    Outage one(calls);
    one.alert("checkout", "latency", 5).alert("email", "reply_gap", 40);
    EXPECT_EQ(one.first(), "email") << "one slow way says nothing about the others";
}

TEST(WalkStory, TwoCausesAtOnce) {
    Outage night(Outage::Edges{{"a", "db-1"}, {"b", "db-2"}});
    night.alert("db-1", "lock_wait", 40).alert("a", "latency", 20);
    night.alert("db-2", "disk_full", 40).alert("b", "errors", 20);
    const std::vector<Suspect> suspects = night.rank();
    EXPECT_THAT(suspects[0].resource + suspects[1].resource, HasSubstr("db-1"));
    EXPECT_THAT(suspects[0].resource + suspects[1].resource, HasSubstr("db-2"));
    EXPECT_NEAR(suspects[0].score, suspects[1].score, 0.15);
}

// Two equal causes: neither is named as if it were sure.
TEST(WalkStory, TwoEqualCausesShareTheirChance) {
    Outage night(Outage::Edges{{"a", "db-1"}, {"b", "db-2"}});
    night.alert("db-1", "lock_wait", 40).alert("db-2", "lock_wait", 40);
    const model::Ranking ranking = night.whole();
    EXPECT_EQ(ranking.suspects[0].score, ranking.suspects[1].score);
    EXPECT_NEAR(ranking.confidence, 0.5, 1e-9);
}

TEST(WalkStory, ACycleOfBlameEnds) {
    Outage night(Outage::Edges{{"a", "b"}, {"b", "c"}, {"c", "a"}});
    night.alert("a", "latency", 10).alert("b", "latency", 10).alert("c", "cpu", 60);
    EXPECT_EQ(night.first(), "c");
}

// Many weak alerts and no pattern: it says so instead of guessing.
TEST(WalkStory, NotEnoughEvidenceIsAnAnswer) {
    Outage::Edges edges;
    for (int i = 0; i < 12; ++i) {
        edges.emplace_back("s" + std::to_string(i), "s" + std::to_string((i + 1) % 12));
    }
    Outage night(edges);
    for (int i = 0; i < 12; ++i) {
        night.alert("s" + std::to_string(i), "latency", 4);
    }
    const model::Ranking ranking = night.whole();
    EXPECT_LT(ranking.confidence, 0.25);
    EXPECT_THAT(ranking.doubt, HasSubstr("not enough evidence to name a cause"));
}

// Half of the estate's monitoring is down: the same evidence is worth less, and what nobody would
// tell of is not missed.
TEST(WalkStory, BlindSpotsCostConfidence) {
    const auto night = [] {
        Outage outage(Outage::Edges{{"a", "db"}, {"b", "db"}, {"c", "db"}});
        outage.alert("db", "lock_wait", 30).alert("a", "latency", 20);
        return outage;
    };
    Outage seen = night();
    Outage unseen = night();
    unseen.blind("b").blind("c");
    EXPECT_LT(unseen.whole().confidence, seen.whole().confidence);
    EXPECT_THAT(seen.rank().front().reason, HasSubstr("no alert on b and c"));
    EXPECT_THAT(unseen.rank().front().reason, Not(HasSubstr("which it would have hurt;")));
}

// A pool of two: the caller does not suffer as long as the other is well.
TEST(WalkStory, ARedundantNodeHurtsNobody) {
    Outage night(Outage::Edges{{"front", "app-1"}, {"front", "app-2"}});
    model::TopologyChange pool;
    pool.provenance = "story";
    for (const char* name : {"app-1", "app-2"}) {
        model::NodeSpec& node = pool.nodes.emplace_back();
        node.name = name;
        node.labels = {{"pool", "app"}};
    }
    night.graph().apply(pool, model::from_unix_ms(2));
    night.alert("app-1", "cpu", 40);
    EXPECT_THAT(night.rank().front().reason, Not(HasSubstr("no alert on front")));
}

// A million edges on one node, nodes nobody knows, clocks minutes off: an answer all the same.
TEST(WalkStory, AHubOfAHundredThousandDependents) {
    Outage::Edges edges;
    for (int i = 0; i < 100'000; ++i) {
        edges.emplace_back("n" + std::to_string(i), "hub");
    }
    Outage night(edges);
    night.alert("hub", "cpu", 30).alert("n7", "latency", 9).alert("nobody-knows", "latency", 5);
    EXPECT_EQ(night.first(), "hub");
    EXPECT_THAT(night.rank().front().reason, HasSubstr("no alert on 99999 nodes"));
}

TEST(WalkStory, AllNodesAlert) {
    Outage::Edges edges;
    for (int i = 1; i < 5000; ++i) {
        edges.emplace_back("n" + std::to_string(i), "n" + std::to_string(i / 2));
    }
    Outage night(edges);
    for (int i = 0; i < 5000; ++i) {
        night.alert("n" + std::to_string(i), "latency", 5);
    }
    night.alert("n0", "disk_full", 100);
    EXPECT_EQ(night.first(), "n0");
}

}  // namespace
}  // namespace nocturne::topology
