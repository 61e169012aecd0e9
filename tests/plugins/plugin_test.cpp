// Plugins as the engine loads and calls them.
#include "plugins/plugin.hpp"

#include "tests/plugins/small_world.hpp"

#include <string>
#include <utility>
#include <vector>

namespace nocturne::plugins {

using testing::HasSubstr;

// ---- loading ----

TEST_F(PluginTest, ReadsWhatTheTableSays) {
    const Plugin& loaded = load(R"(
return {
  name = "owner", version = "1.2.3", kind = "enricher", api = 1, mode = "suggest",
  summary = "who owns the node",
  wants = { events = {"alert", "change"}, match = 'severity=~"major|critical"', graph = true,
            writes = {"annotations"}, state = "64KiB" },
  parameters = { column = { type = "string", default = "owner", help = "column of the table" },
                 depth = { type = "integer", default = 2, min = 1, max = 5 } },
  on_event = function(event, parameters) end,
})");

    const Manifest& manifest = loaded.manifest();
    EXPECT_EQ(manifest.name, "owner");
    EXPECT_EQ(manifest.version, "1.2.3");
    EXPECT_EQ(manifest.kind, PluginKind::Enricher);
    EXPECT_EQ(manifest.mode, PluginMode::Suggest);
    EXPECT_EQ(manifest.wants.events,
              (std::vector<model::Kind>{model::Kind::Alert, model::Kind::Change}));
    EXPECT_EQ(manifest.wants.match.size(), 1U);
    EXPECT_TRUE(manifest.wants.graph);
    EXPECT_TRUE(manifest.wants.may(Write::Annotations));
    EXPECT_FALSE(manifest.wants.may(Write::Severity));
    EXPECT_EQ(manifest.wants.state_bytes_max, 64U << 10);
    ASSERT_EQ(manifest.parameters.size(), 2U);
    EXPECT_EQ(manifest.parameters[1].name, "depth");
    EXPECT_TRUE(manifest.parameters[1].is_integer);
    EXPECT_EQ(manifest.parameters[1].high, 5);
    EXPECT_TRUE(manifest.handlers.on_event);
    EXPECT_FALSE(manifest.handlers.on_incident);
}

TEST_F(PluginTest, NamesEachProblemOfATableWithItsLine) {
    const auto loaded = try_load(R"(-- a plugin with faults
return {
  name = "Owner",
  version = "1",
  kind = "enrichr",
  mod = "auto",
  wants = {
    grph = true,
    writes = { "annotation" },
  },
  parameters = {
    depth = { type = "integer", default = 9, min = 1, max = 5 },
  },
  on_event = "no function",
})");

    ASSERT_FALSE(loaded.has_value());
    const std::string text = to_string(loaded.error());
    for (const char* part :
         {"plugins/test.lua:3: name: found \"Owner\"", "plugins/test.lua:4: version:",
          "plugins/test.lua:5: kind: found \"enrichr\"; expected one of detector, enricher",
          "plugins/test.lua:6: mod: unknown key; did you mean \"mode\"?",
          "plugins/test.lua:2: api: is missing; write api = 1",
          "plugins/test.lua:8: wants.grph: unknown key; did you mean \"graph\"?",
          "plugins/test.lua:9: wants.writes: found \"annotation\"",
          "plugins/test.lua:12: parameters.depth.default: found 9; expected 1 to 5",
          "plugins/test.lua:14: on_event: found \"no function\"; expected a function"}) {
        EXPECT_THAT(text, HasSubstr(part));
    }
}

TEST_F(PluginTest, CallsAnEventHandlerWithTheEvent) {
    const CallResult& result = run(R"(
      assert(event.resource == "orders-db" and event.check == "latency")
      assert(event.severity == "major" and event.status == "firing" and event.kind == "alert")
      assert(event.source == "prometheus" and event.summary == "slow" and event.value == 2.5)
      assert(event.time == 1795227185250 and math.type(event.time) == "integer")
      assert(event.labels.team == "shop" and event.labels.rack == nil)
      assert(event.annotations.runbook == "r1" and event.annotations.depth == 3)
      assert(event.annotations.known == true)
      local names = {}
      for name, value in pairs(event.labels) do names[#names + 1] = name .. "=" .. value end
      assert(table.concat(names, " ") == "team=shop zone=a"))");

    EXPECT_TRUE(result.was_called);
    EXPECT_EQ(result.verdict, Verdict::Ok) << result.message;
}

TEST_F(PluginTest, LendsTheEventForOneCallOnly) {
    load(enricher(R"(on_event = function(event)
      if kept then return kept.resource end
      kept = event
    end)"));
    ASSERT_EQ(call().verdict, Verdict::Ok);

    const CallResult& second = call();

    EXPECT_EQ(second.verdict, Verdict::Error);
    EXPECT_THAT(second.message, HasSubstr("plugins/test.lua:3: this event was lent for an earlier "
                                          "call and is gone; copy what you need"));
}

TEST_F(PluginTest, TellsWhatItWants) {
    const CallResult& result =
        run(R"(nocturne.annotate("owner", nocturne.graph.owner(event.resource)))",
            R"({ graph = true, writes = {"annotations"} })");

    ASSERT_EQ(result.verdict, Verdict::Ok) << result.message;
    ASSERT_EQ(result.wishes.size(), 1U);
    EXPECT_EQ(result.wishes[0].what, Wish::What::Annotate);
    EXPECT_EQ(result.wishes[0].name, "owner");
    EXPECT_EQ(result.wishes[0].value, "data");
}

// ---- what bad input gets ----

TEST_F(PluginTest, RefusesWhatIsNoPluginWithItsPlaceAndTheRemedy) {
    const std::pair<std::string, const char*> cases[] = {
        {"x = = 1", "plugins/test.lua:1: unexpected symbol near '='"},
        {"return {", "plugins/test.lua:1: unexpected symbol near <eof>"},
        {"\x1bLua\x54\x00\x19\x93",
         "plugins/test.lua: this is compiled Lua (bytecode); a plugin is "
         "loaded from its source"},
        {std::string(10'000'000, ' '),
         "plugins/test.lua: the file has 10000000 bytes; a plugin may have 131072"},
        {"", "plugins/test.lua:1: the file must return a table; it returned nothing"},
        {"return 7", "plugins/test.lua:1: the file must return a table; it returned 7"},
        {"error('at once')", "plugins/test.lua:1: at once"},
        {"error({})", "plugins/test.lua: while it was loaded: (error object: table)"},
        {"local t = {} while true do t[#t + 1] = {} end", "over its memory of"},
        {"return {}", "name: is missing; expected a name such as \"owner\""},
        {"return { name = 7 }", "name: found 7; expected a name"},
        {"return setmetatable({}, { __index = function() error('ran') end })", "name: is missing"},
        {enricher("on_event = print, api = 2"),
         "api: found 2; this version of nocturne speaks api = 1"},
        {enricher("on_event = print, mode = \"approve\""), "mode: \"approve\" is for playbooks"},
        {enricher("on_event = print, mode = \"live\""),
         "mode: found \"live\"; expected one of shadow, "},
        {enricher(""), "kind: an enricher needs a function on_event or on_incident"},
        {enricher("on_sample = print, on_event = print"), "on_sample: is for detectors"},
        {enricher("on_event = print, kind = \"detector\", on_incident = print"),
         "on_incident: is for enrichers"},
        {enricher("on_sample = print, kind = \"detector\""), "on_sample: needs a function series"},
        {enricher("on_event = print, series = print"),
         "series: makes the state for on_sample, and there is no on_sample"},
        {enricher("on_event = print, kind = \"playbook\""),
         "on_event: is for detectors and enrichers"},
        {enricher("on_event = print, [1] = 2"), "has a key that is no text: 1"},
        {enricher("on_event = print, wants = { events = {\"alarm\"} }"),
         "wants.events: found \"alarm\"; expected one of alert, change, metric, heartbeat"},
        {enricher("on_event = print, wants = { events = \"alert\" }"), "expected a list of texts"},
        {enricher("on_event = print, wants = { match = 'severity=~\"(\"' }"), "wants.match: "},
        {enricher("on_event = print, wants = { graph = 1 }"),
         "wants.graph: found 1; expected true or false"},
        {enricher("on_event = print, wants = { state = \"64MB\" }"),
         "wants.state: found \"64MB\"; expected a size such as \"64KiB\""},
        {enricher("on_event = print, wants = { memory = \"17MiB\" }"), "at most 16777216 bytes"},
        {enricher("on_event = print, wants = { cpu = \"60ms\" }"), "at most 50ms"},
        {enricher("on_event = print, wants = { tables = {\"a.csv\"} }"),
         "there is no table \"a.csv\"; no tables are configured"},
        {enricher("on_event = print, parameters = { a = { type = \"flag\", default = true } }"),
         "parameters.a.type: found \"flag\"; expected one of boolean, integer, number, string"},
        {enricher("on_event = print, parameters = { a = { default = 1 } }"),
         "parameters.a: has no type"},
        {enricher("on_event = print, parameters = { a = { type = \"number\" } }"),
         "parameters.a: has no default"},
        {enricher("on_event = print, parameters = { a = { type = \"integer\", default = 1.5 } }"),
         "expected a whole number"},
        {enricher("on_event = print, parameters = { a = { type = \"string\", default = \"x\", "
                  "choices = {\"y\", \"z\"} } }"),
         "expected one of y, z"},
        {enricher("on_event = print, parameters = { A = { type = \"number\", default = 1 } }"),
         "has the key \"A\""},
        {enricher("on_event = print, parameters = { a = { type = \"number\", default = 1, min = 2, "
                  "max = 1 } }"),
         "min is above max"},
    };
    for (const auto& [text, message] : cases) {
        const auto loaded = try_load(text);

        ASSERT_FALSE(loaded.has_value()) << text.substr(0, 200);
        EXPECT_EQ(loaded.error().code, ErrorCode::Invalid);
        EXPECT_THAT(loaded.error().message, HasSubstr(message)) << text.substr(0, 200);
        EXPECT_THAT(loaded.error().message, testing::StartsWith("plugins/test.lua"));
    }
}

TEST_F(PluginTest, MayAskForLessThanTheOperatorsCeiling) {
    load(enricher(R"(wants = { memory = "1MiB", cpu = "10ms" },
      on_event = function() local t = {} for i = 1, 1000000 do t[i] = { i } end end)"));

    EXPECT_EQ(call().verdict, Verdict::KilledMemory);
    EXPECT_LT(plugin->account().memory_bytes_highest, 2U << 20);
}

// ---- modules ----

TEST_F(PluginTest, RequiresFilesOfItsOwnFolderByPlainName) {
    PluginSource source = source_of(enricher(R"(
      on_event = function()
        assert(require("geo") == geo and geo.where("a") == "rack a")
        for _, name in ipairs{ "geo.lua", "../geo", "/etc/passwd", "os", "string", "", "plugins/test/geo" } do
          local ok, message = pcall(require, name)
          assert(not ok and message:find("there is no module"), name)
        end
        assert(not pcall(require) and not pcall(require, {}) and not pcall(require, 7))
        local ok, message = pcall(require, "broken")
        assert(message:find("plugins/test/broken.lua:1:", 1, true), message)
        ok, message = pcall(require, "binary")
        assert(not ok and message:find("binary"), message)
        ok, message = pcall(require, "round")
        assert(not ok and message:find("requires itself"), message)
      end)",
                                             "geo = require('geo')"));
    source.modules = {{"geo", "return { where = function(x) return 'rack ' .. x end }"},
                      {"broken", "x = = 1"},
                      {"binary", "\x1bLua"},
                      {"round", "return require('round')"}};
    auto loaded = Plugin::load(source, options);
    ASSERT_TRUE(loaded.has_value()) << to_string(loaded.error());
    plugin = *std::move(loaded);

    EXPECT_EQ(call().verdict, Verdict::Ok) << call().message;

    const std::string hash = plugin->hash();
    EXPECT_EQ(hash.size(), 32U);
    EXPECT_EQ(version_hash(source), hash);
    source.modules[0].text += " ";
    EXPECT_NE(version_hash(source), hash);
}

// ---- parameters ----

TEST_F(PluginTest, GivesParametersToEachHandlerThatSeesThem) {
    for (const char* handler :
         {"function(event, parameters) assert(parameters.column == 'owner') end",
          "function(event, ...) assert((...).column == 'owner') end",
          "function(...) assert(select(2, ...).column == 'owner') end",
          "function(event) local function second(...) return (select(2, ...)) end "
          "assert(second(event) == nil) end"}) {
        load(enricher(std::string("parameters = { column = { type = 'string', default = 'owner' } "
                                  "}, on_event = ") +
                      handler));

        const CallResult& result = call();

        EXPECT_EQ(result.verdict, Verdict::Ok) << handler << result.message;
        EXPECT_TRUE(result.was_called);
    }
}

class ParametersTest : public PluginTest {
   public:
    static std::string text() {
        return enricher(R"(
          wants = { writes = {"annotations"} },
          parameters = {
            limit = { type = "number", default = 0.5, min = 0, max = 1 },
            hold = { type = "integer", default = 10, min = 0 },
            loud = { type = "boolean", default = false },
            column = { type = "string", default = "owner", choices = {"owner", "team"} },
          },
          on_event = function(event, p)
            nocturne.annotate("p", ("%s %s %s %s"):format(p.limit, p.hold, p.loud, p.column))
            assert(math.type(p.hold) == "integer" and math.type(p.limit) == "float")
          end)");
    }

    std::string values() {
        const CallResult& result = call();
        return result.wishes.empty() ? result.message : result.wishes[0].value;
    }
};

TEST_F(ParametersTest, HaveTheirDefaultsWithoutSettings) {
    load(text());
    EXPECT_EQ(values(), "0.5 10 false owner");
}

TEST_F(ParametersTest, TakeTheLatestSettingThatHoldsForTheEvent) {
    options.settings = {{"limit", "0.25", "", "a:1:1"},
                        {"limit", "0.75", "type=\"database\"", "a:2:1"},
                        {"limit", "1", "type=\"service\"", "a:3:1"},
                        {"hold", "20", "resource=~\"orders.*\",team=\"shop\"", "a:4:1"},
                        {"loud", "true", "check=\"latency\"", "a:5:1"},
                        {"column", "team", "zone=\"b\"", "a:6:1"}};
    load(text());

    EXPECT_EQ(values(), "0.75 20 true owner");
    event = event_of(R"({"resource":"web","check":"x","labels":{"zone":"b"}})");
    EXPECT_EQ(values(), "1.0 10 false team");
    event = event_of(R"({"resource":"nobody","check":"x"})");
    EXPECT_EQ(values(), "0.25 10 false owner");
}

TEST_F(ParametersTest, EachWrongSettingIsToldWithItsPlace) {
    options.settings = {
        {"limt", "1", "", "nocturne.yaml:3:5"},       {"limit", "2", "", "nocturne.yaml:4:5"},
        {"limit", "high", "", "nocturne.yaml:5:5"},   {"hold", "1.5", "", "nocturne.yaml:6:5"},
        {"loud", "yes", "", "nocturne.yaml:7:5"},     {"column", "rack", "", "nocturne.yaml:8:5"},
        {"limit", "1", "type=", "nocturne.yaml:9:5"}, {"limit", "1", "(", "nocturne.yaml:10:5"},
        {"limit", "nan", "", "nocturne.yaml:11:5"}};
    const auto loaded = try_load(text());

    ASSERT_FALSE(loaded.has_value());
    for (const char* line :
         {"nocturne.yaml:3:5: unknown parameter \"limt\"; did you mean \"limit\"?",
          "nocturne.yaml:4:5: parameter limit: found 2; expected 0 to 1",
          "nocturne.yaml:5:5: parameter limit: found \"high\"; expected a number",
          "nocturne.yaml:6:5: parameter hold: found 1.5; expected a whole number",
          "nocturne.yaml:7:5: parameter loud: found \"yes\"; expected true or false",
          "nocturne.yaml:8:5: parameter column: found \"rack\"; expected one of owner, team",
          "nocturne.yaml:10:5: parameter limit: scope: matcher",
          "nocturne.yaml:11:5: parameter limit: found nan; expected a finite number"}) {
        EXPECT_THAT(loaded.error().message, HasSubstr(line));
    }
}

TEST_F(ParametersTest, StayRightWhenThereAreMoreScopesThanTablesAreKept) {
    for (int i = 0; i < 12; ++i) {
        options.settings.push_back(
            {"hold", std::to_string(i), "bit" + std::to_string(i) + "=\"1\"", ""});
    }
    load(text());

    for (int bits = 1; bits < 3000; ++bits) {
        std::string labels;
        int highest = 0;
        for (int i = 0; i < 12; ++i) {
            if ((bits >> i & 1) != 0) {
                labels += std::string(labels.empty() ? "" : ",") + "\"bit" + std::to_string(i) +
                          "\":\"1\"";
                highest = i;
            }
        }
        event = event_of(R"({"resource":"a","check":"b","labels":{)" + labels + "}}");
        ASSERT_EQ(values(), "0.5 " + std::to_string(highest) + " false owner") << bits;
    }
}

// ---- calls ----

TEST_F(PluginTest, IsCalledForWhatItWantsOnly) {
    load(enricher(R"(on_event = function() end,
      wants = { events = {"alert", "change"}, match = 'severity=~"major|critical",team="shop"' })"));

    EXPECT_TRUE(call().was_called);
    for (
        const char* other :
        {R"({"resource":"a","check":"b","severity":"minor","labels":{"team":"shop"}})",
         R"({"resource":"a","check":"b","severity":"major","labels":{"team":"data"}})",
         R"({"resource":"a","check":"b","severity":"major"})",
         R"({"kind":"metric","resource":"a","check":"b","severity":"major","labels":{"team":"shop"}})"}) {
        event = event_of(other);
        EXPECT_FALSE(call().was_called) << other;
    }
    EXPECT_FALSE(plugin->on_sample(event.events().front(), world).was_called);
    EXPECT_FALSE(plugin->on_incident({}, world).was_called);
    EXPECT_EQ(plugin->account().calls, 1U);
}

TEST_F(PluginTest, SharesNothingWithAnother) {
    const std::string wrecker = enricher(R"(on_event = function(event)
        for name in pairs(string) do string[name] = nil end
        local all = _G for name in pairs(all) do all[name] = nil end
      end)",
                                         "leftover = true math.pi = 3 nocturne.state.leftover = 1");
    const std::string looker = enricher(R"(on_event = function(event)
        assert(leftover == nil and math.pi > 3.1 and ("x"):upper() == "X")
        assert(nocturne.state.leftover == nil and event.resource == "orders-db")
      end)");
    load(wrecker);
    ASSERT_EQ(call().verdict, Verdict::Ok);
    const auto first = std::move(plugin);

    load(looker);
    EXPECT_EQ(call().verdict, Verdict::Ok) << call().message;
    (void)first->on_event(event.events().front(), world);
    EXPECT_EQ(call().verdict, Verdict::Ok) << call().message;
}

TEST_F(PluginTest, EndsLateCallsAndIsNotCalledAgain) {
    options.ceiling.call_cpu_max = std::chrono::milliseconds(20);
    for (const char* busy :
         {"while true do end", "pcall(function() while true do end end)",
          "local s = ('x'):rep(2000) while true do s:match('x*x*x*x*x*y') end",
          "coroutine.wrap(function() while true do end end)()",
          "while true do local x = event.resource end", "while true do pcall(nocturne.now) end",
          "for name in pairs(event.labels) do while true do end end"}) {
        const CallResult& result = run(busy);

        EXPECT_EQ(result.verdict, Verdict::KilledTime) << busy;
        EXPECT_EQ(call().verdict, Verdict::Refused) << busy;
        EXPECT_EQ(plugin->account().kills, 1U) << busy;
    }
}

TEST_F(PluginTest, KeptCoroutinesAndEventsObeyTheCallThatUsesThem) {
    load(enricher(R"(on_event = function(event)
      if not co then
        co = coroutine.create(function(event)
          while true do
            event = coroutine.yield(event.resource)
          end
        end)
      end
      local ok, resource = coroutine.resume(co, event)
      assert(ok and resource == event.resource)
      if labels then assert(not pcall(function() return labels.team end)) end
      if iterator then assert(not iterator or iterator()) end
      labels = event.labels
      iterator = pairs(event.labels)
    end)"));

    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(call().verdict, Verdict::Ok) << call().message;
    }
}

TEST_F(PluginTest, CollectsBeforeItsMemoryIsFull) {
    options.ceiling.memory_bytes_max = 2U << 20;
    load(enricher("on_event = function() local t = {} for i = 1, 2000 do t[i] = { i } end end"));

    for (int i = 0; i < 200; ++i) {
        ASSERT_EQ(call().verdict, Verdict::Ok) << i;
    }
    EXPECT_LE(plugin->account().memory_bytes_highest, 2U << 20);
}

TEST_F(PluginTest, GrowthOverManyCallsEndsInAKillForMemory) {
    options.ceiling.memory_bytes_max = 2U << 20;
    load(enricher("on_event = function() for i = 1, 1000 do kept[#kept + 1] = { i } end end",
                  "kept = {}"));

    Verdict verdict = Verdict::Ok;
    for (int i = 0; i < 200 && verdict == Verdict::Ok; ++i) {
        verdict = call().verdict;
    }

    EXPECT_EQ(verdict, Verdict::KilledMemory);
}

TEST_F(PluginTest, GivesTheSameAnswersForTheSameCalls) {
    const std::string text = enricher(R"(wants = { writes = {"annotations"} },
      on_event = function(event)
        local state = nocturne.state
        state.n = (state.n or 0) + 1
        local text = {}
        for name, value in pairs(setmetatable({ a = 1, b = 2, [3] = "c", [true] = {} }, {})) do
          text[#text + 1] = tostring(name) .. tostring(value)
        end
        nocturne.annotate("all", table.concat(text, " ") .. math.random(1, 1000) .. state.n ..
                          os.time() .. tostring(event) .. tostring(print))
      end)");
    std::vector<std::string> answers;
    for (int run_number = 0; run_number < 2; ++run_number) {
        load(text);
        std::string all;
        for (int i = 0; i < 20; ++i) {
            all += call().wishes.at(0).value + "\n";
        }
        answers.push_back(all);
    }

    EXPECT_EQ(answers[0], answers[1]);
    EXPECT_THAT(answers[0], testing::Not(HasSubstr("0x")));
}

// ---- coverage ----

TEST_F(PluginTest, KnowsTheLinesThatRanAndThoseThatCould) {
    options.covers_lines = true;
    load(R"(local limit = 3

local function never()
  return 1
end

-- a comment
local function inner(x)
  local co = coroutine.wrap(function()
    coroutine.yield(x)
  end)
  return co()
end

return {
  name = "test", version = "1.0.0", kind = "enricher", api = 1,
  on_event = function(event)
    if event.value > limit then
      never()
    else
      inner(2)
    end
  end,
})");
    call();

    const auto [ran, could] = plugin->lines();

    // A function is made in the line of its `end`; 4 and 19 are what no call has reached.
    EXPECT_EQ(could, (std::vector<int>{1, 4, 5, 9, 10, 11, 12, 13, 15, 16, 18, 19, 21, 23, 24}));
    EXPECT_EQ(ran, (std::vector<int>{1, 5, 9, 10, 11, 12, 13, 15, 16, 18, 21, 23, 24}));
}

}  // namespace nocturne::plugins
