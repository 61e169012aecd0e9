// Tests of plugins as their authors write them, run as `nocturne test` does.
#include "plugins/test_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace nocturne::plugins {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TestFileTest : public ::testing::Test {
   public:
    // The failures of a file with these tests, in their order; "" for what passed.
    std::vector<std::string> run(const std::string& tests, LineCoverage* coverage = nullptr) {
        const FindPlugin find = [this](std::string_view name) -> Result<PluginSource> {
            const std::string file = name.empty() ? "owner.lua" : std::string(name);
            const auto text = files.find(file);
            if (text == files.end()) {
                return fail(ErrorCode::NotFound, file + ": cannot be read");
            }
            return PluginSource{"plugins/" + file, text->second, {}};
        };
        std::vector<std::string> failures;
        for (const TestOutcome& test :
             run_test_file({"plugins/owner_test.lua", tests, {}}, find, coverage)) {
            failures.push_back(test.failure);
        }
        return failures;
    }

    // One test with this body.
    std::string run_body(const std::string& body) {
        return run("return { [\"one\"] = function(t)\n" + body + "\nend }").front();
    }

    static std::string plugin(const std::string& fields, const std::string& before = "") {
        return before + "\nreturn { name = \"owner\", version = \"1.0.0\", kind = \"detector\", " +
               "api = 1, mode = \"auto\", " + fields + " }";
    }

    std::map<std::string, std::string> files{{"owner.lua", R"(return {
  name = "owner", version = "1.0.0", kind = "enricher", api = 1, mode = "auto",
  wants = { graph = true, changes = true, history = true,
            writes = { "annotations", "labels", "severity", "resource", "events" } },
  parameters = { name = { type = "string", default = "owner" } },
  on_event = function(event, parameters)
    print("owner of " .. event.resource)
    nocturne.annotate(parameters.name, nocturne.graph.owner(event.resource) or "nobody")
    local change = nocturne.changes(event.resource, 1)[1]
    if change then
      nocturne.annotate("changed_s_ago", (nocturne.now() - change.time) // 1000)
      nocturne.set_label("changed", change.what)
      nocturne.set_severity("critical")
      nocturne.set_resource("moved")
      nocturne.emit{ resource = "web", check = "seen", value = 5, labels = { a = "b" } }
    end
  end,
  on_incident = function(incident)
    nocturne.annotate("first", incident.suspects[1].resource .. " " .. incident.alerts[1].check)
    nocturne.annotate("before", nocturne.past(1)[1].cause)
  end,
})"}};
};

TEST_F(TestFileTest, TellsWhatAPlaybookWouldDo) {
    files["owner.lua"] = R"(return {
  name = "restart", version = "1.0.0", kind = "playbook", api = 1, mode = "approve", risk = "low",
  when = { incident = 'state="reopened"', suspect = 'type="instance", silent="true"' },
  wants = { changes = true, effectors = { "command:{program}" } },
  parameters = { program = { type = "string", default = "restart" } },
  plan = function(incident, ctx)
    if #nocturne.changes(ctx.suspect.resource) > 0 then
      return nil, "it has changed: " .. ctx.suspect.evidence[1].text
    end
    return { summary = "restart it", steps = { {
      name = "restart", run = nocturne.action.command{ctx.parameters.program, n = 1} } } }
  end,
})";
    const std::string setting = R"(
      t.plugin{ program = "reboot" }
      t.graph{ { name = "cart-1", type = "instance" } }
      local incident = { id = "I7-0", state = "reopened", suspects = { { resource = "cart-1",
        silent = true, kind = "data", evidence = { { name = "change", text = "deploy" } } } } }
    )";

    EXPECT_EQ(run_body(setting + R"(
      t.equal(t.plan(incident), {
        target = "cart-1", summary = "restart it", risk = "low",
        capabilities = { "command:reboot" },
        preconditions = { incident_state = "active", first_suspect = "cart-1" },
        steps = { { name = "restart", node = "cart-1", idempotent = false, run = {
          effector = "command", target = "reboot", arguments = { n = "1" }, timeout = "30s" } } },
      }))"),
              "");
    EXPECT_EQ(run_body(setting + R"(
      t.change{ resource = "cart-1" }
      local plan, why = t.plan(incident)
      t.equal(plan, nil)
      t.equal(why, "it has changed: deploy"))"),
              "");
    EXPECT_EQ(run_body(setting + R"(
      incident.state = "open"
      local plan, why = t.plan(incident)
      t.equal(why, 'incident: state is "open", wanted state="reopened"'))"),
              "");
    EXPECT_THAT(run_body(setting + "incident.state = 'closed' t.plan(incident)"),
                HasSubstr("t.plan: state \"closed\" is not one of open, acknowledged"));
    EXPECT_THAT(run_body(setting + "incident.suspects[1].kind = 'bad' t.plan(incident)"),
                HasSubstr("t.plan: kind \"bad\" is not one of unknown, infrastructure"));
}

TEST_F(TestFileTest, FailsWhereAPlanIsNone) {
    files["owner.lua"] = R"(return {
  name = "restart", version = "1.0.0", kind = "playbook", api = 1,
  plan = function(incident, ctx)
    return { summary = "s", steps = {} }
  end,
})";

    EXPECT_THAT(run_body("t.plan{ suspects = { { resource = 'a' } } }"),
                HasSubstr("plugins/owner_test.lua:2: plugins/owner.lua: plan returned a plan that "
                          "is none: steps: 0 of them; expected 1 to 100"));
}

TEST_F(TestFileTest, PlansWithPlaybooksOnly) {
    EXPECT_THAT(run_body("t.plan{}"), HasSubstr("t.plan is for playbooks; this is enricher"));
}

TEST_F(TestFileTest, CountsTheLinesOfPlans) {
    files["owner.lua"] = R"(return {
  name = "restart", version = "1.0.0", kind = "playbook", api = 1,
  plan = function(incident, ctx)
    if incident.id == "I1" then
      return nil, "one"
    end
    return nil, "another"
  end,
})";
    LineCoverage coverage;

    run("return { a = function(t) t.plan{ id = 'I1' } t.plan{ id = 'I1' } end }", &coverage);

    ASSERT_EQ(coverage.files.size(), 1U);
    EXPECT_THAT(coverage.files.begin()->second.missing(), ElementsAre(7));
}

TEST_F(TestFileTest, TellsWhatThePluginDidToAnEvent) {
    EXPECT_EQ(run_body(R"(
      t.plugin{ name = "team" }
      t.graph{ { name = "web", owner = "shop", depends_on = { "db" } } }
      t.time("2026-11-21T10:00:00Z")
      t.change{ resource = "web", what = "deploy" }
      t.time(t.time() + 90)
      local result = t.event{ resource = "web", check = "latency", labels = { zone = "a" } }
      t.equal(result.called, true)
      t.equal(result.annotations, { team = "shop", changed_s_ago = 90 })
      t.equal(result.labels, { changed = "deploy" })
      t.equal(result.severity, "critical")
      t.equal(result.resource, "moved")
      t.equal(#result.emitted, 1)
      local emitted = result.emitted[1]
      t.equal({ emitted.resource, emitted.check, emitted.value }, { "web", "seen", 5 })
      t.equal(emitted.time, t.time())
      t.equal({ emitted.labels, emitted.annotations }, { { a = "b" }, {} })
      t.equal(t.log(), { "owner of web" }))"),
              "");
}

TEST_F(TestFileTest, LeavesOutWhatThePluginDidNotTouch) {
    EXPECT_EQ(run_body(R"(
      local result = t.event{ resource = "web", check = "latency", severity = "minor" }
      t.equal(result, { called = true, annotations = { owner = "nobody" }, labels = {}, emitted = {} })
      t.equal(t.event{ kind = "change", resource = "web", check = "deploy" }.called, false))"),
              "");
}

TEST_F(TestFileTest, GivesAnIncidentAndWhatIsLikeIt) {
    EXPECT_EQ(run_body(R"(
      t.past{ { cause = "disk", likeness = 0.2 }, { id = "I7", cause = "pool", likeness = 0.9 } }
      local result = t.incident{ alerts = { { resource = "web", check = "latency" } },
                                 suspects = { { resource = "db", score = 0.7 } } }
      t.equal(result.annotations, { first = "db latency", before = "pool" }))"),
              "");
}

TEST_F(TestFileTest, FeedsSamplesAndKeepsSeriesThroughARestart) {
    files["owner.lua"] = plugin(R"(wants = { events = {"metric"} },
      series = function() return { count = 0 } end,
      on_sample = function(series, sample)
        series.count = series.count + 1
        return series.count > 2 and sample.value or nil
      end)");

    EXPECT_EQ(run_body(R"(
      t.equal(t.sample("a", 0, 0.5), nil)
      t.equal(t.sample("a", 60, 0.5), nil)
      t.equal(t.sample("b", 60, 0.5), nil)
      t.restart()
      t.equal(t.sample("a", 120, 0.25), 0.25))"),
              "");
}

TEST_F(TestFileTest, MakesTables) {
    files["owner.lua"] = plugin(R"(kind = "enricher",
      wants = { tables = {"teams.csv"}, writes = {"annotations"} },
      on_event = function(event)
        local row = nocturne.table("teams.csv")[event.resource]
        nocturne.annotate("team", row and row.team or "none")
      end)");

    EXPECT_EQ(run_body(R"(
      t.error(function() t.plugin() end, "there is no table")
      t.table("teams.csv", { { "service", "team" }, { "web", "shop" } })
      t.equal(t.event{ resource = "web", check = "c" }.annotations.team, "shop")
      t.table("teams.csv", { { "service", "team" }, { "web", "core" } })
      t.equal(t.event{ resource = "web", check = "c" }.annotations.team, "core"))"),
              "");
}

TEST_F(TestFileTest, NamesACheckBehindTheSlashOfASeries) {
    files["owner.lua"] = plugin(R"(wants = { events = {"metric"}, match = "check=length" },
      series = function() return {} end,
      on_sample = function(series, sample) return sample.resource == "a/jobs" and 1 or 0 end)");

    EXPECT_EQ(run_body(R"(
      t.equal(t.sample("a/jobs/length", 0, 5), 1)
      t.equal(t.sample("jobs/length", 0, 5), 0)
      t.equal(t.sample("jobs", 0, 5), nil))"),
              "");
}

// ---- failures ----

TEST_F(TestFileTest, TellsLineExpectedAndFound) {
    EXPECT_THAT(
        run(R"(return {
  ["texts"] = function(t) t.equal("a", "b") end,
  ["numbers"] = function(t)
    t.equal(1, 1.0)
    t.equal(0 / 0, 0 / 0)
    t.near(0.1 + 0.2, 0.3)
    t.near(1, 2, 0.5)
  end,
  ["tables"] = function(t) t.equal({ a = { b = 1 } }, { a = { b = 2 } }, "after it") end,
  ["missing"] = function(t) t.equal({ 1, 2 }, { 1, 2, x = {} }) end,
  ["truthy"] = function(t) t.truthy(nil, "a score") end,
  ["errors"] = function(t)
    t.error(function() error("not so") end, "so")
    t.error(function() error("not so") end, "thus")
  end,
  ["no error"] = function(t) t.error(function() end) end,
})"),
        ElementsAre("plugins/owner_test.lua:2: expected \"b\", found \"a\"",
                    "plugins/owner_test.lua:7: expected 2 give or take 0.5, found 1",
                    "plugins/owner_test.lua:9: after it: at .a.b: expected 2, found 1",
                    "plugins/owner_test.lua:10: at .x: expected {}, found nil",
                    "plugins/owner_test.lua:11: a score: expected something true, found nil",
                    HasSubstr("plugins/owner_test.lua:14: expected an error with \"thus\", "
                              "found \"owner_test.lua:14: not so\""),
                    "plugins/owner_test.lua:16: expected an error, found none"));
}

TEST_F(TestFileTest, TellsWhereThePluginFailedAndWhatItPrinted) {
    files["owner.lua"] = plugin(R"(on_event = function(event)
      print("before")
      local nothing = event.value + 1
    end)");

    const std::string failure = run_body("t.event{ resource = \"web\", check = \"latency\" }");

    EXPECT_THAT(failure, HasSubstr("plugins/owner_test.lua:2: plugins/owner.lua:4: attempt to "
                                   "perform arithmetic on a nil value (field 'value')"));
    EXPECT_THAT(failure, HasSubstr("it printed:\n    before"));
}

TEST_F(TestFileTest, NamesWhatATestGotWrong) {
    EXPECT_THAT(run_body("t.evnt{}"), HasSubstr("evnt"));
    EXPECT_THAT(run_body("t.event{ resource = \"web\", check = \"c\", severity = \"sev1\" }"),
                HasSubstr("t.event: field \"severity\": \"sev1\" is not one of"));
    EXPECT_THAT(run_body("t.plugin{ nme = 5 }"), HasSubstr("did you mean \"name\"?"));
    EXPECT_THAT(run_body("t.incident{ alrts = {} }"), HasSubstr("did you mean \"alerts\"?"));
    EXPECT_THAT(run_body("t.time(100) t.time(99)"), HasSubstr("time never goes back"));
    EXPECT_THAT(run_body("t.plugin(\"none.lua\")"), HasSubstr("none.lua: cannot be read"));
    EXPECT_THAT(run_body("local a = {} a.a = a t.event(a)"), HasSubstr("16 deep"));
    EXPECT_THAT(run_body("t.graph{ { nme = \"web\" } }"), HasSubstr("t.graph: "));
}

TEST_F(TestFileTest, NamesWhatIsWrongWithTheFile) {
    EXPECT_THAT(run("return {"), ElementsAre(HasSubstr("plugins/owner_test.lua:1: ")));
    EXPECT_THAT(run("return 5"), ElementsAre(HasSubstr("must return a table of named functions")));
    EXPECT_THAT(run("return {}"), ElementsAre(HasSubstr("has no tests")));
    EXPECT_THAT(run("return { function() end }"), ElementsAre(HasSubstr("[\"name\"] = function")));
}

TEST_F(TestFileTest, EndsATestThatDoesNotEnd) {
    EXPECT_THAT(run_body("while true do end"), HasSubstr("killed_time"));
    EXPECT_THAT(run_body("t.error(function() while true do end end)"), HasSubstr("killed_time"));
    EXPECT_THAT(run_body("local s = {} while true do s[#s + 1] = {} end"),
                HasSubstr("killed_memory"));
}

TEST_F(TestFileTest, GivesEachTestAWorldOfItsOwn) {
    EXPECT_THAT(run(R"(
local seen = 0
local function count(t)
  seen = seen + 1
  t.equal(seen, 1)
  t.equal(t.event{ resource = "web", check = "c" }.annotations.owner, "nobody")
  t.graph{ { name = "web", owner = "shop" } }
end
return { ["a"] = count, ["b"] = count })"),
                ElementsAre("", ""));
}

// ---- what a plugin keeps ----

TEST_F(TestFileTest, NoticesAPluginThatKeepsWhatItKnowsElsewhere) {
    files["owner.lua"] = plugin(R"(wants = { writes = {"annotations"} },
      on_event = function(event)
        count = (count or 0) + 1
        nocturne.annotate("count", count)
      end)");

    const std::string failure = run_body(R"(
      for i = 1, 3 do
        t.event{ resource = "web", check = "latency" }
      end)");

    EXPECT_THAT(failure, HasSubstr("plugins/owner_test.lua:4: the plugin keeps what it knows "
                                   "outside of nocturne.state: this call, the 2. of the test, gave "
                                   "annotate count = 2; with the plugin saved and loaded anew "
                                   "before each call it gives annotate count = 1"));
}

TEST_F(TestFileTest, IsContentWithAPluginThatKeepsItInItsState) {
    files["owner.lua"] = plugin(R"(wants = { writes = {"annotations"} },
      on_event = function(event)
        nocturne.state.count = (nocturne.state.count or 0) + 1
        nocturne.annotate("count", nocturne.state.count + math.random(100))
      end)");

    EXPECT_EQ(run_body(R"(
      for i = 1, 20 do
        t.event{ resource = "web", check = "latency" }
      end)"),
              "");
}

}  // namespace nocturne::plugins
