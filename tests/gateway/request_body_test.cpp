#include "gateway/request_body.hpp"

#include <gmock/gmock.h>

namespace nocturne::gateway {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST(TopologyBody, IsReadWhole) {
    const auto checked = parse_topology_body(R"({
        "provenance": "cmdb", "mode": "replace",
        "nodes": [{"name": "checkout", "type": "service", "owner": "team-shop", "criticality": 4,
                   "aliases": ["checkout-v2"], "labels": {"tier": "front"},
                   "depends_on": ["payments", {"name": "orders-db", "type": "calls", "weight": 0.8}]}],
        "edges": [{"from": "payments", "to": "orders-db"}],
        "removed_nodes": ["old"]})");

    EXPECT_THAT(checked.problems, IsEmpty());
    const model::TopologyChange& change = checked.value;
    EXPECT_EQ(change.provenance, "cmdb");
    EXPECT_EQ(change.mode, model::TopologyChange::Mode::Replace);
    ASSERT_EQ(change.nodes.size(), 1U);
    EXPECT_EQ(change.nodes[0].criticality, 4);
    EXPECT_THAT(change.nodes[0].labels, ElementsAre(Pair("tier", "front")));
    ASSERT_EQ(change.edges.size(), 3U);
    EXPECT_EQ(change.edges[1].to, "orders-db");
    EXPECT_DOUBLE_EQ(change.edges[1].weight, 0.8);
    EXPECT_DOUBLE_EQ(change.edges[2].weight, 1.0);
    EXPECT_THAT(change.removed_nodes, ElementsAre("old"));
}

TEST(TopologyBody, TellsEveryProblemWithItsPath) {
    const auto checked = parse_topology_body(R"({
        "mode": "add", "colour": 1,
        "nodes": [{"name": "a", "criticality": 9}, {"type": "host"}, "b", {"name": "a"}],
        "edges": [{"from": "a", "to": "b", "weight": 0}, {"from": "c", "to": "c"}, {"from": "a"}],
        "removed_nodes": "a"})");

    EXPECT_THAT(checked.problems,
                ElementsAre(HasSubstr("unknown key \"colour\"; expected one of provenance"),
                            "mode: \"add\" is not one of merge, replace",
                            "nodes[0].criticality: expected a whole number from 1 to 5, found 9",
                            "nodes[1].name: is missing or empty",
                            "nodes[2]: expected an object, found a text",
                            "nodes[3].name: \"a\" is there twice",
                            HasSubstr("edges[0].weight: expected a number above 0 up to 1"),
                            "edges[1]: \"c\" depends on itself", "edges[2].to: is missing or empty",
                            "removed_nodes: expected an array, found a text"));
}

TEST(TopologyBody, IsRefusedWhenItIsNoObject) {
    for (const char* text : {"", "[]", "17", "{", "{\"nodes\":[NaN]}", "\xFF"}) {
        EXPECT_EQ(parse_topology_body(text).problems.size(), 1U) << text;
    }
    EXPECT_THAT(parse_topology_body(std::string(100'000, '[')).problems.at(0),
                HasSubstr("not valid JSON"));
}

TEST(SilenceBody, TakesAnEndOrADuration) {
    const model::Time now = model::from_unix_ms(1'700'000'000'000);

    const auto by_duration =
        parse_silence_body(R"({"matchers":["resource=db","check=~\"a.*\""],"duration":"2h"})", now);
    const auto by_end =
        parse_silence_body(R"({"matchers":"resource=db","ends_at":"2030-01-01T00:00:00Z"})", now);

    EXPECT_THAT(by_duration.problems, IsEmpty());
    EXPECT_EQ(by_duration.value.ends_at, now + std::chrono::hours(2));
    EXPECT_THAT(by_duration.value.matchers, HasSubstr("\"check\"=~\"a.*\""));
    EXPECT_THAT(by_end.problems, IsEmpty());
    EXPECT_EQ(model::format_time(by_end.value.ends_at), "2030-01-01T00:00:00.000Z");
}

TEST(SilenceBody, IsRefusedWhenItHidesNothingOrNeverEnds) {
    const model::Time now = model::from_unix_ms(1'700'000'000'000);
    for (const char* text :
         {R"({"duration":"2h"})", R"({"matchers":[],"duration":"2h"})", R"({"matchers":"a=b"})",
          R"({"matchers":"a=b","duration":"soon"})", R"({"matchers":"a=~(","duration":"2h"})",
          R"({"matchers":"a=b","ends_at":"2001-01-01T00:00:00Z"})",
          R"({"matchers":"a=b","duration":7})",
          R"({"matchers":"a=b","duration":"1h","ends_at":"2030-01-01T00:00:00Z"})"}) {
        EXPECT_EQ(parse_silence_body(text, now).problems.size(), 1U) << text;
    }
}

TEST(OperatorBody, MayBeEmpty) {
    EXPECT_THAT(parse_operator_body("").problems, IsEmpty());
    EXPECT_EQ(parse_operator_body(R"({"by":"anna","cause":"orders-db"})").value.cause, "orders-db");
    EXPECT_THAT(parse_operator_body(R"({"by":7})").problems,
                ElementsAre("by: expected a text, found a number"));
}

TEST(PlanRequest, IsAPlanOrForWhichIncidentAPlaybookIsToMakeOne) {
    const auto plan = parse_plan_request(
        R"({"playbook": "restart", "target": "cart-1", "incident": "I12-0", "mode": "auto",
            "steps": [{"name": "a", "run": {"effector": "wait"}}]})");
    EXPECT_THAT(plan.problems, IsEmpty());
    EXPECT_FALSE(plan.value.is_for_playbook);
    EXPECT_EQ(plan.value.proposal.mode, model::RunMode::Approve);

    const auto wish = parse_plan_request(
        R"({"incident": "I12-0", "playbook": "restart", "by": "anna", "from": "playbook"})");
    EXPECT_THAT(wish.problems, IsEmpty());
    EXPECT_TRUE(wish.value.is_for_playbook);
    EXPECT_EQ(wish.value.proposal.plan.incident, (model::Id{12, 0}));
    EXPECT_EQ(wish.value.proposal.plan.playbook, "restart");
    EXPECT_EQ(wish.value.proposal.by, "anna");
    EXPECT_EQ(wish.value.proposal.from, "http") << "nobody is the playbook host from outside";
}

TEST(PlanRequest, TellsWhatIsMissing) {
    EXPECT_THAT(parse_plan_request(R"({"incident": "12"})").problems,
                ElementsAre(HasSubstr("incident: expected an incident")));
    EXPECT_THAT(parse_plan_request(R"({"incident": "I12-0", "summary": "s"})").problems,
                ElementsAre(HasSubstr("summary")));
    EXPECT_THAT(parse_plan_request(R"({"playbook": "restart"})").problems,
                ElementsAre(HasSubstr("target")));
}

TEST(PlanRequest, GivesPeopleLongerToAnswerThanPrograms) {
    const auto checked = parse_plan_request(
        R"({"playbook": "p", "target": "t", "steps": [
            {"name": "a", "run": {"effector": "ask", "target": "responder"}},
            {"name": "b", "run": {"effector": "ask", "target": "responder", "timeout": "1m"}},
            {"name": "c", "run": {"effector": "http", "target": "http://a/"}}]})");

    const std::vector<model::Step>& steps = checked.value.proposal.plan.steps;
    ASSERT_EQ(steps.size(), 3U);
    EXPECT_EQ(steps[0].run.timeout, std::chrono::minutes(15));
    EXPECT_EQ(steps[1].run.timeout, std::chrono::minutes(1));
    EXPECT_EQ(steps[2].run.timeout, std::chrono::seconds(30));
}

}  // namespace nocturne::gateway
