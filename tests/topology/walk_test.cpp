// Stories of outages: who broke what, and whether the walk sees it.
#include "tests/topology/outage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace nocturne::topology {
namespace {

using model::Severity;
using model::Suspect;
using testing::HasSubstr;
using testing::IsEmpty;

WalkLimits everything() {
    WalkLimits limits;
    limits.suspects_max = 1000;
    return limits;
}

double score_of(const std::vector<Suspect>& suspects, const std::string& name) {
    for (const Suspect& suspect : suspects) {
        if (suspect.resource == name) {
            return suspect.score;
        }
    }
    return 0;
}

TEST(Walk, FindsTheDatabaseAtTheEndOfTheChain) {
    Outage outage(Outage::Edges{{"front", "checkout"}, {"checkout", "orders"}, {"orders", "db"}});
    outage.alert("front", "latency", 30, true)
        .alert("checkout", "latency", 30)
        .alert("orders", "latency", 30);
    outage.alert("db", "lock_wait", 30);
    EXPECT_EQ(outage.first(), "db");
}

TEST(Walk, FindsASilentSwitchThatAllDependOn) {
    Outage outage(Outage::Edges{{"a", "switch"}, {"b", "switch"}, {"c", "switch"}, {"d", "other"}});
    outage.alert("a", "packet_loss", 8).alert("b", "packet_loss", 8).alert("c", "packet_loss", 8);

    const std::vector<Suspect> suspects = outage.rank();
    const auto silent =
        std::find_if(suspects.begin(), suspects.end(), [](const Suspect& s) { return s.silent; });
    ASSERT_NE(silent, suspects.end());
    EXPECT_EQ(silent->resource, "switch");
    EXPECT_THAT(silent->reason, HasSubstr("raised no alert itself, but explains 3 of 3"));
}

TEST(Walk, PrefersTheNodeWhoseOwnResourcesFail) {
    Outage outage(Outage::Edges{{"front", "orders"}, {"orders", "db"}});
    outage.alert("front", "latency", 20)
        .alert("orders", "cpu", 60)
        .alert("orders", "latency", 20)
        .alert("db", "latency", 4);
    EXPECT_EQ(outage.first(), "orders");
}

TEST(Walk, EndsInACycle) {
    Outage outage(Outage::Edges{{"a", "b"}, {"b", "c"}, {"c", "a"}});
    outage.alert("a", "latency", 10).alert("b", "errors", 40).alert("c", "latency", 10);
    EXPECT_EQ(outage.first(), "b");
}

TEST(Walk, NamesTwoCausesOfTwoStorms) {
    Outage outage(Outage::Edges{{"a1", "a"}, {"a2", "a"}, {"b1", "b"}, {"b2", "b"}});
    for (const char* node : {"a1", "a2", "b1", "b2"}) {
        outage.alert(node, "latency", 15);
    }
    outage.alert("a", "disk", 40).alert("b", "disk", 40);

    const std::vector<Suspect> suspects = outage.rank();
    EXPECT_THAT((std::vector<std::string>{suspects[0].resource, suspects[1].resource}),
                testing::UnorderedElementsAre("a", "b"));
    EXPECT_NEAR(suspects[0].score, suspects[1].score, 1e-9);
}

TEST(Walk, CountsAFreshDeployAgainstItsNode) {
    const auto make = [] {
        Outage outage(Outage::Edges{{"front", "x"}, {"front", "y"}});
        outage.alert("front", "errors", 20, true).alert("x", "errors", 20).alert("y", "errors", 20);
        return outage;
    };
    Outage with = make();
    with.changed("y", 47'000);
    const std::vector<Suspect> suspects = with.rank();
    EXPECT_EQ(suspects.front().resource, "y");
    EXPECT_THAT(suspects.front().evidence.back().text, HasSubstr("47 s after deploy 7f3a"));

    Outage late = make();
    late.changed("y", -3'600'000);  // an hour after: no cause
    EXPECT_NEAR(score_of(late.rank(), "x"), score_of(late.rank(), "y"), 1e-12);
}

TEST(Walk, SaysNothingWithoutAlerts) {
    Outage outage(Outage::Edges{{"a", "b"}});
    EXPECT_THAT(outage.rank(), IsEmpty());
    outage.changed("b", 1000);
    EXPECT_THAT(outage.rank(), IsEmpty());
}

// Storms from a seed, for what must hold in each.
class WalkProperty : public testing::TestWithParam<int> {
   public:
    enum class Declared { AsDrawn, Backwards };

    Outage make(const std::string& prefix = "n", Declared declared = Declared::AsDrawn) const {
        std::mt19937 random(static_cast<unsigned>(GetParam()));
        std::vector<std::pair<std::string, std::string>> edges;
        for (int i = 0; i < 60; ++i) {
            const auto from = random() % 25;
            const auto to = random() % 25;
            if (from != to) {
                edges.emplace_back(prefix + std::to_string(from), prefix + std::to_string(to));
            }
        }
        if (declared == Declared::Backwards) {
            std::reverse(edges.begin(), edges.end());
        }
        Outage outage(edges);
        for (int i = 0; i < 12; ++i) {
            static constexpr const char* kChecks[] = {"latency",  "errors", "cpu",
                                                      "requests", "fanout", "reply_gap"};
            const auto node = random() % 25;
            const auto check = random() % 6;
            const auto begun = 100 + static_cast<std::int64_t>(random() % 600);
            outage.alert(prefix + std::to_string(node), kChecks[check],
                         3 + static_cast<double>(random() % 60), random() % 6 == 0, begun);
            if (random() % 4 == 0) {
                outage.on_calls_of(prefix + std::to_string(random() % 25));
            }
            if (random() % 3 == 0) {
                outage.until(begun + static_cast<std::int64_t>(random() % 300));
            }
        }
        return outage;
    }
};

TEST_P(WalkProperty, ScoresSumToOneAndPartsAddUp) {
    Outage outage = make();
    double sum = 0;
    double before = 1;
    for (const Suspect& suspect : outage.rank(everything())) {
        double parts = 0;
        for (const model::Evidence& evidence : suspect.evidence) {
            parts += evidence.score;
            EXPECT_FALSE(evidence.text.empty());
        }
        EXPECT_NEAR(parts, suspect.score, 1e-9) << suspect.resource;
        EXPECT_LE(suspect.score, before);
        before = suspect.score;
        sum += suspect.score;
    }
    EXPECT_NEAR(sum, 1, 1e-9);
}

TEST_P(WalkProperty, NamesDoNotMatter) {
    std::vector<Suspect> one = make("n").rank();
    const std::vector<Suspect> other = make("zz-long-name-").rank();
    ASSERT_EQ(one.size(), other.size());
    for (std::size_t i = 0; i < one.size(); ++i) {
        EXPECT_EQ("zz-long-name-" + one[i].resource.substr(1), other[i].resource);
        EXPECT_EQ(one[i].score, other[i].score);
    }
}

// The order gives the nodes their numbers. Sums may differ in their last bits, nothing else.
TEST_P(WalkProperty, TheOrderInWhichTheGraphIsDeclaredDoesNotMatter) {
    const std::vector<Suspect> one = make().rank(everything());
    const std::vector<Suspect> other = make("n", Declared::Backwards).rank(everything());
    ASSERT_EQ(one.size(), other.size());
    for (const Suspect& suspect : one) {
        EXPECT_NEAR(suspect.score, score_of(other, suspect.resource), 1e-12) << suspect.resource;
    }
}

TEST_P(WalkProperty, TheOrderOfAlertsDoesNotMatter) {
    Outage outage = make();
    const std::vector<Suspect> before = outage.rank();
    std::shuffle(outage.alerting().begin(), outage.alerting().end(), std::mt19937(1));
    const std::vector<Suspect> after = outage.rank();
    ASSERT_EQ(before.size(), after.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_EQ(before[i].resource, after[i].resource);
        EXPECT_EQ(before[i].score, after[i].score);
    }
}

// Alerts that began in the same instant have no order.
TEST_P(WalkProperty, TheOrderWithinANodeDoesNotMatter) {
    Outage outage = make();
    const std::vector<Suspect> before = outage.rank(everything());
    for (AlertingNode& node : outage.alerting()) {
        std::reverse(node.symptoms.begin(), node.symptoms.end());
    }
    const std::vector<Suspect> after = outage.rank(everything());
    ASSERT_EQ(before.size(), after.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_EQ(before[i].resource, after[i].resource);
        EXPECT_EQ(before[i].score, after[i].score);
        EXPECT_EQ(before[i].reason, after[i].reason);
    }
}

// Whatever else burns, where no edge leads to: the suspects here keep their order.
TEST_P(WalkProperty, AnUnrelatedPartOfTheGraphChangesNoOrder) {
    Outage alone = make();
    Outage beside = make();
    model::TopologyChange other;
    other.provenance = "elsewhere";
    other.edges = {{"x1", "x2", "calls", 1.0}, {"x2", "x3", "calls", 1.0}};
    beside.graph().apply(other, model::from_unix_ms(2));
    beside.alert("x1", "latency", 40, true).alert("x2", "errors", 20).alert("x3", "cpu", 9);

    std::vector<std::string> here;
    for (const Suspect& suspect : beside.rank(everything())) {
        if (!suspect.resource.starts_with("x")) {
            here.push_back(suspect.resource);
        }
    }
    std::vector<std::string> before;
    for (const Suspect& suspect : alone.rank(everything())) {
        before.push_back(suspect.resource);
    }
    // What users feel elsewhere takes the same from all here that do not reach it; where users
    // suffered here already, nothing changes at all.
    EXPECT_EQ(here, before);
}

// One more alert of the suspect's own, of a kind that nobody else's trouble explains.
TEST_P(WalkProperty, MoreEvidenceNeverLowersASuspect) {
    for (const Suspect& suspect : make().rank(everything())) {
        Outage worse = make();
        worse.alert(suspect.resource, "disk_full", 30);
        const std::vector<Suspect> after = worse.rank(everything());
        EXPECT_GE(score_of(after, suspect.resource), suspect.score - 1e-12) << suspect.resource;
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, WalkProperty, testing::Range(1, 31));

}  // namespace
}  // namespace nocturne::topology
