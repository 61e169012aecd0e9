// What a plugin keeps: nocturne.state and the series of on_sample, saved, restored and migrated.
#include "plugins/plugin.hpp"
#include "tests/plugins/small_world.hpp"

#include <string>

namespace nocturne::plugins {

using testing::HasSubstr;

namespace {

std::string detector(std::string_view fields, std::string_view before = "") {
    return std::string(before) +
           "\nreturn { name = \"test\", version = \"1.0.0\", kind = \"detector\", api = 1, " +
           std::string(fields) + " }";
}

}  // namespace

class StateTest : public PluginTest {
   public:
    // One sample of a series; the resource names it.
    const CallResult& sample(double value, std::string_view resource = "orders-db") {
        batch_ = event_of(R"({"kind":"metric","resource":")" + std::string(resource) +
                          R"(","check":"latency","value":)" + std::to_string(value) + "}");
        return plugin->on_sample(batch_.events().front(), world);
    }

    // The same file anew, with what the other has kept.
    void restart(std::string text) {
        const std::string bytes = plugin->save_state();
        load(std::move(text));
        const Status status = plugin->restore_state(bytes);
        EXPECT_TRUE(status.has_value()) << to_string(status.error());
    }

    // The answer of an enricher that annotates what it has.
    std::string answer() {
        const CallResult& result = call();
        return result.wishes.empty() ? result.message : result.wishes.front().value;
    }

   private:
    model::EventBatch batch_;
};

// ---- nocturne.state ----

TEST_F(StateTest, SurvivesARestartWithAllItsTypes) {
    const std::string text = enricher(R"(wants = { writes = {"annotations"} },
      on_event = function()
        local state = nocturne.state
        if state.count == nil then
          state.count, state.text, state.yes, state.no = 1, "a\0b", true, false
          state.half, state.whole = 0.5, 2.0
          state.list = { "x", "y", { deep = { deeper = 7 } } }
          state[-3] = "below"
          state.mean = nocturne.stats.weighted{ span = 5 }
          state.mean:add(10)
        end
        nocturne.annotate("a", ("%d %s %s %s %s %s %s %s %s %s %s"):format(state.count, #state.text,
          tostring(state.yes), tostring(state.no), tostring(state.half), math.type(state.whole),
          state.list[1] .. state.list[2], tostring(state.list[3].deep.deeper), state[-3],
          tostring(state.mean:mean()), tostring(state.none)))
        state.count = state.count + 1
        state.mean:add(20)
      end)");
    load(text);
    const std::string first = answer();
    EXPECT_EQ(first, "1 3 true false 0.5 float xy 7 below 10.0 nil");

    restart(text);

    const std::string after_restart = answer();
    EXPECT_EQ(after_restart.substr(0, 2), "2 ");
    EXPECT_THAT(after_restart, HasSubstr("3 true false 0.5 float xy 7 below 1"));
}

TEST_F(StateTest, IsTheSameTableForWhoeverHeldItBeforeItWasRestored) {
    const std::string text = enricher(R"(wants = { writes = {"annotations"} },
          on_event = function()
            state.n = (state.n or 0) + 1
            nocturne.annotate("n", state.n)
          end)",
                                      "local state = nocturne.state");
    load(text);
    call();
    call();

    restart(text);

    EXPECT_EQ(answer(), "3");
}

TEST_F(StateTest, HasTheSameBytesWhateverTheOrderOfWriting) {
    load(enricher(R"(on_event = function()
      for i = 1, 200 do nocturne.state["key" .. i] = i end
      for i = 1, 50 do nocturne.state[i] = i end
    end)"));
    call();
    const std::string up = plugin->save_state();

    load(enricher(R"(on_event = function()
      for i = 50, 1, -1 do nocturne.state[i] = i end
      for i = 200, 1, -1 do nocturne.state["key" .. i] = i end
    end)"));
    call();

    EXPECT_EQ(plugin->save_state(), up);
}

TEST_F(StateTest, TellsWhatCannotBeKeptAndWhere) {
    const std::pair<const char*, const char*> cases[] = {
        {"state.a = { b = function() end }", "nocturne.state.a.b is a function; kept are tables"},
        {"state.loop = { inner = {} }; state.loop.inner.back = state.loop",
         "nocturne.state.loop.inner.back is a cycle: it is the table at nocturne.state.loop"},
        {"state.self = state", "nocturne.state.self is a cycle: it is the table at nocturne.state"},
        {"local t = {}; state.a, state.b = t, t",
         "nocturne.state.b is the same object as nocturne.state.a; each may be in one place"},
        {"state.co = coroutine.create(print)", "nocturne.state.co is a thread"},
        {"state.event = event", "nocturne.state.event is a lent object such as an event"},
        {"state.p = parameters", "nocturne.state.p is a object of the host's"},
        {"state[1.5] = 1", "nocturne.state has a key that is a fraction"},
        {"state[true] = 1", "nocturne.state has a key that is a boolean"},
        {"state[{}] = 1", "nocturne.state has a key that is a table"},
        {"state.m = setmetatable({}, {})", "nocturne.state.m has a metatable"},
        {"local t = state for i = 1, 20 do t.t = {} t = t.t end", "is deeper than 16 tables"},
        {"for i = 1, 100 do state[i] = ('x'):rep(1000) .. i end", "larger than 65536 bytes"},
        {"for i = 1, 20000 do state[i] = i end", "nocturne.state makes it larger than 65536"},
    };
    for (const auto& [body, message] : cases) {
        const CallResult& result =
            run("local state = nocturne.state " + std::string(body), "{ state = \"64KiB\" }");

        EXPECT_EQ(result.verdict, Verdict::Error) << body;
        EXPECT_THAT(result.message, HasSubstr(message)) << body;
        EXPECT_THAT(result.message, HasSubstr("nocturne.state was emptied")) << body;
    }
}

TEST_F(StateTest, IsLookedAtAgainAfterItGrew) {
    load(enricher(R"(on_event = function()
      local state = nocturne.state
      state.n = (state.n or 0) + 1
      if state.n == 5 then state.bad = print end
    end)"));
    for (int i = 0; i < 4; ++i) {
        ASSERT_EQ(call().verdict, Verdict::Ok);
    }

    int errors = 0;
    for (int i = 0; i < 10; ++i) {
        errors += call().verdict == Verdict::Error ? 1 : 0;
    }

    EXPECT_EQ(errors, 1);
}

TEST_F(StateTest, GoesThroughMigrateWhenTheVersionChanges) {
    load(enricher("on_event = function() nocturne.state.total = 41 end"));
    call();
    const std::string bytes = plugin->save_state();
    const auto second = [](std::string_view migrate) {
        return R"(return { name = "test", version = "2.0.0", kind = "enricher", api = 1,
          wants = { writes = {"annotations"} },
          on_event = function() nocturne.annotate("sum", tostring(nocturne.state.sum)) end, )" +
               std::string(migrate) + "}";
    };

    load(second(
        R"(migrate = function(state, from) return { sum = state.total .. " of " .. from } end)"));
    ASSERT_TRUE(plugin->restore_state(bytes).has_value());
    EXPECT_EQ(answer(), "41 of 1.0.0");

    load(second(""));
    ASSERT_TRUE(plugin->restore_state(bytes).has_value());
    EXPECT_EQ(answer(), "nil");

    load(second("migrate = function() error('cannot') end"));
    const Status failed = plugin->restore_state(bytes);
    ASSERT_FALSE(failed.has_value());
    EXPECT_THAT(failed.error().message,
                HasSubstr("migrate from version 1.0.0: plugins/test.lua:3: cannot"));

    load(second("migrate = function() return 3 end"));
    EXPECT_FALSE(plugin->restore_state(bytes).has_value());
}

TEST_F(StateTest, TakesNoDamagedBytes) {
    load(enricher("on_event = function() nocturne.state.a = {1, 2, {b = 'c'}} end"));
    call();
    const std::string bytes = plugin->save_state();

    for (std::size_t length = 1; length < bytes.size(); ++length) {
        EXPECT_FALSE(plugin->restore_state(bytes.substr(0, length)).has_value()) << length;
    }
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string changed = bytes;
        changed[i] = static_cast<char>(changed[i] ^ 0x41);
        (void)plugin->restore_state(changed);  // right or wrong, it comes back
    }
    EXPECT_TRUE(plugin->restore_state(bytes).has_value());
    EXPECT_EQ(plugin->save_state(), bytes);
}

TEST_F(StateTest, IsNotThereAfterAKill) {
    options.ceiling.call_cpu_max = std::chrono::milliseconds(20);
    load(enricher("on_event = function() nocturne.state.n = 1 while true do end end"));

    EXPECT_EQ(call().verdict, Verdict::KilledTime);

    EXPECT_EQ(plugin->save_state(), "");
    EXPECT_EQ(call().verdict, Verdict::Refused);
    EXPECT_EQ(plugin->account().kills, 1U);
}

TEST_F(StateTest, DrawsTheSameNumbersAfterARestart) {
    const std::string text = enricher(R"(wants = { writes = {"annotations"} },
      on_event = function()
        nocturne.annotate("n", math.random(1, 1000000) .. " " .. math.random())
      end)");
    load(text);
    call();
    const std::string bytes = plugin->save_state();
    const std::string second = answer();

    load(text);
    ASSERT_TRUE(plugin->restore_state(bytes).has_value());

    EXPECT_EQ(answer(), second);
}

// ---- series ----

TEST_F(StateTest, KeepsEachSeriesApart) {
    load(detector(R"(
      series = function(parameters) return { n = 0 } end,
      on_sample = function(series, sample, parameters)
        series.n = series.n + 1
        if series.n < 3 then return nil end
        return sample.value > 5 and 1 or 0.25
      end)"));

    EXPECT_EQ(sample(1, "a").score, std::nullopt);
    EXPECT_EQ(sample(1, "a").score, std::nullopt);
    EXPECT_EQ(sample(9, "b").score, std::nullopt);
    EXPECT_EQ(sample(9, "a").score, 1);
    EXPECT_EQ(sample(2, "a").score, 0.25);
}

TEST_F(StateTest, ForgetsTheSeriesThatWasNotSeenLongest) {
    load(detector(R"(wants = { series = 2 },
      series = function() return { n = 0 } end,
      on_sample = function(series) series.n = series.n + 1 return series.n / 10 end)"));
    sample(1, "a");
    sample(1, "b");
    sample(1, "a");

    sample(1, "c");

    EXPECT_EQ(plugin->account().series_forgotten, 1U);
    EXPECT_EQ(sample(1, "a").score, 0.3);
    EXPECT_EQ(sample(1, "b").score, 0.1);
}

TEST_F(StateTest, SeriesSurviveARestartWithTheirOrder) {
    const std::string text = detector(R"(wants = { series = 2 },
      series = function() return { n = 0, mean = nocturne.stats.weighted{ span = 3 } } end,
      on_sample = function(series, sample)
        series.n = series.n + 1
        series.mean:add(sample.value)
        return series.n / 10
      end)");
    load(text);
    sample(1, "a");
    sample(2, "b");
    sample(3, "a");
    const std::string before = plugin->save_state();

    restart(text);

    EXPECT_EQ(plugin->save_state(), before);
    sample(1, "c");  // takes the place of b
    EXPECT_EQ(sample(1, "a").score, 0.3);
    EXPECT_EQ(sample(1, "b").score, 0.1);
}

TEST_F(StateTest, TakesNoScoreThatIsNone) {
    for (const char* score : {"1.5", "-0.1", "0/0", "'high'", "true", "{}"}) {
        load(detector("series = function() return {} end, on_sample = function() return " +
                      std::string(score) + " end"));

        const CallResult& result = sample(1);

        EXPECT_EQ(result.verdict, Verdict::Error) << score;
        EXPECT_FALSE(result.score.has_value()) << score;
        EXPECT_THAT(result.message, HasSubstr("expected a score from 0 to 1, or nil")) << score;
    }
}

TEST_F(StateTest, TakesNoSeriesThatCannotBeKept) {
    for (const char* made : {"nil", "3", "{ f = print }", "setmetatable({}, {})"}) {
        load(detector("series = function() return " + std::string(made) +
                      " end, on_sample = function() return 0 end"));

        const CallResult& result = sample(1);

        EXPECT_EQ(result.verdict, Verdict::Error) << made;
        EXPECT_THAT(result.message, HasSubstr("series()")) << made;
    }
}

TEST_F(StateTest, BeginsASeriesAnewThatGoesWrong) {
    load(detector(R"(series = function() return { n = 0 } end,
      on_sample = function(series)
        series.n = series.n + 1
        series.bad = print
        return series.n / 1000
      end)"));

    int errors = 0;
    for (int i = 0; i < 100; ++i) {
        const CallResult& result = sample(1);
        if (result.verdict == Verdict::Error) {
            ++errors;
            EXPECT_THAT(result.message, HasSubstr("series.bad is a function"));
        }
    }

    EXPECT_EQ(errors, 1);
    EXPECT_LT(sample(1).score, 0.05);
}

}  // namespace nocturne::plugins
