// Stories of outages: who broke what, and whether the walk sees it.
#include "topology/walk.hpp"

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

// A graph, and what alerts in it.
class Outage {
   public:
    using Edges = std::vector<std::pair<std::string, std::string>>;

    explicit Outage(const Edges& edges) {
        model::TopologyChange change;
        change.provenance = "story";
        for (const auto& [from, to] : edges) {
            change.edges.push_back({from, to, "calls", 1.0});
        }
        graph_.apply(change, model::from_unix_ms(1));
    }

    // `check` must be a literal: symptoms borrow it.
    Outage& alert(const std::string& node, std::string_view check, double z, bool slo = false) {
        model::Symptom symptom;
        symptom.check = check;
        symptom.deviation = z;
        symptom.severity = z >= 25   ? Severity::Critical
                           : z >= 12 ? Severity::Major
                           : z >= 6  ? Severity::Minor
                                     : Severity::Warning;
        symptom.slo = slo;
        symptom.first_seen = model::from_unix_ms(100'000);
        told(node).symptoms.push_back(symptom);
        return *this;
    }

    Outage& changed(const std::string& node, std::int64_t ms_before) {
        told(node).changes.push_back({"deploy", "7f3a", model::from_unix_ms(100'000 - ms_before)});
        return *this;
    }

    std::vector<Suspect> rank(WalkLimits limits = {}) {
        return topology::rank(graph_.now(), alerting_, limits).suspects;
    }

    std::string first() {
        const std::vector<Suspect> suspects = rank();
        return suspects.empty() ? "" : suspects.front().resource;
    }

    std::vector<AlertingNode>& alerting() { return alerting_; }

   private:
    AlertingNode& told(const std::string& name) {
        const NodeIndex node = graph_.observe(name, model::from_unix_ms(1));
        const auto same = [&](const AlertingNode& other) { return other.node == node; };
        const auto found = std::find_if(alerting_.begin(), alerting_.end(), same);
        return found != alerting_.end() ? *found
                                        : alerting_.emplace_back(AlertingNode{node, {}, {}});
    }

    LiveGraph graph_;
    std::vector<AlertingNode> alerting_;
};

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
   protected:
    Outage make(const std::string& prefix = "n") const {
        std::mt19937 random(static_cast<unsigned>(GetParam()));
        std::vector<std::pair<std::string, std::string>> edges;
        for (int i = 0; i < 60; ++i) {
            const auto from = random() % 25;
            const auto to = random() % 25;
            if (from != to) {
                edges.emplace_back(prefix + std::to_string(from), prefix + std::to_string(to));
            }
        }
        Outage outage(edges);
        for (int i = 0; i < 12; ++i) {
            static constexpr const char* kChecks[] = {"latency", "errors", "cpu", "requests",
                                                      "fanout"};
            const auto node = random() % 25;
            const auto check = random() % 5;
            outage.alert(prefix + std::to_string(node), kChecks[check],
                         3 + static_cast<double>(random() % 60), random() % 6 == 0);
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

INSTANTIATE_TEST_SUITE_P(Seeds, WalkProperty, testing::Range(1, 31));

}  // namespace
}  // namespace nocturne::topology
