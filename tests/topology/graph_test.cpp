#include "topology/graph.hpp"

#include "topology/neighbourhood.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
