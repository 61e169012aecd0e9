// An incident goes on, and is ranked again and again: what is remembered of the last time must show
// in nothing but the time that it takes.
#include "tests/topology/outage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <random>

namespace nocturne::topology {
namespace {

using model::Ranking;
using model::Suspect;

std::string exactly(double value) {
    char text[40];
    std::snprintf(text, sizeof(text), "%a", value);
    return text;
}

// All of a ranking, to the last bit.
std::string text_of(const Ranking& ranking) {
    std::string text = exactly(ranking.confidence) + " " + ranking.doubt + "\n";
    for (const Suspect& suspect : ranking.suspects) {
        text += suspect.resource + " " + exactly(suspect.score) +
                (suspect.silent ? " silent" : "") + " " +
                std::string(model::name_of(suspect.kind)) + "\n  " + suspect.reason + "\n  " +
                suspect.kind_reason + "\n";
        for (const model::Evidence& evidence : suspect.evidence) {
            text +=
                "  " + evidence.name + " " + exactly(evidence.score) + " " + evidence.text + "\n";
        }
        for (const model::CausalPath& path : suspect.paths) {
            text += "  " + path.symptom + ":";
            for (const std::string& node : path.nodes) {
                text += " " + node;
            }
            text += "\n";
        }
    }
    return text;
}

// A night in which something happens at each step, drawn from a seed.
class RestlessNight {
   public:
    explicit RestlessNight(unsigned seed) : random_(seed) {
        for (int i = 0; i < kNodes * 2; ++i) {
            tie();
        }
    }

    // Tells what it was.
    std::string go_on() {
        struct Happening {
            const char* name;
            void (RestlessNight::*happen)();
        };

        static constexpr Happening kHappenings[] = {
            {"an alert", &RestlessNight::alert},
            {"an alert", &RestlessNight::alert},
            {"an alert", &RestlessNight::alert},
            {"five alerts", &RestlessNight::alert_five},
            {"an alert changes", &RestlessNight::worsen},
            {"an alert ends", &RestlessNight::calm},
            {"users feel it, or no longer", &RestlessNight::feel},
            {"a node goes to another incident, or comes back", &RestlessNight::part},
            {"an edge comes", &RestlessNight::tie},
            {"an edge is moved", &RestlessNight::move_edge},
            {"an edge goes", &RestlessNight::untie},
            {"a node becomes another", &RestlessNight::redescribe},
            {"a node goes", &RestlessNight::remove},
            {"a stranger is observed", &RestlessNight::observe_stranger},
            {"a change is made", &RestlessNight::change},
            {"a past cause is found", &RestlessNight::recall},
            {"a source goes silent or speaks again", &RestlessNight::blind},
            {"nothing", &RestlessNight::rest},
        };
        const Happening& happening = kHappenings[below(std::size(kHappenings))];
        (this->*happening.happen)();
        return happening.name;
    }

    const Graph& graph() const { return graph_.now(); }

    const std::vector<AlertingNode>& alerting() const { return alerting_; }

   private:
    static constexpr int kNodes = 120;

    unsigned below(std::size_t bound) { return static_cast<unsigned>(random_() % bound); }

    std::string any_name() { return "n" + std::to_string(below(kNodes)); }

    // Mostly upwards a few numbers, so that what burns here is far from what burns there.
    model::EdgeSpec any_edge() {
        const unsigned from = below(kNodes - 1);
        const unsigned to =
            std::min<unsigned>(kNodes - 1, from + 1 + below(below(8) == 0 ? 60 : 9));
        static constexpr double kWeights[] = {1.0, 0.9, 0.5};
        const char* const type = below(10) == 0 ? "runs_on" : "calls";
        return {"n" + std::to_string(from), "n" + std::to_string(to), type, kWeights[below(3)]};
    }

    void apply(model::TopologyChange change) {
        change.provenance = "night";
        graph_.apply(change, model::from_unix_ms(1));
    }

    void tie() {
        edges_.push_back(any_edge());
        model::TopologyChange change;
        change.edges = {edges_.back()};
        apply(std::move(change));
    }

    model::EdgeSpec take_edge() {
        std::swap(edges_[below(edges_.size())], edges_.back());
        model::EdgeSpec edge = std::move(edges_.back());
        edges_.pop_back();
        return edge;
    }

    void untie() {
        model::TopologyChange change;
        change.removed_edges = {take_edge()};
        apply(std::move(change));
    }

    // To another dependent; all else about it is as it was.
    void move_edge() {
        const model::EdgeSpec edge = take_edge();
        model::EdgeSpec moved = edge;
        moved.from = any_name();
        edges_.push_back(moved);
        model::TopologyChange change;
        change.edges = {moved};
        change.removed_edges = {edge};
        apply(std::move(change));
    }

    void redescribe() {
        static constexpr const char* kTypes[] = {"service", "host", "remote", "switch"};
        model::NodeSpec node;
        node.name = any_name();
        node.type = kTypes[below(4)];
        if (below(2) == 0) {
            node.labels = {{"pool", "p" + std::to_string(below(3))}};
        }
        model::TopologyChange change;
        change.nodes.push_back(std::move(node));
        apply(std::move(change));
    }

    // Its number may serve another from then on, alerts and all.
    void remove() {
        model::TopologyChange change;
        change.removed_nodes = {any_name()};
        apply(std::move(change));
        if (below(2) == 0) {
            graph_.observe("new-" + std::to_string(below(1000)), model::from_unix_ms(1));
        }
    }

    void observe_stranger() {
        graph_.observe("stranger-" + std::to_string(below(1000)), model::from_unix_ms(1));
    }

    AlertingNode& told(NodeIndex node) {
        for (AlertingNode& known : alerting_) {
            if (known.node == node) {
                return known;
            }
        }
        // Somewhere: the order does not matter.
        const auto place = static_cast<std::ptrdiff_t>(below(alerting_.size() + 1));
        return *alerting_.insert(alerting_.begin() + place, AlertingNode{node, {}, {}});
    }

    AlertingNode& any_told() { return told(graph_.observe(any_name(), model::from_unix_ms(1))); }

    model::Symptom any_symptom() {
        static constexpr std::string_view kChecks[] = {
            "latency", "errors", "cpu", "requests", "fanout", "packet_loss", "deadlock"};
        model::Symptom symptom;
        symptom.check = kChecks[below(7)];
        symptom.caller = below(8) == 0 ? "n7" : "";
        symptom.severity = static_cast<model::Severity>(2 + below(4));
        symptom.deviation = below(3) == 0 ? 0 : 1 + below(600);
        symptom.excess = below(3) == 0 ? static_cast<double>(below(400)) - 100 : 0;
        symptom.baseline = below(2) == 0 ? 100 : 0;
        symptom.slo = below(9) == 0;
        symptom.first_seen = model::from_unix_ms(100'000 + 500 * below(600));
        if (below(3) == 0) {
            symptom.ended = symptom.first_seen + std::chrono::seconds(below(120));
        }
        symptom.count = 1 + below(3);
        return symptom;
    }

    void alert() { any_told().symptoms.push_back(any_symptom()); }

    void alert_five() {
        for (int i = 0; i < 5; ++i) {
            alert();
        }
    }

    void worsen() {
        if (AlertingNode* node = any_alerting(); node != nullptr) {
            node->symptoms[below(node->symptoms.size())] = any_symptom();
        }
    }

    void feel() {
        if (AlertingNode* node = any_alerting(); node != nullptr) {
            model::Symptom& symptom = node->symptoms[below(node->symptoms.size())];
            symptom.slo = !symptom.slo;
        }
    }

    void part() {
        if (AlertingNode* node = any_alerting(); node != nullptr) {
            node->elsewhere = !node->elsewhere;
        }
    }

    void calm() {
        if (AlertingNode* node = any_alerting(); node != nullptr) {
            node->symptoms.erase(node->symptoms.begin() + below(node->symptoms.size()));
        }
    }

    AlertingNode* any_alerting() {
        for (int i = 0; i < 20 && !alerting_.empty(); ++i) {
            AlertingNode& node = alerting_[below(alerting_.size())];
            if (!node.symptoms.empty()) {
                return &node;
            }
        }
        return nullptr;
    }

    void change() {
        any_told().changes.push_back(
            {"deploy", "7f3a", model::from_unix_ms(100'000 + 500 * below(60))});
    }

    void recall() { any_told().past = {0.25 * below(5), model::from_unix_ms(5'000)}; }

    void blind() {
        AlertingNode& node = any_told();
        node.blind = !node.blind;
    }

    void rest() {}

    std::mt19937 random_;
    LiveGraph graph_;
    std::vector<model::EdgeSpec> edges_;  // declared; those of nodes that went are gone
    std::vector<AlertingNode> alerting_;
};

PrecedenceTable some_known() {
    return PrecedenceTable({{"cpu", "latency", Relation::Dependent, 9, "rules/learned.yaml:4"},
                            {"errors", "errors", Relation::Dependency, 4, "rules/learned.yaml:9"}});
}

class RankAgain : public testing::TestWithParam<unsigned> {};

TEST_P(RankAgain, TellsWhatARankingAnewTells) {
    RestlessNight night(GetParam());
    const PrecedenceTable known = some_known();
    WalkMemory memory;
    std::string story;

    for (int step = 0; step < 200; ++step) {
        story += std::to_string(step) + ": " + night.go_on() + "\n";
        if (step % 7 == 6) {
            continue;  // so that much happens between two rankings
        }
        WalkLimits limits;
        limits.suspects_max = step % 50 < 25 ? 10 : 1000;
        const Ranking again = rank(night.graph(), night.alerting(), limits, known, memory);
        const Ranking anew = rank(night.graph(), night.alerting(), limits, known);
        ASSERT_EQ(text_of(again), text_of(anew)) << "the night:\n" << story;
    }
}

// Its impact is that of the strong alert beside it: nothing but the users' word is new.
TEST(RankAgainStory, SeesThatUsersFeelAWeakAlertToo) {
    Outage night(Outage::Edges{{"front", "orders"}, {"orders", "db"}, {"batch", "db"}});
    night.alert("front", "errors", 500).alert("front", "latency", 3);
    night.alert("orders", "latency", 20).alert("db", "cpu", 40).alert("batch", "latency", 20, true);
    WalkMemory memory;
    rank(night.graph().now(), night.alerting(), {}, {}, memory);

    night.alerting().front().symptoms.back().slo = true;

    const Ranking again = rank(night.graph().now(), night.alerting(), {}, {}, memory);
    EXPECT_EQ(text_of(again), text_of(night.whole()));
}

INSTANTIATE_TEST_SUITE_P(Seeds, RankAgain, testing::Range(1U, 31U));

}  // namespace
}  // namespace nocturne::topology
