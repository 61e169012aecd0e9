// nocturne.*, function by function: what it answers, and what it refuses.
#include "plugins/plugin.hpp"
#include "tests/plugins/small_world.hpp"

#include <string>
#include <vector>

namespace nocturne::plugins {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

// On one line: messages are compared with their line.
constexpr std::string_view kAll =
    "{ graph = true, changes = true, history = true, tables = {\"owners.csv\"}, "
    "writes = {\"annotations\", \"labels\", \"resource\", \"severity\", \"events\"} }";

}  // namespace

class HostApiTest : public PluginTest {
   public:
    HostApiTest() {
        options.tables = {{"owners.csv",
                           {"node", "owner", "runbook"},
                           {{"orders-db", "data", "https://runbooks/db"},
                            {"web", "shop", ""},
                            {"orders-db", "second", "never seen"}}}};
    }

    const CallResult& run_with_all(std::string_view body) { return run(body, kAll); }

    // An on_event of which each assert() holds.
    void expect_holds(std::string_view body) {
        const CallResult& result = run_with_all(body);
        EXPECT_EQ(result.verdict, Verdict::Ok) << body << "\n" << result.message;
    }

    void expect_error(std::string_view body, std::string_view message) {
        const CallResult& result = run_with_all(body);
        EXPECT_EQ(result.verdict, Verdict::Error) << body;
        EXPECT_THAT(result.message,
                    AllOf(StartsWith("plugins/test.lua:2: "), HasSubstr(std::string(message))))
            << body;
        EXPECT_TRUE(result.wishes.empty()) << body;
        EXPECT_TRUE(result.emitted.empty()) << body;
    }
};

// ---- what they answer ----

TEST_F(HostApiTest, GraphTellsNodesAndNeighbours) {
    expect_holds(R"(
      local graph = nocturne.graph
      assert(graph.exists("web") and not graph.exists("nobody"))
      assert(graph.type("orders-db") == "database" and graph.type("nobody") == nil)
      assert(graph.owner("web") == "shop" and graph.owner("nobody") == nil)
      assert(graph.label("web", "rack") == "r7" and graph.label("web", "row") == nil)
      local function list(t) return table.concat(t, " ") end
      assert(list(graph.dependencies("web")) == "orders")
      assert(list(graph.dependencies("web", { hops = 2 })) == "orders orders-db")
      assert(list(graph.dependencies("web", { hops = 2, limit = 1 })) == "orders")
      assert(list(graph.dependents("orders-db", { hops = 8 })) == "orders web")
      assert(#graph.dependencies("nobody") == 0)
      assert(graph.distance("web", "orders-db") == 2 and graph.distance("web", "web") == 0)
      assert(graph.distance("web", "orders-db", 1) == nil)
      assert(graph.distance("orders-db", "web") == nil))");
}

TEST_F(HostApiTest, TimeIsTheEnginesTime) {
    world.time = model::from_unix_ms(1'795'227'190'123);

    expect_holds(R"(
      assert(nocturne.now() == 1795227190123 and math.type(nocturne.now()) == "integer")
      assert(os.time() == 1795227190)
      assert(os.date("!%Y-%m-%d") == "2026-11-21"))");
}

TEST_F(HostApiTest, TableIsAskedByItsFirstColumn) {
    expect_holds(R"(
      local owners = nocturne.table("owners.csv")
      assert(owners["orders-db"].owner == "data" and owners.web.runbook == "")
      assert(owners.nobody == nil and owners[3] == nil and #owners == 3)
      owners.web.owner = "mine alone"
      assert(owners.web.owner == "shop"))");
}

TEST_F(HostApiTest, ChangesComeLatestFirstAndPastOnlyInIncidents) {
    world.changes = {{model::from_unix_ms(2000), "orders-db", "deploy", "v2"},
                     {model::from_unix_ms(1000), "orders-db", "config", "pool 20"},
                     {model::from_unix_ms(500), "web", "deploy", "v7"}};

    expect_holds(R"(
      local changes = nocturne.changes("orders-db")
      assert(#changes == 2 and changes[1].what == "deploy" and changes[1].time == 2000)
      assert(changes[2].summary == "pool 20" and changes[2].resource == "orders-db")
      assert(#nocturne.changes("orders-db", 1) == 1 and #nocturne.changes("nobody") == 0))");
    expect_error("nocturne.past(3)", "nocturne.past: only in on_incident");
}

TEST_F(HostApiTest, IncidentHandlerSeesAlertsSuspectsAndThePast) {
    world.past = {{"I-1", model::from_unix_ms(1000), "orders-db", 0.75}};
    load(enricher(R"(wants = { history = true, writes = {"annotations"} },
      on_incident = function(incident, parameters)
        assert(incident.id == "I-7" and incident.title == "orders are slow")
        assert(incident.severity == "critical" and incident.confidence == 0.5)
        assert(incident.opened_at == 5000 and incident.alert_count == 1)
        assert(incident.alerts[1].resource == "orders" and incident.alerts[1].firing)
        assert(incident.suspects[1].resource == "orders-db" and incident.suspects[1].silent)
        assert(incident.suspects[1].evidence[1].text == "explains 1 of 1 alerts")
        local past = nocturne.past(5)
        nocturne.annotate("seen_before", past[1].id .. " " .. past[1].cause)
      end)"));
    const IncidentSight::Alert alert{"A-1",
                                     "orders",
                                     "latency",
                                     "slow",
                                     model::Severity::Major,
                                     true,
                                     model::from_unix_ms(4000)};
    model::Suspect suspect;
    suspect.resource = "orders-db";
    suspect.score = 0.9;
    suspect.silent = true;
    suspect.evidence = {{"explains", 0.9, "explains 1 of 1 alerts"}};
    IncidentSight incident;
    incident.id = "I-7";
    incident.title = "orders are slow";
    incident.severity = model::Severity::Critical;
    incident.opened_at = model::from_unix_ms(5000);
    incident.confidence = 0.5;
    incident.alerts = {&alert, 1};
    incident.suspects = {&suspect, 1};

    const CallResult& result = plugin->on_incident(incident, world);

    ASSERT_EQ(result.verdict, Verdict::Ok) << result.message;
    ASSERT_EQ(result.wishes.size(), 1U);
    EXPECT_EQ(result.wishes[0].value, "I-1 orders-db");
}

TEST_F(HostApiTest, WishesComeInTheirOrder) {
    const CallResult& result = run_with_all(R"(
      nocturne.set_severity("critical")
      nocturne.annotate("n", 3)
      nocturne.annotate("x", 0.5)
      nocturne.annotate("yes", true)
      nocturne.set_label("team", "data")
      nocturne.set_resource("orders"))");

    ASSERT_EQ(result.verdict, Verdict::Ok) << result.message;
    ASSERT_EQ(result.wishes.size(), 6U);
    using What = Wish::What;
    using Type = model::AnnotationView::Type;
    const What whats[] = {What::Severity, What::Annotate, What::Annotate,
                          What::Annotate, What::Label,    What::Resource};
    const char* values[] = {"critical", "3", "0.5", "true", "data", "orders"};
    for (std::size_t i = 0; i < 6; ++i) {
        EXPECT_EQ(result.wishes[i].what, whats[i]) << i;
        EXPECT_EQ(result.wishes[i].value, values[i]) << i;
    }
    EXPECT_EQ(result.wishes[1].type, Type::Number);
    EXPECT_EQ(result.wishes[3].type, Type::Boolean);
}

TEST_F(HostApiTest, EmitMakesAnEventThatIsCheckedLikeAnyOther) {
    const CallResult& result = run_with_all(R"(
      nocturne.emit{ resource = "web", check = "Derived", severity = "minor", summary = "from db",
                     value = 7, labels = { zone = "a", team = "shop" },
                     annotations = { why = "test", hops = 2, sure = true } })");

    ASSERT_EQ(result.verdict, Verdict::Ok) << result.message;
    ASSERT_EQ(result.emitted.size(), 1U);
    const model::EventView& emitted = result.emitted.events()[0];
    EXPECT_EQ(emitted.resource, "web");
    EXPECT_EQ(emitted.check, "Derived");
    EXPECT_EQ(emitted.source, "plugin/test");
    EXPECT_EQ(emitted.severity, model::Severity::Minor);
    EXPECT_EQ(emitted.time, world.time);
    EXPECT_EQ(emitted.value, 7);
    EXPECT_EQ(emitted.labels.size(), 2U);
    EXPECT_EQ(emitted.annotations.size(), 4U);
    EXPECT_EQ(emit_depth_of(emitted), 1U);
    EXPECT_EQ(emitted.fingerprint,
              model::identity_of(emitted.resource, emitted.check, emitted.labels));
}

TEST_F(HostApiTest, EmittedEventsSayHowManyEmitsLedToThem) {
    load(enricher(R"(wants = { writes = {"events"} },
      on_event = function(event) nocturne.emit{ resource = "web", check = "Again" } end)"));
    model::EventBatch next;
    next.add(call().emitted.events()[0]);
    for (std::uint32_t depth = 2; depth < 5; ++depth) {
        const CallResult& result = plugin->on_event(next.events()[0], world);
        ASSERT_EQ(result.verdict, Verdict::Ok) << result.message;
        EXPECT_EQ(emit_depth_of(result.emitted.events()[0]), depth);
        model::EventBatch copy;
        copy.add(result.emitted.events()[0]);
        next = std::move(copy);
    }
    expect_error(R"(nocturne.annotate("nocturne.depth", 0))", "begin with nocturne.");
    expect_error(
        R"(nocturne.emit{ resource = "a", check = "b", annotations = { ["nocturne.depth"] = 0 } })",
        "begin with nocturne.");
}

TEST_F(HostApiTest, LogAndPrintAreKeptUntilSomebodyTakesThem) {
    run_with_all(R"(nocturne.log("one\27[31m") print("two", 3))");
    call();

    EXPECT_EQ(plugin->take_log(), "one?[31m\ntwo 3\none?[31m\ntwo 3\n");
    EXPECT_EQ(plugin->take_log(), "");
    EXPECT_EQ(plugin->account().log_lines, 4U);
}

// ---- what they refuse ----

TEST_F(HostApiTest, EachCapabilityIsAskedOnEachCall) {
    const std::pair<const char*, const char*> cases[] = {
        {"nocturne.graph.exists('web')", "wants = { graph = true }"},
        {"nocturne.graph.type('web')", "wants = { graph = true }"},
        {"nocturne.graph.owner('web')", "wants = { graph = true }"},
        {"nocturne.graph.label('web', 'a')", "wants = { graph = true }"},
        {"nocturne.graph.dependencies('web')", "wants = { graph = true }"},
        {"nocturne.graph.dependents('web')", "wants = { graph = true }"},
        {"nocturne.graph.distance('web', 'web')", "wants = { graph = true }"},
        {"nocturne.changes('web')", "wants = { changes = true }"},
        {"nocturne.past()", "wants = { history = true }"},
        {"nocturne.table('owners.csv')", "wants = { tables = {\"owners.csv\"} }"},
        {"nocturne.annotate('a', 1)", "writes = {\"annotations\"}"},
        {"nocturne.set_label('a', 'b')", "writes = {\"labels\"}"},
        {"nocturne.set_resource('a')", "writes = {\"resource\"}"},
        {"nocturne.set_severity('major')", "writes = {\"severity\"}"},
        {"nocturne.emit{ resource = 'a', check = 'b' }", "writes = {\"events\"}"},
    };
    for (const auto& [call_of_it, remedy] : cases) {
        for (const std::string_view around :
             {"%s", "coroutine.wrap(function() %s end)()",
              "local x <close> = setmetatable({}, { __close = function() %s end })",
              "table.sort({2, 1}, function() %s end)"}) {
            std::string body(around);
            body.replace(body.find("%s"), 2, call_of_it);

            const CallResult& result = run(body);

            EXPECT_EQ(result.verdict, Verdict::Error) << body;
            EXPECT_THAT(result.message, AllOf(HasSubstr("not allowed"), HasSubstr(remedy))) << body;
            EXPECT_EQ(plugin->account().refused_wishes, 1U) << body;
        }
    }
}

TEST_F(HostApiTest, OddArgumentsAreOrdinaryErrors) {
    const char* functions[] = {"now",
                               "log",
                               "annotate",
                               "set_label",
                               "set_resource",
                               "set_severity",
                               "emit",
                               "table",
                               "changes",
                               "past",
                               "graph.exists",
                               "graph.type",
                               "graph.owner",
                               "graph.label",
                               "graph.dependencies",
                               "graph.dependents",
                               "graph.distance"};
    const char* arguments[] = {"nil",
                               "0/0",
                               "1/0",
                               "-1/0",
                               "math.maxinteger",
                               "math.mininteger",
                               "('x'):rep(500000)",
                               "cyclic",
                               "{}",
                               "true",
                               "print",
                               "coroutine.create(print)",
                               "event",
                               "event.labels",
                               "parameters",
                               "nocturne",
                               "'a\\0b'",
                               "'\\255\\254'",
                               "'\\27[31m'",
                               "''",
                               "setmetatable({}, {__index = error, __pairs = error})",
                               "nocturne.stats.weighted{ span = 3 }"};
    load(enricher("wants = " + std::string(kAll) +
                  R"(, on_incident = print, on_event = function(event, parameters)
      local cyclic = {} cyclic.cyclic = cyclic cyclic.resource = cyclic cyclic[1] = cyclic
      local functions, arguments = {}, {}
      )" +
                  [&] {
                      std::string text;
                      for (const char* function : functions) {
                          text += "functions[#functions + 1] = nocturne." + std::string(function) +
                                  "\n";
                      }
                      for (const char* argument : arguments) {
                          text += "arguments[#arguments + 1] = { " + std::string(argument) + " }\n";
                      }
                      return text;
                  }() +
                  R"(
      local call = parameters and event.annotations.call or 0
      local calls = 0
      for _, f in ipairs(functions) do
        for i = 1, #arguments do
          calls = calls + 1
          -- the budget of calls is per call of the plugin: a slice each time
          if calls // 100 == event.value then
            for j = 1, 2 do
              pcall(f, arguments[i][1], j == 2 and arguments[(i * 7) % #arguments + 1][1] or nil,
                    arguments[(i * 5) % #arguments + 1][1])
              pcall(f, j == 1 and "web" or "owners.csv", arguments[i][1])
            end
          end
        end
      end
    end)"));
    for (int slice = 0; slice < 4; ++slice) {
        event = event_of(R"({"resource":"a","check":"b","value":)" + std::to_string(slice) + "}");

        const CallResult& result = call();

        EXPECT_EQ(result.verdict, Verdict::Ok) << result.message;
    }
    EXPECT_EQ(plugin->account().kills, 0U);
}

TEST_F(HostApiTest, ErrorsNameTheFunctionAndWhatWouldBeRight) {
    const std::pair<const char*, const char*> cases[] = {
        {"nocturne.annotate()", "nocturne.annotate: the name must be a string, not no value"},
        {"nocturne.annotate('a')",
         "nocturne.annotate: the value must be a string, a number or a boolean"},
        {"nocturne.annotate('a', 0/0)", "nocturne.annotate: the value must be finite"},
        {"nocturne.annotate('a', 1/0)", "must be finite"},
        {"nocturne.annotate('a', {})", "not table"},
        {"nocturne.annotate('', 1)", "the name has 0 bytes; expected 1 to 256"},
        {"nocturne.annotate('a', ('x'):rep(20000))",
         "the value has 20000 bytes; expected 1 to 16384"},
        {"nocturne.annotate('a\\0', 1)", "control characters or broken UTF-8"},
        {"nocturne.annotate('a', '\\255')", "control characters or broken UTF-8"},
        {"nocturne.annotate('a', 1, 2)", "takes 2 arguments at most, not 3"},
        {"nocturne.set_severity('sev1')", "\"sev1\" is not one of ok, info, warning"},
        {"nocturne.set_label('a', 1)", "the value must be a string, not number"},
        {"nocturne.graph.exists(7)", "the node must be a string, not number"},
        {"nocturne.graph.distance('a', 'b', 99)", "must be a whole number from 1 to 8"},
        {"nocturne.graph.distance('a', 'b', 1.5)", "must be a whole number from 1 to 8"},
        {"nocturne.graph.dependents('a', 2)", "the second argument is a table such as { hops = 2"},
        {"nocturne.graph.dependents('a', { hop = 2 })", "did you mean \"hops\"?"},
        {"nocturne.changes('a', 1e9)", "how many must be a whole number from 1 to 100"},
        {"nocturne.table('other.csv')", "wants = { tables = {\"other.csv\"} }"},
        {"nocturne.emit{}", "nocturne.emit: resource must be a string, not nil"},
        {"nocturne.emit{ resource = 'a', sevrity = 'major' }", "did you mean \"severity\"?"},
        {"nocturne.emit{ resource = 'a', check = 'b', severity = 'sev1' }", "\"sev1\""},
        {"nocturne.emit{ resource = 'a', check = 'b', value = 0/0 }",
         "value must be a finite number"},
        {"nocturne.emit{ resource = 'a', check = 'b', time = -1 }",
         "time must be a whole number from 0"},
        {"nocturne.emit{ resource = 'a', check = 'b', labels = { a = {} } }", "not table"},
        {"nocturne.emit{ resource = 'a', check = 'b', labels = { [1] = 'x' } }",
         "the name must be a string"},
        {"nocturne.emit('a')", "takes a table, not string"},
        {"nocturne.log(3)", "nocturne.log: takes a string, not number"},
        {"nocturne.anotate('a', 1)", "nocturne has no \"anotate\"; did you mean \"annotate\"?"},
        {"return event.resorce", "an event has no field \"resorce\"; did you mean \"resource\"?"},
        {"return parameters.thresold", "parameters has no \"thresold\""},
    };
    for (const auto& [body, message] : cases) {
        expect_error(body, message);
    }
}

TEST_F(HostApiTest, BudgetsOfACallAreOrdinaryErrors) {
    expect_error("for i = 1, 1001 do nocturne.now() end", "more than 1000 calls of nocturne.*");
    expect_error("for i = 1, 17 do nocturne.annotate('a', i) end", "more than 16 effects");
    expect_error("for i = 1, 101 do nocturne.log('x') end", "over the quota of log lines or bytes");
    expect_error("nocturne.log(('x'):rep(20000))", "over the quota of log lines or bytes");
    EXPECT_EQ(plugin->account().errors, 1U);

    expect_holds(R"(
      for i = 1, 16 do nocturne.annotate("a", i) end
      assert(not pcall(nocturne.annotate, "a", 17))
      assert(not coroutine.resume(coroutine.create(nocturne.annotate), "a", 18))
      assert(nocturne.now() > 0))");
    EXPECT_EQ(plugin->account().refused_wishes, 2U);
    ASSERT_EQ(call().verdict, Verdict::Ok);  // each call has its own
    EXPECT_EQ(plugin->account().refused_wishes, 4U);
}

TEST_F(HostApiTest, NothingIsDoneByACallThatFailed) {
    const CallResult& result = run_with_all(R"(
      nocturne.annotate("a", 1)
      nocturne.emit{ resource = "a", check = "b" }
      error("afterwards"))");

    EXPECT_EQ(result.verdict, Verdict::Error);
    EXPECT_THAT(result.message, HasSubstr("plugins/test.lua:5: afterwards"));
    EXPECT_THAT(result.traceback, HasSubstr("plugins/test.lua:5"));
    EXPECT_TRUE(result.wishes.empty());
    EXPECT_TRUE(result.emitted.empty());
}

TEST_F(HostApiTest, IsOnlyThereWhileAnEventIsHandled) {
    for (const char* call_of_it :
         {"nocturne.now()", "nocturne.graph.exists('a')", "nocturne.annotate('a', 1)"}) {
        const auto loaded = try_load(enricher(
            "on_event = print, on_incident = print, wants = " + std::string(kAll), call_of_it));
        ASSERT_FALSE(loaded.has_value()) << call_of_it;
        EXPECT_THAT(loaded.error().message,
                    AllOf(StartsWith("plugins/test.lua:1: nocturne."),
                          testing::AnyOf(HasSubstr("not while the file is loaded"),
                                         HasSubstr("not allowed"))));
    }
}

TEST_F(HostApiTest, IsRefusedAfterAKill) {
    options.ceiling.call_cpu_max = std::chrono::milliseconds(20);

    const CallResult& result = run_with_all(R"(
      local x <close> = setmetatable({}, { __close = function() nocturne.annotate("a", 1) end })
      while true do end)");

    EXPECT_EQ(result.verdict, Verdict::KilledTime);
    EXPECT_TRUE(result.wishes.empty());
}

// ---- what is lent cannot be changed ----

TEST_F(HostApiTest, LentTablesAreReadOnlyWhateverIsTried) {
    for (const char* lent : {"nocturne", "nocturne.graph", "nocturne.stats", "parameters", "event",
                             "event.labels", "event.annotations", "nocturne.table('owners.csv')"}) {
        const CallResult& result = run_with_all("local lent = " + std::string(lent) + R"(
          assert(not pcall(function() lent.a = 1 end))
          assert(not pcall(function() lent.now = 1 end))
          assert(not pcall(function() lent[1] = 1 end))
          assert(not pcall(rawset, lent, "a", 1))
          assert(not pcall(rawget, lent, "a"))
          assert(not pcall(setmetatable, lent, {}))
          assert(not pcall(table.insert, lent, 1))
          assert(not pcall(table.move, {1}, 1, 1, 1, lent))
          assert(not pcall(table.remove, lent))
          assert(not pcall(table.sort, lent))
          assert(not pcall(next, lent))
          assert(not getmetatable(lent))
          assert(type(lent) == "userdata" and not tostring(lent):find("0x"))
          local walked, f, t = pcall(pairs, lent)
          assert(type(t) ~= "table" or (pcall(rawset, t, "a", 1) and not pcall(function()
            return assert(lent.a) end))))");
        EXPECT_EQ(result.verdict, Verdict::Ok) << lent << ": " << result.message;
    }
}

TEST_F(HostApiTest, ParametersCanBeWalkedInOrder) {
    load(enricher(R"(wants = { writes = {"annotations"} },
      parameters = { b = { type = "number", default = 2 }, a = { type = "string", default = "x" } },
      on_event = function(event, parameters)
        local text = ""
        for name, value in pairs(parameters) do text = text .. name .. "=" .. tostring(value) .. " " end
        nocturne.annotate("text", text)
      end)"));

    const CallResult& result = call();

    ASSERT_EQ(result.verdict, Verdict::Ok) << result.message;
    EXPECT_EQ(result.wishes[0].value, "a=x b=2.0 ");
}

TEST_F(HostApiTest, LabelsThatWereNotAskedForAreNotSeen) {
    const CallResult& result = run(R"(
      assert(event.labels.team == "shop")
      local names = ""
      for name in pairs(event.labels) do names = names .. name end
      assert(names == "team")
      return event.labels.zone)",
                                   R"({ labels = {"team"} })");

    EXPECT_EQ(result.verdict, Verdict::Error);
    EXPECT_THAT(result.message, HasSubstr("label \"zone\" is not among the labels of wants"));
}

TEST_F(HostApiTest, StringMetatableIsOutOfReach) {
    expect_holds(R"(
      assert(getmetatable("") == false)
      assert(not pcall(setmetatable, "", {}))
      assert(("x"):rep(3) == "xxx"))");
}

}  // namespace nocturne::plugins
