#include "topology/graph.hpp"

#include "topology/neighbourhood.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <random>

namespace nocturne::topology {
namespace {

using model::EdgeSpec;
using model::NodeSpec;
using model::TopologyChange;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const model::Time kNow = model::from_unix_ms(1'000'000);

TopologyChange change_of(std::string provenance, std::vector<EdgeSpec> edges,
                         TopologyChange::Mode mode = TopologyChange::Mode::Merge) {
    TopologyChange change;
    change.provenance = std::move(provenance);
    change.mode = mode;
    change.edges = std::move(edges);
    return change;
}

std::string bytes_of(const LiveGraph& graph) {
    model::Writer out;
    graph.encode(out);
    return out.take();
}

std::vector<std::string> names_of(const Graph& graph, const std::vector<Near>& near) {
    std::vector<std::string> names;
    for (const Near& one : near) {
        names.push_back(graph.node(one.node).name);
    }
    return names;
}

TEST(LiveGraph, CreatesNamesThatOnlyEdgesMention) {
    LiveGraph graph;
    const ChangeReport report = graph.apply(change_of("a", {{"web", "db", "calls", 0.5}}), kNow);

    EXPECT_EQ(report.nodes_added, 2U);
    EXPECT_EQ(report.edges_added, 1U);
    EXPECT_NE(graph.now().find("db"), kNoNode);
    EXPECT_EQ(graph.now().find("nobody"), kNoNode);
}

// The revisions of these nodes; 0 for those that the graph does not know.
std::vector<std::uint64_t> revisions_of(const LiveGraph& graph,
                                        const std::vector<std::string>& names) {
    std::vector<std::uint64_t> revisions;
    for (const std::string& name : names) {
        const NodeIndex node = graph.now().find(name);
        revisions.push_back(node == kNoNode ? 0 : graph.now().revision_of(node));
    }
    return revisions;
}

TEST(LiveGraph, NotesAChangeAtTheNodesThatItTouchesAndNoOthers) {
    LiveGraph graph;
    NodeSpec labelled;
    labelled.name = "web";
    labelled.labels = {{"pool", "front"}};
    const std::vector<std::string> names{"web", "db", "cache"};

    const auto touched_by = [&](const TopologyChange& change) {
        const auto before = revisions_of(graph, names);
        graph.apply(change, kNow);
        const auto after = revisions_of(graph, names);
        std::vector<std::string> touched;
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (after[i] != before[i]) {
                touched.push_back(names[i]);
            }
        }
        return touched;
    };
    const auto of_web = [&](auto edit) {
        TopologyChange change = change_of("a", {});
        edit(labelled);
        change.nodes.push_back(labelled);
        return change;
    };
    TopologyChange without_edge = change_of("a", {});
    without_edge.removed_edges = {{"web", "db", "calls", 0.9}};

    EXPECT_THAT(touched_by(change_of("a", {{"web", "db", "calls", 0.5}, {"cache", "db", "", 1}})),
                ElementsAre("web", "db", "cache"));
    EXPECT_THAT(touched_by(change_of("b", {{"web", "db", "calls", 0.5}})), IsEmpty());
    EXPECT_THAT(touched_by(change_of("a", {{"web", "db", "calls", 0.9}})),
                ElementsAre("web", "db"));
    EXPECT_THAT(touched_by(of_web([](NodeSpec&) {})), ElementsAre("web"));
    EXPECT_THAT(touched_by(of_web([](NodeSpec&) {})), IsEmpty());
    EXPECT_THAT(touched_by(of_web([](NodeSpec& web) { web.labels[0].second = "back"; })),
                ElementsAre("web"));
    EXPECT_THAT(touched_by(of_web([](NodeSpec& web) { web.type = "service"; })),
                ElementsAre("web"));
    EXPECT_THAT(touched_by(of_web([](NodeSpec& web) { web.owner = "team-a"; })), IsEmpty());
    EXPECT_THAT(touched_by(without_edge), ElementsAre("web", "db"));
}

TEST(LiveGraph, MergesTheSameEdgeOfTwoSources) {
    LiveGraph graph;
    graph.apply(change_of("a", {{"web", "db", "calls", 0.5}}), kNow);
    graph.apply(change_of("b", {{"web", "db", "calls", 0.9}}), kNow);

    EXPECT_EQ(graph.now().edge_count(), 1U);
    graph.now().for_each_dependency(graph.now().find("web"), [&](NodeIndex, const Edge& edge) {
        EXPECT_THAT(graph.now().provenance_names(edge.provenance), ElementsAre("a", "b"));
        EXPECT_EQ(edge.weight, 0.9);
    });
}

TEST(LiveGraph, WithdrawsWhatAReplacingSourceNoLongerSays) {
    LiveGraph graph;
    graph.apply(change_of("a", {{"web", "db", "", 1}, {"web", "cache", "", 1}}), kNow);
    graph.apply(change_of("b", {{"web", "cache", "", 1}}), kNow);
    const ChangeReport report =
        graph.apply(change_of("a", {{"web", "queue", "", 1}}, TopologyChange::Mode::Replace), kNow);

    EXPECT_EQ(report.edges_removed, 1U);
    EXPECT_EQ(report.nodes_removed, 1U);
    EXPECT_EQ(graph.now().find("db"), kNoNode);
    EXPECT_NE(graph.now().find("cache"), kNoNode);  // b still says it
    EXPECT_EQ(graph.now().edge_count(), 2U);
}

TEST(LiveGraph, RefusesAnEdgeToItself) {
    LiveGraph graph;
    EXPECT_THAT(graph.apply(change_of("a", {{"web", "web", "", 1}}), kNow).problems, SizeIs(1));
    EXPECT_EQ(graph.now().edge_count(), 0U);
}

TEST(LiveGraph, AllowsCycles) {
    LiveGraph graph;
    EXPECT_THAT(graph.apply(change_of("a", {{"a", "b", "", 1}, {"b", "a", "", 1}}), kNow).problems,
                IsEmpty());
    EXPECT_THAT(below(graph.now(), graph.now().find("a"), {}), SizeIs(1));
    EXPECT_THAT(above(graph.now(), graph.now().find("a"), {}), SizeIs(1));
}

TEST(LiveGraph, GivesAnObservedNodeToWhomItIsAnAliasOf) {
    LiveGraph graph;
    graph.observe("10.0.3.7", kNow);
    TopologyChange change;
    change.provenance = "a";
    change.nodes = {NodeSpec{"db", "", "", {}, {"10.0.3.7"}, {}}};
    EXPECT_THAT(graph.apply(change, kNow).problems, IsEmpty());

    EXPECT_EQ(graph.now().find("10.0.3.7"), graph.now().find("db"));
    EXPECT_EQ(graph.now().node_count(), 1U);
}

TEST(LiveGraph, LeavesAnAliasWhereItIs) {
    LiveGraph graph;
    TopologyChange change;
    change.provenance = "a";
    change.nodes = {NodeSpec{"db", "", "", {}, {"x"}, {}}, NodeSpec{"web", "", "", {}, {"x"}, {}}};
    EXPECT_THAT(graph.apply(change, kNow).problems, SizeIs(1));
    EXPECT_EQ(graph.now().find("x"), graph.now().find("db"));
}

TEST(LiveGraph, ForgetsOnlyWhatNobodyElseVouchesFor) {
    LiveGraph graph;
    graph.apply(change_of("a", {{"web", "db", "", 1}}), kNow);
    graph.forget(graph.observe("web", kNow));
    graph.forget(graph.observe("stray", kNow));

    EXPECT_NE(graph.now().find("web"), kNoNode);
    EXPECT_EQ(graph.now().find("stray"), kNoNode);
}

TEST(LiveGraph, KeepsTheNumbersOfOthersWhenANodeGoes) {
    LiveGraph graph;
    graph.apply(change_of("a", {{"a", "b", "", 1}, {"b", "c", "", 1}}), kNow);
    const NodeIndex c = graph.now().find("c");
    TopologyChange removal;
    removal.provenance = "a";
    removal.removed_nodes = {"a"};
    graph.apply(removal, kNow);

    EXPECT_EQ(graph.now().find("c"), c);
    EXPECT_EQ(graph.observe("d", kNow), 0U);  // the place of "a"
}

TEST(LiveGraph, ShowsReadersTheGraphAsItStood) {
    LiveGraph graph;
    graph.apply(change_of("a", {{"web", "db", "", 1}}), kNow);
    const std::shared_ptr<const Graph> before = graph.snapshot();
    graph.apply(change_of("a", {{"web", "cache", "", 1}}), kNow);

    EXPECT_EQ(before->edge_count(), 1U);
    EXPECT_EQ(graph.now().edge_count(), 2U);
}

TEST(LiveGraph, ShowsReadersNothingOfWhatChangesAfterwards) {
    LiveGraph graph;
    TopologyChange change = change_of("a", {{"web", "db", "calls", 0.5}, {"db", "disk", "", 1}});
    change.nodes = {NodeSpec{"db", "database", "", {}, {"10.0.3.7"}, {}}};
    graph.apply(change, kNow);
    const std::shared_ptr<const Graph> before = graph.snapshot();

    TopologyChange removal;
    removal.provenance = "a";
    removal.removed_nodes = {"db"};
    graph.apply(removal, kNow);
    graph.apply(change_of("b", {{"other", "web", "", 1}}), kNow);  // takes the place of "db"

    const NodeIndex db = before->find("10.0.3.7");
    ASSERT_NE(db, kNoNode);
    EXPECT_EQ(before->node(db).type, "database");
    EXPECT_EQ(before->dependent_count(db), 1U);
    EXPECT_EQ(before->find("other"), kNoNode);
    before->for_each_dependent(db, [&](NodeIndex from, const Edge& edge) {
        EXPECT_EQ(before->node(from).name, "web");
        EXPECT_EQ(edge.type, "calls");
    });
    EXPECT_EQ(graph.now().find("db"), kNoNode);
}

TEST(LiveGraph, GoesItsOwnWayAsACopy) {
    LiveGraph graph;
    TopologyChange change = change_of("a", {{"web", "db", "", 1}});
    change.ttl = std::chrono::seconds(30);
    graph.apply(change, kNow);
    LiveGraph copy = graph;
    graph.expire(kNow + std::chrono::minutes(1));
    copy.apply(change_of("b", {{"web", "cache", "", 1}}), kNow);

    EXPECT_EQ(graph.now().edge_count(), 0U);
    EXPECT_EQ(copy.now().edge_count(), 2U);
    copy.expire(kNow + std::chrono::minutes(1));
    EXPECT_EQ(copy.now().edge_count(), 1U);
}

TEST(LiveGraph, TakesBackWhatNobodyConfirmsInTime) {
    LiveGraph graph;
    TopologyChange spans = change_of("otlp", {{"web", "db", "calls", 1}, {"web", "cache", "", 1}});
    spans.ttl = std::chrono::minutes(5);
    graph.apply(spans, kNow);
    graph.apply(change_of("file", {{"web", "cache", "", 1}}), kNow);
    spans.edges.pop_back();
    graph.apply(spans, kNow + std::chrono::minutes(3));

    graph.expire(kNow + std::chrono::minutes(6));  // of the spans' edge to the cache
    EXPECT_EQ(graph.now().edge_count(), 2U);
    graph.now().for_each_dependent(graph.now().find("cache"), [&](NodeIndex, const Edge& edge) {
        EXPECT_THAT(graph.now().provenance_names(edge.provenance), ElementsAre("file"));
    });
    const ChangeReport report = graph.expire(kNow + std::chrono::minutes(9));

    EXPECT_EQ(report.edges_removed, 1U);
    EXPECT_EQ(report.nodes_removed, 1U);
    EXPECT_EQ(graph.now().find("db"), kNoNode);
    EXPECT_NE(graph.now().find("web"), kNoNode);
    EXPECT_EQ(graph.next_expiry(), model::Time::max());
}

TEST(LiveGraph, NamesTheSameNextExpiryWhateverWasConfirmedBefore) {
    LiveGraph graph;
    TopologyChange spans = change_of("otlp", {{"web", "db", "calls", 1}});
    spans.ttl = std::chrono::minutes(5);
    graph.apply(spans, kNow);
    const model::Time first = graph.next_expiry();
    graph.apply(spans, kNow + std::chrono::minutes(2));
    const std::string bytes = bytes_of(graph);
    model::Reader in(bytes);
    const Result<LiveGraph> restarted = LiveGraph::decode(in);

    ASSERT_TRUE(restarted);
    EXPECT_EQ(graph.next_expiry(), first + std::chrono::minutes(2));
    EXPECT_EQ(restarted->next_expiry(), graph.next_expiry());
}

TEST(LiveGraph, IsSurerOfWhatTwoSourcesSay) {
    LiveGraph graph;
    TopologyChange change = change_of("otlp", {{"web", "db", "", 1}});
    change.confidence = 0.8;
    graph.apply(change, kNow);
    change.provenance = "prometheus";
    change.confidence = 0.5;
    change.ttl = std::chrono::hours(1);
    graph.apply(change, kNow);

    graph.now().for_each_dependency(graph.now().find("web"), [&](NodeIndex, const Edge& edge) {
        EXPECT_NEAR(edge.confidence, 0.9, 1e-9);
        const std::vector<Claim> claims = graph.now().claims_of_edge(edge.number);
        ASSERT_THAT(claims, SizeIs(2));
        EXPECT_EQ(claims[1].source, "prometheus");
        EXPECT_NEAR(claims[1].confidence, 0.5, 1e-9);
        EXPECT_EQ(claims[1].ttl, std::chrono::hours(1));
    });
}

TEST(LiveGraph, JoinsWhatWasMentionedWithTheNodeThatHasItsName) {
    LiveGraph graph;
    graph.apply(change_of("otlp", {{"web", "orders", "calls", 1}, {"orders", "db", "calls", 1}}),
                kNow);
    TopologyChange cluster = change_of("kubernetes", {{"shop/orders", "db", "calls", 1}});
    cluster.nodes = {NodeSpec{"shop/orders", "service", "", {}, {"orders"}, {}}};
    const ChangeReport report = graph.apply(cluster, kNow);

    EXPECT_EQ(report.nodes_joined, 1U);
    EXPECT_THAT(report.problems, IsEmpty());
    const NodeIndex orders = graph.now().find("orders");
    EXPECT_EQ(graph.now().node(orders).name, "shop/orders");
    EXPECT_EQ(graph.now().dependent_count(orders), 1U);
    EXPECT_EQ(graph.now().edge_count(), 2U);
    graph.now().for_each_dependency(orders, [&](NodeIndex, const Edge& edge) {
        EXPECT_THAT(graph.now().provenance_names(edge.provenance),
                    ElementsAre("otlp", "kubernetes"));
    });
    graph.apply(change_of("otlp", {{"web", "orders", "calls", 1}}), kNow);
    EXPECT_EQ(graph.now().edge_count(), 2U);
}

TEST(LiveGraph, LetsAnAddressGoFromOnePodToTheNext) {
    LiveGraph graph;
    TopologyChange cluster = change_of("kubernetes", {}, TopologyChange::Mode::Replace);
    cluster.nodes = {NodeSpec{"pod-1", "pod", "", {}, {"10.1.0.9"}, {}}};
    graph.apply(cluster, kNow);
    cluster.nodes = {NodeSpec{"pod-2", "pod", "", {}, {"10.1.0.9"}, {}}};
    const ChangeReport report = graph.apply(cluster, kNow + std::chrono::seconds(30));

    EXPECT_THAT(report.problems, IsEmpty());
    EXPECT_EQ(graph.now().node(graph.now().find("10.1.0.9")).name, "pod-2");
    EXPECT_EQ(graph.now().find("pod-1"), kNoNode);
}

TEST(LiveGraph, ForgetsTheLabelsThatAReplacingSourceNoLongerGives) {
    LiveGraph graph;
    TopologyChange cluster = change_of("kubernetes", {}, TopologyChange::Mode::Replace);
    cluster.nodes = {NodeSpec{"pod", "pod", "", {}, {"10.1.0.9"}, {{"app", "web"}, {"v", "1"}}}};
    graph.apply(cluster, kNow);
    cluster.nodes = {NodeSpec{"pod", "pod", "", {}, {"10.1.0.10"}, {{"app", "web"}}}};
    graph.apply(cluster, kNow + std::chrono::seconds(30));

    EXPECT_EQ(graph.now().find("10.1.0.9"), kNoNode);
    EXPECT_THAT(graph.now().node(graph.now().find("10.1.0.10")).labels, SizeIs(1));
}

TEST(LiveGraph, AddsAndRemovesAtANodeOfAMillionEdges) {
    LiveGraph graph;
    TopologyChange change = change_of("a", {});
    for (int i = 0; i < 1'000'000; ++i) {
        change.edges.push_back({"s" + std::to_string(i), "dns", "", 1});
    }
    graph.apply(change, kNow);
    const std::shared_ptr<const Graph> reader = graph.snapshot();

    const auto begin = std::chrono::steady_clock::now();
    constexpr int kTimes = 2000;
    for (int i = 0; i < kTimes; ++i) {
        TopologyChange removal;
        removal.provenance = "a";
        removal.removed_edges = {{"s" + std::to_string(i * 300), "dns", "", 1}};
        EXPECT_EQ(graph.apply(removal, kNow).edges_removed, 1U);
        graph.apply(change_of("a", {{"new" + std::to_string(i), "dns", "", 1}}), kNow);
    }
    const auto took = std::chrono::steady_clock::now() - begin;

    EXPECT_EQ(reader->edge_count(), 1'000'000U);
    EXPECT_EQ(graph.now().dependent_count(graph.now().find("dns")), 1'000'000U);
    EXPECT_LT(took / kTimes, std::chrono::milliseconds(1));  // a scan of the edges takes longer
}

// What expires is taken away with all else of the same five seconds.
model::Time looked_at_after(model::Time expiry) {
    constexpr model::Duration kSpan = std::chrono::seconds(5);
    return model::Time((expiry.time_since_epoch() / kSpan + 1) * kSpan);
}

// Against sets and maps that say the same, with sources that replace, expire and take back.
class GraphProperty : public testing::TestWithParam<unsigned> {};

TEST_P(GraphProperty, SaysWhatASimpleModelSays) {
    std::mt19937 random(GetParam());
    const auto below_of = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
    using Arrow = std::pair<std::string, std::string>;
    std::map<Arrow, std::map<std::string, model::Time>> simple;  // until when each source vouches
    LiveGraph graph;
    model::Time now = kNow;
    std::vector<std::pair<std::shared_ptr<const Graph>, std::size_t>> readers;

    for (int step = 0; step < 300; ++step) {
        now += std::chrono::seconds(below_of(40));
        graph.expire(now);
        for (auto& [arrow, sources] : simple) {
            std::erase_if(sources, [&](const auto& claim) { return claim.second <= now; });
        }
        std::erase_if(simple, [](const auto& edge) { return edge.second.empty(); });
        TopologyChange change;
        change.provenance = std::string(1, static_cast<char>('a' + below_of(4)));
        const bool expires = change.provenance == "a" || change.provenance == "b";
        change.ttl = expires ? std::chrono::seconds(60) : std::chrono::seconds(0);
        if (below_of(5) == 0) {
            change.mode = TopologyChange::Mode::Replace;
            for (auto& [arrow, sources] : simple) {
                sources.erase(change.provenance);
            }
        }
        for (unsigned i = below_of(8); i > 0; --i) {
            const Arrow arrow{"n" + std::to_string(below_of(12)),
                              "m" + std::to_string(below_of(12))};
            change.edges.push_back({arrow.first, arrow.second, "", 1});
            simple[arrow][change.provenance] =
                expires ? looked_at_after(now + std::chrono::seconds(60)) : model::Time::max();
        }
        if (below_of(4) == 0 && !simple.empty()) {
            auto some = simple.begin();
            std::advance(some, below_of(static_cast<unsigned>(simple.size())));
            const Arrow arrow = some->first;
            change.removed_edges.push_back({arrow.first, arrow.second, "", 1});
            simple.erase(arrow);
        }
        std::erase_if(simple, [](const auto& edge) { return edge.second.empty(); });
        graph.apply(change, now);
        if (below_of(10) == 0) {
            readers.emplace_back(graph.snapshot(), simple.size());
        }
        if (below_of(20) == 0) {
            const std::string bytes = bytes_of(graph);
            model::Reader in(bytes);
            Result<LiveGraph> back = LiveGraph::decode(in);
            ASSERT_TRUE(back);
            ASSERT_EQ(bytes_of(*back), bytes);
            graph = *std::move(back);
        }
        ASSERT_EQ(graph.now().edge_count(), simple.size()) << "step " << step;
        for (const auto& [arrow, sources] : simple) {
            bool found = false;
            graph.now().for_each_dependency(graph.now().find(arrow.first), [&](NodeIndex to,
                                                                               const Edge& edge) {
                found = found || (graph.now().node(to).name == arrow.second &&
                                  graph.now().claims_of_edge(edge.number).size() == sources.size());
            });
            ASSERT_TRUE(found) << arrow.first << " -> " << arrow.second << " step " << step;
        }
    }
    for (const auto& [reader, edges] : readers) {
        std::size_t counted = 0;
        for (NodeIndex node = 0; node < reader->index_end(); ++node) {
            if (reader->is_alive(node)) {
                reader->for_each_dependency(node, [&](NodeIndex, const Edge&) { ++counted; });
            }
        }
        EXPECT_EQ(counted, edges);
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, GraphProperty, testing::Range(1U, 31U));

TEST(LiveGraph, ComesBackTheSameFromItsEncoding) {
    LiveGraph graph;
    graph.apply(change_of("a", {{"a", "b", "calls", 0.5}, {"b", "c", "", 1}, {"c", "a", "", 1}}),
                kNow);
    TopologyChange removal;
    removal.provenance = "a";
    removal.removed_nodes = {"b"};
    graph.apply(removal, kNow);
    const std::string bytes = bytes_of(graph);

    model::Reader in(bytes);
    Result<LiveGraph> back = LiveGraph::decode(in);
    ASSERT_TRUE(back);
    EXPECT_EQ(bytes_of(*back), bytes);
    EXPECT_EQ(back->observe("new", kNow), graph.observe("new", kNow));
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
        model::Reader short_in(std::string_view(bytes).substr(0, cut));
        EXPECT_FALSE(LiveGraph::decode(short_in)) << cut;
    }
}

TEST(Near, GoesDownToDependenciesAndUpToDependents) {
    LiveGraph graph;
    graph.apply(change_of("a", {{"front", "shop", "", 1},
                                {"shop", "db", "", 1},
                                {"shop", "payments", "", 1},
                                {"report", "db", "", 1},
                                {"db", "disk", "", 1}}),
                kNow);
    const auto names = [&](const std::vector<Near>& found) { return names_of(graph.now(), found); };

    EXPECT_THAT(names(above(graph.now(), graph.now().find("db"), {})),
                testing::ElementsAre("shop", "report", "front"));
    EXPECT_THAT(names(below(graph.now(), graph.now().find("front"), {})),
                testing::UnorderedElementsAre("shop", "db", "payments"));
    EXPECT_THAT(names(below(graph.now(), graph.now().find("front"), {1, 512})),
                testing::ElementsAre("shop"));
}

TEST(Near, StopsAtSoManyNodes) {
    LiveGraph graph;
    std::vector<EdgeSpec> edges;
    for (int i = 0; i < 100; ++i) {
        edges.push_back({"s" + std::to_string(i), "dns", "", 1});
    }
    graph.apply(change_of("a", edges), kNow);

    EXPECT_THAT(above(graph.now(), graph.now().find("dns"), {1, 10}), SizeIs(10));
    EXPECT_THAT(dependents(graph.now(), graph.now().find("dns"), 1, 10), SizeIs(11));
}

TEST(Impact, FollowsTheLikeliestPath) {
    LiveGraph graph;
    graph.apply(change_of("a", {{"orders", "db", "", 0.9},
                                {"front", "orders", "", 0.5},
                                {"front", "db", "", 0.1}}),
                kNow);

    const std::vector<Impact> hurt = impact(graph.now(), graph.now().find("db"), {});
    ASSERT_THAT(hurt, SizeIs(2));
    EXPECT_EQ(graph.now().node(hurt[0].node).name, "orders");
    EXPECT_NEAR(hurt[1].likelihood, 0.45, 1e-12);
    EXPECT_THAT(hurt[1].path, SizeIs(3));
}

TEST(Impact, EndsInACycle) {
    LiveGraph graph;
    graph.apply(change_of("a", {{"a", "b", "", 1}, {"b", "c", "", 1}, {"c", "a", "", 1}}), kNow);
    EXPECT_THAT(impact(graph.now(), graph.now().find("a"), {}), SizeIs(2));
}

}  // namespace
}  // namespace nocturne::topology
