// Plugins as the engine loads and calls them.
#include "plugins/plugin.hpp"

#include "tests/plugins/small_world.hpp"

#include <string>

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

}  // namespace nocturne::plugins
