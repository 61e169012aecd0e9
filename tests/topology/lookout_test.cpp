#include "topology/difference.hpp"
#include "topology/excerpt.hpp"
#include "topology/export.hpp"
#include "topology/lint.hpp"
#include "topology/neighbourhood.hpp"
#include "topology/picture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace nocturne::topology {
namespace {

using model::EdgeSpec;
using model::NodeSpec;
using model::TopologyChange;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const model::Time kNow = model::from_unix_ms(1'700'000'000'000);

void say(LiveGraph& graph, const char* source, std::vector<EdgeSpec> edges, model::Time at = kNow) {
    TopologyChange change;
    change.provenance = source;
    change.edges = std::move(edges);
    graph.apply(change, at);
}

std::vector<std::string> findings_of(const LiveGraph& graph, model::Time now = kNow) {
    std::vector<std::string> findings;
    for (const LintFinding& finding : lint(graph.now(), now).findings) {
        std::string text(kLintKindNames[static_cast<std::size_t>(finding.kind)]);
        for (const std::string& node : finding.nodes) {
            text += " " + node;
        }
        findings.push_back(text);
    }
    return findings;
}

std::vector<std::string> names_of(const Graph& graph, const std::vector<Impact>& hurt) {
    std::vector<std::string> names;
    for (const Impact& impact : hurt) {
        names.push_back(graph.node(impact.node).name);
    }
    return names;
}

// ---- lint ----

TEST(Lint, FindsOrphansCyclesAndWhatOnlyEventsKnow) {
    LiveGraph graph;
    say(graph, "file",
        {{"a", "b", "", 1}, {"b", "c", "", 1}, {"c", "a", "", 1}, {"x", "a", "", 1}});
    TopologyChange lonely;
    lonely.provenance = "file";
    lonely.nodes = {NodeSpec{"lonely", "service", "", {}, {}, {}}};
    graph.apply(lonely, kNow);
    graph.observe("stray", kNow);

    EXPECT_THAT(findings_of(graph),
                ElementsAre("orphan lonely", "cycle a b c", "events_only stray"));
}

TEST(Lint, DoesNotCallAPodAndItsWorkloadACycle) {
    LiveGraph graph;
    say(graph, "kubernetes", {{"web", "pod", "backed_by", 1}, {"pod", "web", "owned_by", 0.3}});
    EXPECT_THAT(findings_of(graph), IsEmpty());
}

TEST(Lint, DoubtsAnEdgeThatOnlyPeopleWroteDown) {
    LiveGraph graph;
    say(graph, "file",
        {{"web", "db", "calls", 1}, {"web", "orders", "calls", 1}, {"x", "y", "", 1}});
    say(graph, "otlp", {{"web", "orders", "calls", 1}, {"orders", "db", "calls", 1}});

    EXPECT_THAT(findings_of(graph), ElementsAre("unconfirmed web db"));
}

TEST(Lint, FindsWhatNobodyHasConfirmedForLong) {
    LiveGraph graph;
    say(graph, "consul", {{"web", "vm", "backed_by", 1}});
    say(graph, "file", {{"a", "b", "", 1}});  // people do not confirm every day

    EXPECT_THAT(findings_of(graph, kNow + std::chrono::days(8)), ElementsAre("stale web vm"));
}

TEST(Lint, EndsOnARingOfManyNodesAndOnAKnot) {
    LiveGraph graph;
    std::vector<EdgeSpec> edges;
    constexpr int kNodes = 100'000;
    for (int i = 0; i < kNodes; ++i) {  // one ring through all
        edges.push_back({"r" + std::to_string(i), "r" + std::to_string((i + 1) % kNodes), "", 1});
    }
    for (int i = 0; i < 300; ++i) {  // each depends on each
        for (int j = 0; j < 300; ++j) {
            if (i != j) {
                edges.push_back({"k" + std::to_string(i), "k" + std::to_string(j), "", 1});
            }
        }
    }
    say(graph, "file", std::move(edges));

    const auto begin = std::chrono::steady_clock::now();
    const LintReport report = lint(graph.now(), kNow);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
    ASSERT_THAT(report.findings, SizeIs(2));
    EXPECT_THAT(report.findings[0].text, HasSubstr("(100000 nodes depend on each other)"));
    EXPECT_LE(report.findings[0].nodes.size(), 20U);
    EXPECT_THAT(report.findings[1].text, HasSubstr("300 nodes"));
}

// ---- impact ----

TEST(Foresight, LetsRedundancyHoldUntilTheLastMemberFails) {
    LiveGraph graph;
    say(graph, "k",
        {{"web", "pod-1", "backed_by", 0.5},
         {"web", "pod-2", "backed_by", 0.5},
         {"front", "web", "calls", 1},
         {"pod-1", "host-1", "runs_on", 1},
         {"pod-2", "host-2", "runs_on", 1},
         {"host-1", "rack", "located_in", 1},
         {"host-2", "rack", "located_in", 1}});
    const Graph& now = graph.now();

    const ImpactReport one = foresee(now, now.find("host-1"), {});
    EXPECT_THAT(names_of(now, one.hurt), ElementsAre("pod-1"));
    ASSERT_THAT(one.held, SizeIs(1));
    EXPECT_EQ(now.node(one.held[0].node).name, "web");
    EXPECT_EQ(one.held[0].lost, 1U);
    EXPECT_EQ(one.held[0].members, 2U);
    EXPECT_THAT(one.held[0].left, ElementsAre(now.find("pod-2")));

    const ImpactReport both = foresee(now, now.find("rack"), {});
    EXPECT_THAT(names_of(now, both.hurt), Contains("front"));
    EXPECT_THAT(both.held, IsEmpty());
}

TEST(Foresight, IsBoundedAtAHubOfManyDependents) {
    LiveGraph graph;
    std::vector<EdgeSpec> edges;
    for (int i = 0; i < 200'000; ++i) {
        edges.push_back({"s" + std::to_string(i), "dns", "", 1});
    }
    say(graph, "a", std::move(edges));
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_LE(foresee(graph.now(), graph.now().find("dns"), {}).hurt.size(), 10'001U);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

// ---- difference, export ----

TEST(Difference, ComparesByNamesAndAliases) {
    LiveGraph before;
    say(before, "file", {{"web", "orders", "calls", 1}, {"web", "old", "", 1}});
    LiveGraph after;
    TopologyChange change;
    change.provenance = "k";
    change.nodes = {NodeSpec{"shop/orders", "", "", {}, {"orders"}, {}}};
    change.edges = {{"web", "shop/orders", "calls", 0.5}, {"shop/orders", "db", "", 1}};
    after.apply(change, kNow);

    const Difference found = difference(before.now(), after.now());
    EXPECT_THAT(found.nodes_added, ElementsAre("db"));
    EXPECT_THAT(found.nodes_removed, ElementsAre("old"));
    EXPECT_THAT(found.edges_added, ElementsAre(EdgeName{"orders", "db", ""}));
    EXPECT_THAT(found.edges_removed, ElementsAre(EdgeName{"web", "old", ""}));
    ASSERT_THAT(found.weights_changed, SizeIs(1));
    EXPECT_EQ(found.weights_changed[0].after, 0.5);
    EXPECT_TRUE(difference(after.now(), after.now()).empty());
}

TEST(Export, KeepsHostileNamesInTheirPlace) {
    LiveGraph graph;
    say(graph, "a", {{"we\"b\\", "<db> & 'x'\xFF", "calls", 1}});

    EXPECT_THAT(render_dot(graph.now()), HasSubstr(R"("we\"b\\" -> "<db> & 'x')"));
    EXPECT_THAT(render_graphml(graph.now()),
                HasSubstr("target=\"&lt;db&gt; &amp; &#39;x&#39;\xEF\xBF\xBD\""));
    EXPECT_THAT(render_json(graph.now()), HasSubstr(R"("from":"we\"b\\")"));
}

// ---- excerpt ----

TEST(Excerpt, HoldsTheCentreAndWhatIsOneHopFromIt) {
    LiveGraph graph;
    say(graph, "a",
        {{"front", "web", "calls", 0.9},
         {"web", "db", "calls", 1},
         {"db", "disk", "", 1},
         {"disk", "far", "", 1}});
    const std::vector<NodeIndex> centre{graph.now().find("web"), graph.now().find("db")};
    const Excerpt excerpt = take_excerpt(graph.now(), centre, kNow);

    std::vector<std::string> names;
    for (const Excerpt::Node& node : excerpt.nodes) {
        names.push_back(node.name);
    }
    EXPECT_THAT(names, ElementsAre("web", "db", "disk", "front"));
    EXPECT_THAT(excerpt.edges, SizeIs(3));
    EXPECT_EQ(graph_of(excerpt).now().edge_count(), 3U);

    model::Writer out;
    encode(out, excerpt);
    model::Reader in(out.bytes());
    const Excerpt back = decode_excerpt(in);
    EXPECT_TRUE(in.ok());
    model::Writer again;
    encode(again, back);
    EXPECT_EQ(again.bytes(), out.bytes());
}

TEST(Excerpt, DoesNotDrownInAHub) {
    LiveGraph graph;
    std::vector<EdgeSpec> edges;
    for (int i = 0; i < 100'000; ++i) {
        edges.push_back({"s" + std::to_string(i), "dns", "", 1});
    }
    say(graph, "a", std::move(edges));
    const std::vector<NodeIndex> centre{graph.now().find("dns"), graph.now().find("s77")};
    const Excerpt excerpt = take_excerpt(graph.now(), centre, kNow);

    EXPECT_THAT(excerpt.nodes, SizeIs(2));
    EXPECT_THAT(excerpt.edges, SizeIs(1));
}

// ---- picture ----

Picture storm_of(std::size_t nodes) {
    Picture picture;
    picture.title = "I1-0 <script>alert(1)</script>";
    for (std::size_t i = 0; i < nodes; ++i) {
        Picture::Node& node = picture.nodes.emplace_back();
        node.name = "node-" + std::to_string(i);
        if (i % 2 == 0) {
            node.severity = model::Severity::Critical;
            node.is_firing = true;
            node.alerts = 3;
        }
    }
    for (std::uint32_t i = 0; i < nodes; ++i) {
        for (std::uint32_t j = 0; j < nodes; j += 7) {
            picture.edges.push_back({i, j, "calls", 1, false});  // cycles everywhere
        }
    }
    return picture;
}

std::size_t count_in(const std::string& text, std::string_view what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
        ++count;
    }
    return count;
}

TEST(PictureSvg, MarksTheSuspectAndDrawsThePathThick) {
    Picture picture;
    picture.nodes = {{"front", "service", model::Severity::Major, true, 2, 0, 0, false, true},
                     {"db", "database", {}, false, 0, 1, 0.71, false, true},
                     {"cache", "", {}, false, 0, 0, 0, false, false}};
    picture.edges = {{0, 1, "calls", 1, true}, {0, 2, "calls", 0.2, false}};
    const std::string svg = render_svg(picture);

    EXPECT_THAT(svg, HasSubstr("<g class=\"silent suspect\"><title>db (database \xC2\xB7 silent), "
                               "suspect #1 71%"));
    EXPECT_THAT(svg, HasSubstr("stroke:var(--major)"));
    EXPECT_EQ(count_in(svg, "<path class=\"path\""), 1U);
    EXPECT_EQ(count_in(svg, "<path class=\"edge unsure\""), 1U);
    EXPECT_THAT(svg, Not(HasSubstr("href")));
    EXPECT_EQ(count_in(svg, "http"), 1U);  // the name space, and nothing else
}

TEST(PictureSvg, StaysLegibleInAStormWithCyclesEverywhere) {
    const Picture picture = storm_of(300);
    const std::string svg = render_svg(picture);

    EXPECT_EQ(count_in(svg, "<g class="), 36U);
    EXPECT_THAT(svg, HasSubstr("264 nodes not shown"));
    EXPECT_THAT(svg, Not(HasSubstr("<script")));
    EXPECT_EQ(svg, render_svg(storm_of(300)));
    EXPECT_THAT(render_svg(Picture{}), HasSubstr("</svg>"));
}

}  // namespace
}  // namespace nocturne::topology
