// Playbooks: from an incident to a plan, and what a hostile one gets.
#include "model/run.hpp"
#include "plugins/plugin.hpp"
#include "tests/plugins/small_world.hpp"

#include <string>
#include <utility>
#include <vector>

namespace nocturne::plugins {

using model::Effector;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

namespace {

// Restarts what is suspected, by a program.
constexpr const char* kRestart = R"(
return {
  name = "restart", version = "1.2.0", kind = "playbook", api = 1, mode = "approve",
  summary = "restarts an instance", risk = "low", reversible = true,
  prose = "Restarts it.\nIt takes a minute.",
  when = {
    incident = 'severity=~"major|critical"',
    suspect = 'type="database", rack=~"r.*"',
    alert = 'check="latency"',
    confidence_min = 0.5,
  },
  wants = { graph = true, changes = true, history = true,
            effectors = {"command:{program}", "check", "notify"} },
  parameters = {
    program = { type = "string", default = "restart-unit", help = "the program" },
    patience = { type = "string", default = "2m", help = "until it is well" },
  },
  limits = { cooldown = "30m", runs_max = 3, runs_window = "2h", blast_share_max = 0.2,
             healthy_min = 2, dependents_max = 9, confidence_min = 0.8, approvals = 2,
             approver = "admin", approval_ttl = "5m" },

  plan = function(incident, ctx)
    local node <const> = ctx.suspect.resource
    return {
      summary = "restart " .. node .. " for " .. incident.title,
      steps = {
        { name = "restart " .. node, idempotent = true,
          run = nocturne.action.command{ctx.parameters.program, unit = node, tries = 3},
          verify = nocturne.action.check{url = "http://" .. node .. "/health", every = "2s",
                                         timeout = ctx.parameters.patience} },
        { name = "tell", node = "orders",
          run = nocturne.action.notify{channel = "ops", text = "restarted " .. node} },
      },
    }
  end,
}
)";

// plan() with this body, and what a playbook may want.
std::string planning(std::string_view body, std::string_view before = "") {
    return std::string(before) + R"(
return { name = "test", version = "1.0.0", kind = "playbook", api = 1,
  wants = { graph = true, changes = true, history = true,
            effectors = {"command", "http", "check", "notify", "silence"} },
  plan = function(incident, ctx) )" +
           std::string(body) + "\nend }";
}

// A plan with this one action.
std::string acting(std::string_view action) {
    return planning("return { summary = 's', steps = { { name = 'a', run = " + std::string(action) +
                    " } } }");
}

}  // namespace

class PlaybookTest : public PluginTest {
   public:
    PlaybookTest() {
        suspects.resize(1);
        suspects[0].resource = "orders-db";
        suspects[0].score = 0.8;
        suspects[0].kind = model::CauseKind::Infrastructure;
        suspects[0].evidence = {{"explains", 1.0, "explains 3 of 3 alerts"}};
        alerts = {
            {"A1-0", "orders-db", "latency", "slow", model::Severity::Major, true, world.time},
            {"A2-0", "web", "errors", "500s", model::Severity::Critical, false, world.time}};
    }

    IncidentSight incident() const {
        IncidentSight sight;
        sight.id = "I1042-3";
        sight.title = "slow orders";
        sight.severity = model::Severity::Critical;
        sight.opened_at = world.time;
        sight.confidence = 0.7;
        sight.alerts = alerts;
        sight.suspects = suspects;
        return sight;
    }

    const PlanAnswer& plan() { return plugin->plan(incident(), world); }

    const PlanAnswer& plan_of(std::string text) {
        load(std::move(text));
        return plan();
    }

    // The message of an answer that is an error.
    std::string error_of(std::string text) {
        const PlanAnswer& answer = plan_of(std::move(text));
        EXPECT_EQ(answer.verdict, Verdict::Error);
        EXPECT_FALSE(answer.plan.has_value());
        return answer.message;
    }

    std::string why_not() {
        std::string why;
        const bool is_mine = plugin->is_for(incident(), world, &why);
        EXPECT_EQ(is_mine, why.empty());
        return why;
    }

    std::vector<model::Suspect> suspects;
    std::vector<IncidentSight::Alert> alerts;
};

// ---- the table ----

TEST_F(PlaybookTest, ReadsWhatTheTableSays) {
    const Manifest& manifest = load(kRestart).manifest();

    EXPECT_EQ(manifest.kind, PluginKind::Playbook);
    const Playbook& playbook = manifest.playbook;
    EXPECT_EQ(playbook.risk, model::Risk::Low);
    EXPECT_TRUE(playbook.reversible);
    EXPECT_EQ(playbook.prose, "Restarts it.\nIt takes a minute.");
    EXPECT_EQ(playbook.when.suspect.size(), 2U);
    EXPECT_EQ(playbook.when.confidence_min, 0.5);
    EXPECT_FALSE(playbook.when.seen);
    model::RunLimits limits;
    limits.cooldown = std::chrono::minutes(30);
    limits.runs_max = 3;
    limits.runs_window = std::chrono::hours(2);
    limits.blast_share_max = 0.2;
    limits.healthy_min = 2;
    limits.dependents_max = 9;
    limits.confidence_min = 0.8;
    limits.approvals = 2;
    limits.approver = model::Role::Admin;
    limits.approval_ttl = std::chrono::minutes(5);
    EXPECT_EQ(playbook.limits, limits);
}

TEST_F(PlaybookTest, IsHighRiskObservedAndLimitedWhenItsTableSaysNothing) {
    load(planning("return nil, 'never'"));

    const Playbook& playbook = plugin->manifest().playbook;
    EXPECT_EQ(playbook.risk, model::Risk::High);
    EXPECT_FALSE(playbook.reversible);
    EXPECT_EQ(playbook.limits, model::RunLimits());
    EXPECT_EQ(plugin->propose({}).mode, model::RunMode::Observe);
}

TEST_F(PlaybookTest, NamesEachProblemOfItsTableWithItsLine) {
    const auto loaded = try_load(R"(return {
  name = "bad", version = "1.0.0", kind = "playbook", api = 1,
  risk = "none",
  on_event = print,
  prose = "a\0b",
  when = {
    incident = 'serverity="major"',
    suspect = 'type=~"("',
    alert = 'check=',
    confidence_min = 1.5,
    sen = true,
  },
  wants = {
    writes = {"annotations"},
    effectors = {"htttp", "command:{program}", "command:"},
  },
  limits = {
    cooldown = 600,
    approvals = 0,
    approver = "viewer",
    blast_share_max = 2,
    runs_window = "2d",
  },
})");

    ASSERT_FALSE(loaded.has_value());
    const std::string text = to_string(loaded.error());
    for (const char* part :
         {"plugins/test.lua:3: risk: found \"none\"; expected one of low, medium, high",
          "plugins/test.lua:4: on_event: is for detectors and enrichers",
          "plugins/test.lua:5: prose: has control characters",
          "plugins/test.lua:7: when.incident: there is no \"serverity\"; did you mean "
          "\"severity\"?",
          "plugins/test.lua:8: when.suspect: ",
          "plugins/test.lua:10: when.confidence_min: found 1.5; expected 0 to 1",
          "plugins/test.lua:11: when.sen: unknown key; did you mean \"seen\"?",
          "plugins/test.lua:14: wants.writes: is for detectors and enrichers",
          "plugins/test.lua:15: wants.effectors: found \"htttp\"; expected one of http, command",
          "{program} is not the name of a parameter", "found \"command:\"; expected an effector",
          "plugins/test.lua:18: limits.cooldown: found 600; expected a time such as \"10m\"",
          "plugins/test.lua:19: limits.approvals: found 0; expected a whole number from 1 to 10",
          "plugins/test.lua:20: limits.approver: found \"viewer\"; expected one of responder",
          "plugins/test.lua:21: limits.blast_share_max: found 2; expected 0 to 1",
          "plugins/test.lua:22: limits.runs_window: found \"2d\"",
          "plan: a playbook needs a function plan(incident, ctx)"}) {
        EXPECT_THAT(text, HasSubstr(part));
    }
}

TEST_F(PlaybookTest, RefusesConditionsThatNeverHold) {
    std::string text = planning("return nil");
    text.insert(text.find("wants"),
                "when = { incident = 'severity=\"magor\", state!=\"closed\"', suspect = "
                "'kind=\"deploy\", silent=\"yes\"', alert = 'severity=\"bad\"' }, ");
    const auto loaded = try_load(text);

    ASSERT_FALSE(loaded.has_value());
    const std::string message = to_string(loaded.error());
    for (const char* part :
         {"when.incident: severity is never \"magor\"; did you mean \"major\"?",
          "when.incident: state is never \"closed\"", "when.suspect: kind is never \"deploy\"",
          "when.suspect: silent is never \"yes\"", "when.alert: severity is never \"bad\""}) {
        EXPECT_THAT(message, HasSubstr(part));
    }
}

TEST_F(PlaybookTest, LeavesItsKeysToPlaybooks) {
    const auto loaded = try_load(
        enricher("on_event = print, plan = print, risk = 'low', wants = { effectors = {'http'} }"));

    ASSERT_FALSE(loaded.has_value());
    const std::string text = to_string(loaded.error());
    EXPECT_THAT(text, HasSubstr("plan: is for playbooks"));
    EXPECT_THAT(text, HasSubstr("risk: is for playbooks"));
    EXPECT_THAT(text, HasSubstr("wants.effectors: is for playbooks"));
}

// ---- when ----

TEST_F(PlaybookTest, IsForWhatItsTableSays) {
    load(kRestart);

    EXPECT_EQ(why_not(), "");
}

TEST_F(PlaybookTest, TellsWhichConditionDoesNotHold) {
    load(kRestart);

    IncidentSight mild = incident();
    mild.severity = model::Severity::Minor;
    std::string why;
    EXPECT_FALSE(plugin->is_for(mild, world, &why));
    EXPECT_THAT(why, HasSubstr("incident: severity is \"minor\", wanted"));

    suspects[0].resource = "orders";
    EXPECT_THAT(why_not(), HasSubstr("first suspect orders: type is \"service\", wanted"));
    suspects[0].resource = "somewhere";
    EXPECT_THAT(why_not(), HasSubstr("type is \"\""));
    suspects.clear();
    EXPECT_EQ(why_not(), "the incident has no suspect");
}

TEST_F(PlaybookTest, WantsAnAlertThatStillFires) {
    load(kRestart);
    alerts[0].is_firing = false;

    EXPECT_THAT(why_not(), HasSubstr("none of its alerts fires and is"));
}

TEST_F(PlaybookTest, WantsConfidence) {
    load(kRestart);
    IncidentSight doubtful = incident();
    std::string why;

    doubtful.confidence = 0.49;
    EXPECT_FALSE(plugin->is_for(doubtful, world, &why));
    EXPECT_EQ(why, "confidence is 49 %, wanted 50 %");
    doubtful.confidence = std::numeric_limits<double>::quiet_NaN();
    EXPECT_FALSE(plugin->is_for(doubtful, world));
}

TEST_F(PlaybookTest, CanWantWhatWasSeenBefore) {
    std::string text = planning("return nil");
    text.insert(text.find("wants"), "when = { seen = true }, ");
    load(text);

    EXPECT_EQ(why_not(), "no past incident with a known cause is like it");
    world.past = {{"I1-0", world.time, "disk full", 0.4}};
    EXPECT_EQ(why_not(), "no past incident with a known cause is like it");
    world.past = {{"I1-0", world.time, "disk full", 0.5}};
    EXPECT_EQ(why_not(), "");
}

TEST_F(PlaybookTest, LooksAtStateKindAndSilence) {
    std::string text = planning("return nil");
    text.insert(text.find("wants"),
                "when = { incident = 'state!=\"acknowledged\", title=~\"slow.*\"', suspect = "
                "'kind=\"infrastructure\", silent=\"false\", owner=\"data\"' }, ");
    load(text);

    EXPECT_EQ(why_not(), "");
    suspects[0].silent = true;
    EXPECT_THAT(why_not(), HasSubstr("silent is \"true\""));
    IncidentSight known = incident();
    known.state = model::IncidentState::Acknowledged;
    EXPECT_FALSE(plugin->is_for(known, world));
}

// ---- plans ----

TEST_F(PlaybookTest, PlansExactSteps) {
    const PlanAnswer& answer = plan_of(kRestart);

    ASSERT_EQ(answer.verdict, Verdict::Ok) << answer.message;
    ASSERT_TRUE(answer.plan.has_value());
    const model::Plan& plan = *answer.plan;
    EXPECT_EQ(plan.playbook, "restart");
    EXPECT_EQ(plan.version, plugin->hash());
    EXPECT_EQ(plan.incident, (model::Id{1042, 3}));
    EXPECT_EQ(plan.target, "orders-db");
    EXPECT_EQ(plan.summary, "restart orders-db for slow orders");
    EXPECT_EQ(plan.prose, "Restarts it.\nIt takes a minute.");
    EXPECT_EQ(plan.risk, model::Risk::Low);
    EXPECT_TRUE(plan.reversible);
    EXPECT_THAT(plan.preconditions,
                ElementsAre(Pair("first_suspect", "orders-db"), Pair("incident_state", "active")));
    ASSERT_EQ(plan.steps.size(), 2U);
    const model::Step& restart = plan.steps[0];
    EXPECT_EQ(restart.name, "restart orders-db");
    EXPECT_EQ(restart.node, "orders-db");
    EXPECT_TRUE(restart.idempotent);
    EXPECT_EQ(restart.run, (model::Action{Effector::Command,
                                          "restart-unit",
                                          {{"tries", "3"}, {"unit", "orders-db"}},
                                          std::chrono::seconds(30)}));
    EXPECT_EQ(restart.verify, (model::Action{Effector::Check,
                                             "http://orders-db/health",
                                             {{"every", "2s"}},
                                             std::chrono::minutes(2)}));
    EXPECT_FALSE(restart.undo.has_value());
    EXPECT_EQ(plan.steps[1].node, "orders");
    EXPECT_FALSE(plan.steps[1].idempotent);
}

TEST_F(PlaybookTest, ProposesWithItsModeLimitsAndCapabilities) {
    options.settings = {{"program", "restart-pod", "", ""},
                        {"program", "restart-db", "type=\"database\"", ""}};
    const PlanAnswer& answer = plan_of(kRestart);

    ASSERT_TRUE(answer.plan.has_value()) << answer.message;
    EXPECT_EQ(answer.plan->steps[0].run.target, "restart-db");
    const model::PlanProposed proposed = plugin->propose(*answer.plan);
    EXPECT_EQ(proposed.by, "restart");
    EXPECT_EQ(proposed.from, model::kFromPlaybook);
    EXPECT_EQ(proposed.mode, model::RunMode::Approve);
    EXPECT_EQ(proposed.limits.approvals, 2U);
    EXPECT_THAT(proposed.capabilities,
                ElementsAre("command:restart-pod", "command:restart-db", "check", "notify"));
}

TEST_F(PlaybookTest, SaysWhyItHasNoPlan) {
    const PlanAnswer& answer = plan_of(planning("return nil, 'it was\\na deploy'"));

    EXPECT_EQ(answer.verdict, Verdict::Ok);
    EXPECT_FALSE(answer.plan.has_value());
    EXPECT_EQ(answer.why_not, "it was\\na deploy");
    EXPECT_EQ(plan_of(planning("return nil")).why_not, "it did not say why");
}

TEST_F(PlaybookTest, SeesGraphChangesAndThePast) {
    world.changes = {{world.time, "orders", "deploy", "version 42"}};
    world.past = {{"I1-0", world.time, "disk full", 0.9}};
    const PlanAnswer& answer = plan_of(planning(R"(
        local up = nocturne.graph.dependents(ctx.suspect.resource)[1]
        return nil, table.concat({up, nocturne.changes(up)[1].summary, nocturne.past()[1].cause,
                                  incident.state, incident.suspects[1].evidence[1].text,
                                  nocturne.now()}, "; "))"));

    EXPECT_EQ(answer.why_not,
              "orders; version 42; disk full; open; explains 3 of 3 alerts; 1000000000000");
}

TEST_F(PlaybookTest, MakesEveryKindOfAction) {
    const PlanAnswer& answer = plan_of(planning(R"lua(
        local a <const> = nocturne.action
        local actions <const> = {
          a.http{url = "https://lb.example/pools/orders", method = "PUT", timeout = "1m30s",
                 body = {weight = 0, nodes = {"a", "b"}}, expect_status = 200,
                 headers = {Authorization = "Bearer ${secret:LB_TOKEN}"}},
          a.wait{"5m"},
          a.ask{role = "responder", question = "is it\ndrained?"},
          a.silence{matchers = 'resource="orders-db"', duration = "30m", comment = "restart"},
          a.check{"is-primary", node = "orders-db"},
          { effector = "command", target = "x", arguments = { timeout = "5" }, timeout = "10s" },
        }
        local steps = {}
        for i, action in ipairs(actions) do
          steps[i] = { name = "step " .. i, run = action, undo = actions[1] }
        end
        return { target = "orders", summary = "all", steps = steps,
                 preconditions = { target_present = "yes" } })lua"));

    ASSERT_TRUE(answer.plan.has_value()) << answer.message;
    const std::vector<model::Step>& steps = answer.plan->steps;
    EXPECT_EQ(answer.plan->target, "orders");
    EXPECT_THAT(answer.plan->preconditions, ElementsAre(Pair("target_present", "yes")));
    EXPECT_EQ(steps[0].run, (model::Action{Effector::Http,
                                           "https://lb.example/pools/orders",
                                           {{"method", "PUT"},
                                            {"body", R"({"nodes":["a","b"],"weight":0})"},
                                            {"expect_status", "200"},
                                            {"header.Authorization", "Bearer ${secret:LB_TOKEN}"}},
                                           std::chrono::seconds(90)}));
    EXPECT_EQ(steps[1].run,
              (model::Action{Effector::Wait, "", {{"for", "5m"}}, std::chrono::minutes(6)}));
    EXPECT_EQ(steps[2].run, (model::Action{Effector::Ask,
                                           "responder",
                                           {{"question", "is it\ndrained?"}},
                                           std::chrono::minutes(15)}));
    EXPECT_EQ(steps[3].run,
              (model::Action{
                  Effector::Silence,
                  "",
                  {{"matchers", "resource=\"orders-db\""}, {"for", "30m"}, {"comment", "restart"}},
                  std::chrono::seconds(30)}));
    EXPECT_EQ(
        steps[4].run,
        (model::Action{
            Effector::Check, "is-primary", {{"node", "orders-db"}}, std::chrono::seconds(30)}));
    EXPECT_EQ(
        steps[5].run,
        (model::Action{Effector::Command, "x", {{"timeout", "5"}}, std::chrono::seconds(10)}));
    EXPECT_EQ(steps[5].undo, steps[0].run);
}

TEST_F(PlaybookTest, GivesTheSameIncidentTheSamePlan) {
    load(planning(R"(
        calls = (calls or 0) + 1
        kept[#kept + 1] = calls
        return { summary = "call " .. calls .. " " .. #kept .. " " .. math.random(1000000),
                 steps = { { name = "a", run = nocturne.action.http{url = "http://a/"} } } })",
                  "local kept = {}"));

    const std::string first = model::hash_of(plan().plan.value());
    EXPECT_EQ(model::hash_of(plan().plan.value()), first);
    suspects[0].resource = "orders";
    EXPECT_NE(model::hash_of(plan().plan.value()), first);
    suspects[0].resource = "orders-db";
    load(plugin->source().text);
    EXPECT_EQ(model::hash_of(plan().plan.value()), first);
}

TEST_F(PlaybookTest, GivesPeopleLongerToAnswerThanPrograms) {
    for (const auto& [action, timeout] : std::vector<std::pair<const char*, model::Duration>>{
             {"nocturne.action.ask{role = 'responder', question = '?'}", std::chrono::minutes(15)},
             {"{effector = 'ask', target = 'responder', arguments = {question = '?'}}",
              std::chrono::minutes(15)},
             {"nocturne.action.ask{role = 'responder', question = '?', timeout = '5m'}",
              std::chrono::minutes(5)},
             {"{effector = 'http', target = 'http://a/'}", std::chrono::seconds(30)}}) {
        const PlanAnswer& answer = plan_of(acting(action));
        ASSERT_TRUE(answer.plan.has_value()) << answer.message;
        EXPECT_EQ(answer.plan->steps[0].run.timeout, timeout) << action;
    }
}

// ---- what hostile and careless ones get ----

TEST_F(PlaybookTest, RefusesTenThousandSteps) {
    const std::string message = error_of(planning(R"(
        local steps = {}
        for i = 1, 10000 do
          steps[i] = { name = "s" .. i, run = { effector = "http", target = "http://a/" } }
        end
        return { summary = "much", steps = steps })"));

    EXPECT_THAT(message, HasSubstr("steps: 10000 of them; expected 1 to 100"));
}

TEST_F(PlaybookTest, TellsTheAuthorsLineForAWrongAction) {
    for (const auto& [action, message] : std::vector<std::pair<const char*, const char*>>{
             {"nocturne.action.http{url = 'http://a/', methd = 'GET'}",
              "there is no argument \"methd\"; did you mean \"method\"?"},
             {"nocturne.action.http{url = 'http://a/', method = 'get'}",
              "method: found \"get\"; expected one of GET, POST"},
             {"nocturne.action.http{}", "target (the url) is missing"},
             {"nocturne.action.http{url = 'cart-1'}", "expected one such as \"http://"},
             {"nocturne.action.http{'http://a/'}", "takes names, such as { url ="},
             {"nocturne.action.http('http://a/')", "takes one table, such as { url ="},
             {"nocturne.action.http{url = 'http://a/', timeout = 30}",
              "timeout: found a number; expected a time such as \"30s\""},
             {"nocturne.action.http{url = 'http://a/', timeout = '2d'}", "timeout: found \"2d\""},
             {"nocturne.action.http{url = 'http://a/', body = {0/0}}", "must be finite"},
             {"nocturne.action.http{url = 'http://a/', body = print}", "body: found a function"},
             {"nocturne.action.command{'x', n = 0/0}", "n: must be finite, not infinite or NaN"},
             {"nocturne.action.command{'x', n = {}}", "n: found a table"},
             {"nocturne.action.command{'x', 'y'}", "has a key that is a number"},
             {"nocturne.action.command{'x\\n'}", "target (the name of the program) has control"},
             {"nocturne.action.command{'x', unit = 'a\\nb'}", "unit has control characters"},
             {"nocturne.action.http{url='http://a/', headers = {A = 'x\\r\\nB: y'}}",
              "header.A has control characters"},
             {"nocturne.action.http{url = 'http://a/\\0'}", "target (the url) has control"},
             {"nocturne.action.notify{channel = 'ops', text = 'a\\27[2J'}", "text has control"},
             {"nocturne.action.notify{channel = 'ops'}", "argument text is missing"},
             {"nocturne.action.wait{'soon'}", "for: found \"soon\"; expected a time"},
             {"nocturne.action.wait{'24h'}", "for: found \"24h\"; expected a time"},
             {"nocturne.action.wait{}", "argument for is missing"},
             {"nocturne.action.ask{role = 'viewer', question = '?'}",
              "target (the role): found \"viewer\"; expected one of responder"},
             {"nocturne.action.silence{matchers = '=', duration = '1h'}", "matchers: "},
             {"nocturne.action.silence{matchers = 'a=\"b\"'}", "argument for is missing"},
             {"nocturne.action.check{url = 'http://a/', body = 'x'}",
              "there is no argument \"body\""},
             {"nocturne.action.http(setmetatable({url = 'http://a/'}, {}))", "has a metatable"},
             {"nocturne.action.htp{}", "nocturne.action has no \"htp\"; did you mean \"http\"?"},
         }) {
        const std::string found = error_of(acting(action));
        EXPECT_THAT(found, HasSubstr(message)) << action;
        EXPECT_THAT(found, HasSubstr("test.lua:5:")) << action;
    }
}

TEST_F(PlaybookTest, TellsWhereAPlanIsNone) {
    for (const auto& [body, message] : std::vector<std::pair<const char*, const char*>>{
             {"return 7", "found a number; expected { summary = ..., steps = {...} }"},
             {"return false, 'no'", "found a boolean; expected { summary"},
             {"return nil, {}", "plan returned nil and a table"},
             {"return {}", "summary is missing"},
             {"return { summary = 's' }", "steps: found a nil; expected a list of steps"},
             {"return { summary = 's', steps = {} }", "steps: 0 of them; expected 1 to 100"},
             {"return { summary = 's', step = {} }",
              "unknown key \"step\"; did you mean \"steps\""},
             {"return { summary = 's', incident = 'I1', steps = {} }", "unknown key \"incident\""},
             {"return { summary = 's\\n', steps = {} }", "summary: has control characters"},
             {"return { summary = 's', steps = { { name = 'a' } } }",
              "steps[1].run: found a nil; expected an action"},
             {"return { summary = 's', steps = { { run = {} } } }", "steps[1]: name is missing"},
             {"return { summary = 's', steps = { 1 } }", "steps[1]: found a number"},
             {"return { summary = 's', steps = { {name='a', run={effector='http', "
              "target='http://a/'}}, nil, {} } }",
              "steps["},
             {"return { summary = 's', steps = { [1.5] = {} } }", "steps: 0 of them"},
             {"return { summary = 's', steps = { {name='a', run={effector='rm', target='x'}} } }",
              "steps[1].run: effector: found \"rm\"; expected one of http, command"},
             {"return { summary = 's', steps = { {name='a', run={target='x'}} } }",
              "steps[1].run: effector is missing"},
             {"return { summary = 's', steps = { {name='a', run={effector='command', target='x', "
              "arguments={a={}}}} } }",
              "steps[1].run: arguments.a: found a table"},
             {"return { summary = 's', preconditions = { first_suspct = 'x' }, steps = {} }",
              "preconditions: unknown key \"first_suspct\"; did you mean \"first_suspect\"?"},
             {"return { summary = 's', target = 7, steps = {} }", "target: found a number"},
         }) {
        EXPECT_THAT(error_of(planning(body)), HasSubstr(message)) << body;
    }
}

TEST_F(PlaybookTest, RefusesStepsOfOneName) {
    EXPECT_THAT(error_of(planning(R"(
        local step = { name = "a", run = nocturne.action.http{url = "http://a/"} }
        return { summary = "s", steps = { step, step } })")),
                HasSubstr("steps[2]: two steps are called \"a\""));
}

TEST_F(PlaybookTest, RefusesCyclesAndMetatables) {
    EXPECT_THAT(error_of(planning("local plan = { summary = 's' } plan.steps = plan return plan")),
                HasSubstr("steps: 0 of them"));
    EXPECT_THAT(error_of(planning("local step = { name = 's' } step.run = step "
                                  "return { summary = 's', steps = { step } }")),
                HasSubstr("steps[1].run: effector is missing"));
    EXPECT_THAT(error_of(planning("return setmetatable({}, { __index = function(t, k) "
                                  "while true do end end })")),
                HasSubstr("has a metatable; plans are plain tables"));
    EXPECT_THAT(
        error_of(planning("return { summary = 's', steps = setmetatable({}, { __len = function() "
                          "return 1 end, __index = function() return {} end }) }")),
        HasSubstr("steps: has a metatable"));
}

TEST_F(PlaybookTest, LetsShellCharactersPassAsData) {
    const PlanAnswer& answer = plan_of(acting(
        R"(nocturne.action.command{"restart-unit", unit = "a; rm -rf / $(reboot) `x` | '\"'"})"));

    ASSERT_TRUE(answer.plan.has_value()) << answer.message;
    EXPECT_EQ(answer.plan->steps[0].run.arguments.at("unit"), "a; rm -rf / $(reboot) `x` | '\"'");
}

TEST_F(PlaybookTest, RefusesHugeTexts) {
    EXPECT_THAT(
        error_of(acting("nocturne.action.http{url = 'http://a/', body = ('x'):rep(70000)}")),
        HasSubstr("body: has 70000 bytes; at most 65536"));
    EXPECT_THAT(error_of(acting("nocturne.action.http{url = 'http://' .. ('x'):rep(3000)}")),
                HasSubstr("at most 2048"));
    EXPECT_THAT(error_of(planning("return { summary = ('x'):rep(513), steps = {} }")),
                HasSubstr("summary: has 513 bytes; expected 1 to 512"));
    EXPECT_THAT(error_of(planning(R"(
        local steps = {}
        for i = 1, 3 do
          steps[i] = { name = "s" .. i,
                       run = nocturne.action.http{url = "http://a/", body = ("x"):rep(60000)} }
        end
        return { summary = "much", steps = steps })")),
                HasSubstr("steps[3]: the plan has more than 128 KiB"));
}

TEST_F(PlaybookTest, NeedsTheCapabilityOfEachAction) {
    std::string text = planning(
        "return { summary = 's', steps = { { name = 'a', run = nocturne.action.wait{'1s'}, undo = "
        "nocturne.action.command{'reboot'} } } }");
    const std::string all =
        "effectors = {\"command\", \"http\", \"check\", \"notify\", \"silence\"}";
    text.replace(text.find(all), all.size(), "effectors = {\"command:restart-unit\"}");

    EXPECT_THAT(error_of(text), HasSubstr("step \"a\": not allowed; add wants = { effectors = "
                                          "{\"command:reboot\"} }"));
}

TEST_F(PlaybookTest, CannotActWhileItPlans) {
    for (const char* call : {"nocturne.annotate('a', 'b')", "nocturne.set_label('a', 'b')",
                             "nocturne.set_resource('a')", "nocturne.set_severity('info')",
                             "nocturne.emit{resource = 'a'}"}) {
        EXPECT_THAT(error_of(planning(call)), HasSubstr("a playbook only plans")) << call;
    }
}

TEST_F(PlaybookTest, KeepsNothing) {
    EXPECT_THAT(error_of(planning("nocturne.state.seen = 1 return nil, 'later'")),
                HasSubstr("a playbook keeps nothing"));
}

TEST_F(PlaybookTest, IsEndedWhenItPlansForEver) {
    options.counting = Counting::Instructions;
    const PlanAnswer& answer = plan_of(planning(R"(
        if incident.title == "slow orders" then pcall(function() while true do end end) end
        return nil, "not mine")"));

    EXPECT_EQ(answer.verdict, Verdict::KilledTime);
    EXPECT_FALSE(answer.plan.has_value());
    IncidentSight other = incident();
    other.title = "another";
    EXPECT_EQ(plugin->plan(other, world).why_not, "not mine");
    EXPECT_EQ(plugin->account().kills, 1U);
    EXPECT_EQ(plugin->account().calls, 2U);
}

TEST_F(PlaybookTest, IsEndedWhenItEatsMemory) {
    const PlanAnswer& answer = plan_of(planning("local t = {} while true do t[#t + 1] = {} end"));

    EXPECT_EQ(answer.verdict, Verdict::KilledMemory);
    EXPECT_FALSE(answer.plan.has_value());
}

TEST_F(PlaybookTest, TellsWhereItFailed) {
    const PlanAnswer& answer = plan_of(planning("error('no way')"));

    EXPECT_EQ(answer.verdict, Verdict::Error);
    EXPECT_THAT(answer.message, HasSubstr("plugins/test.lua:5: no way"));
    EXPECT_THAT(answer.traceback, HasSubstr("test.lua:5"));
    EXPECT_EQ(plugin->account().errors, 1U);
}

TEST_F(PlaybookTest, LogsWhilePlanning) {
    plan_of(planning("print('looked at', incident.id) return nil", "print('loaded')"));

    EXPECT_EQ(plugin->take_log(), "loaded\nlooked at I1042-3\n");
    EXPECT_EQ(plugin->take_log(), "");
}

TEST_F(PlaybookTest, NeedsATargetWhenNobodyIsSuspected) {
    suspects.clear();
    const std::string steps =
        "steps = { { name = 'a', run = nocturne.action.http{url = 'http://a/'} } }";

    EXPECT_THAT(error_of(planning("return { summary = 's', " + steps + " }")),
                HasSubstr("target is missing, and the incident has no suspect"));
    const PlanAnswer& answer = plan_of(planning("assert(ctx.suspect == nil) return { target = "
                                                "incident.alerts[1].resource, summary = 's', " +
                                                steps + " }"));
    ASSERT_TRUE(answer.plan.has_value()) << answer.message;
    EXPECT_EQ(answer.plan->target, "orders-db");
    EXPECT_THAT(answer.plan->preconditions, ElementsAre(Pair("incident_state", "active")));
}

TEST_F(PlaybookTest, ReadsOperatorsTables) {
    options.tables = {{"units.csv", {"node", "unit"}, {{"orders-db", "postgres@orders"}}}};
    std::string text = planning("return nil, nocturne.table('units.csv')['orders-db'].unit");
    text.insert(text.find("graph = true"), "tables = {'units.csv'}, ");

    EXPECT_EQ(plan_of(text).why_not, "postgres@orders");
    EXPECT_EQ(plan().why_not, "postgres@orders");
}

TEST_F(PlaybookTest, IsNoOtherPluginsKind) {
    load(enricher("on_event = function() end"));

    std::string why;
    EXPECT_FALSE(plugin->is_for(incident(), world, &why));
    EXPECT_EQ(why, "it is no playbook");
    EXPECT_EQ(plan().verdict, Verdict::Refused);
    load(kRestart);
    EXPECT_FALSE(call().was_called);
}

}  // namespace nocturne::plugins
