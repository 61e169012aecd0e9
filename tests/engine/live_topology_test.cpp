// The graph changes while incidents go on: what expires, what is kept, and that a restart in
// between makes no difference.
#include "engine/view.hpp"
#include "tests/engine/story.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace nocturne::engine {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

model::TopologyChange spans_of(std::vector<model::EdgeSpec> edges) {
    model::TopologyChange change;
    change.provenance = "otlp";
    change.edges = std::move(edges);
    change.ttl = minutes(5);
    return change;
}

std::size_t edges_of(const Story& story) {
    return story.state().topology.now().edge_count();
}

TEST(LiveTopology, TakesBackByTheTickWhatIsNotSeenAnyMore) {
    Story story;
    story.apply(spans_of({{"web", "orders", "calls", 1}, {"orders", "db", "calls", 1}}));
    story.passes(minutes(4));
    story.apply(spans_of({{"orders", "db", "calls", 1}}));
    EXPECT_EQ(edges_of(story), 2U);

    story.passes(minutes(2));
    EXPECT_EQ(edges_of(story), 1U);
    story.passes(minutes(4));
    EXPECT_EQ(edges_of(story), 0U);
    EXPECT_EQ(story.state().topology.now().node_count(), 0U);
}

TEST(LiveTopology, KeepsANodeThatAlertsWhenItsLastEdgeExpires) {
    Story story;
    story.apply(spans_of({{"web", "db", "calls", 1}}));
    story.fires("db", "disk");
    story.passes(minutes(6));

    ASSERT_NE(story.alert("db"), nullptr);
    const topology::Graph& graph = story.state().topology.now();
    EXPECT_EQ(graph.find("db"), story.alert("db")->node);
    EXPECT_EQ(graph.find("web"), topology::kNoNode);
}

TEST(LiveTopology, KeepsWithAnIncidentTheGraphAsItStood) {
    Story story;
    story.apply(spans_of({{"web", "orders", "calls", 1}, {"orders", "db", "calls", 1}}));
    story.fires("db", "disk").fires("orders", "errors").passes(seconds(5));
    ASSERT_THAT(story.incidents(), SizeIs(1));
    const model::Id id = story.incidents()[0]->id;

    story.passes(minutes(6));  // the edges have expired since
    EXPECT_EQ(edges_of(story), 0U);
    EXPECT_THAT(*render_incident(story.core(), id),
                HasSubstr(R"("from":"orders","to":"db","type":"calls")"));
}

TEST(LiveTopology, IsTheSameAfterARestart) {
    Story story;
    story.apply(spans_of({{"web", "orders", "calls", 1}, {"orders", "db", "calls", 1}}));
    story.fires("db", "disk").fires("orders", "errors").passes(seconds(90));
    const std::string bytes = story.snapshot();
    model::Reader in(bytes);
    Result<Core> back = Core::decode(in);
    ASSERT_TRUE(back);

    const model::Id id = story.incidents()[0]->id;
    EXPECT_THAT(*render_incident(*back, id), HasSubstr(R"("graph":{"taken_at")"));
    EXPECT_EQ(*render_incident(*back, id), *render_incident(story.core(), id));
    EXPECT_EQ(back->next_deadline(), story.core().next_deadline());
    model::Writer again;
    back->encode(again);
    EXPECT_EQ(again.bytes(), bytes);
}

TEST(LiveTopology, MovesAnAlertToTheNodeThatHasItsNameAsAnAlias) {
    Story story;
    story.fires("10.0.3.7", "ping");
    story.topology("services:\n- {name: db, aliases: [10.0.3.7]}\n");

    EXPECT_EQ(story.alert("10.0.3.7")->node, story.state().topology.now().find("db"));
}

}  // namespace
}  // namespace nocturne::engine
