// Statistics as plugins see them: strict about what they are given, charged for what they hold, and
// kept with the plugin's state.
#include "plugins/native_statistics.hpp"

#include "plugins/environment.hpp"
#include "plugins/meter.hpp"
#include "plugins/statistics/moments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

namespace nocturne::plugins {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// One state as the host builds it, with `stats` for a global.
class Room {
   public:
    explicit Room(const Limits& limits = {})
        : meter_(limits, Counting::LibrarySteps),
          state_(lua_newstate(Meter::allocate, &meter_), lua_close) {
        meter_.attach(L());
        lua_pushcfunction(L(), [](lua_State* L) {
            build_environment(L);
            lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
            add_native_statistics(L);
            lua_setfield(L, -2, "stats");
            return 0;
        });
        EXPECT_EQ(lua_pcall(L(), 0, 0, 0), LUA_OK);
    }

    // What the chunk returns, as text; of an error its message.
    std::string run(std::string_view source) {
        const Meter::Running running(meter_, L());
        meter_.begin(std::chrono::seconds(20));
        if (luaL_loadbufferx(L(), source.data(), source.size(), "=plugin", "t") == LUA_OK) {
            lua_pcall(L(), 0, 1, 0);
        }
        meter_.end();
        std::size_t length = 0;
        const char* const text = push_text_of(L(), -1, &length);
        std::string answer(text, length);
        lua_settop(L(), 0);
        return answer;
    }

    lua_State* L() { return state_.get(); }

    Meter& meter() { return meter_; }

   private:
    Meter meter_;
    std::unique_ptr<lua_State, void (*)(lua_State*)> state_;
};

TEST(NativeStatistics, ReckonAsTheirClassesDo) {
    Room room;
    RollingMoments rolling(3);
    for (const double sample : {1.0, 2.0, 3.0, 10.0}) {
        rolling.add(sample);
    }

    EXPECT_EQ(room.run(R"(
        rolling = stats.rolling{window = 3}
        for _, x in ipairs{1, 2, 3, 10} do assert(rolling:add(x)) end
        return string.format("%.17g %.17g %d", rolling:mean(), rolling:deviation(), rolling:count())
    )"),
              [&] {
                  char text[96];
                  std::snprintf(text, sizeof text, "%.17g %.17g %d", rolling.mean(),
                                rolling.deviation(), 3);
                  return std::string(text);
              }());
}

TEST(NativeStatistics, HaveAnObjectForEachClass) {
    Room room;

    EXPECT_EQ(room.run(R"(
        local nan = 0/0
        local w = stats.weighted{span = 10};          assert(w:add(5) and not w:add(nan)); assert(w:mean() == 5)
        local m = stats.median{window = 5};           for i = 1, 9 do m:add(i) end
        assert(m:median() == 7 and m:mad() == 1 and m:quantile(1) == 9 and m:beyond_fence(7, 1.5, 0) == 0)
        local q = stats.quantiles{};                  for i = 1, 1000 do q:add(i) end
        assert(math.abs(q:quantile(0.5) - 500) < 11 and q:share_above(2000) == 0)
        local r = stats.range{forget = 0};            r:add(0); r:add(10); assert(r:excess(15, 0) == 0.5)
        local s = stats.seasonal{period = 86400, slots = 24}
        for hour = 0, 24 do s:add(hour * 3600, hour) end
        assert(s:knows(90000) and s:expected(93600) == 2)
        local h = stats.seasonal_range{neighbours = 1}
        for hour = 0, 71 do h:add(hour * 3600, 1) end
        assert(h:excess(72 * 3600, 3, 2) == 2 and h:excess_before_today(72 * 3600, 1, 2) == 0)
        local t = stats.trend{span = 50};             for i = 1, 40 do t:add(i, 2 * i) end
        assert(math.abs(t:slope() - 2) < 1e-9 and math.abs(t:time_to(100, 40) - 10) < 1e-6)
        local c = stats.change_point{};               for i = 1, 60 do c:add(i % 2) end
        local sum = 0; for i = 1, 20 do sum = c:add(9) end; assert(sum > 20); c:forget(); assert(c:add(0) < sum)
        local d = stats.drift{window = 20};           for i = 1, 60 do d:add(i <= 40 and i % 7 or 100) end
        assert(d:stability_index() > 1 and d:kolmogorov_smirnov() > 0.4)
        local b = stats.burn_rate{objective = 0.99, window = 3600}
        b:add(0, 2, 100); assert(math.abs(b:rate() - 2) < 1e-9 and not b:is_full())
        local v = stats.covariate{span = 100};        for i = 1, 50 do v:add(4, 10 + i % 2) end
        assert(v:distance(4, 20, 1) > 5 and v:distance(400, 20, 1) == 0)
        local a = stats.autocorrelation{lag = 2, span = 100}
        for i = 1, 100 do a:add(i % 2) end;           assert(a:correlation() > 0.99)
        local p = stats.tail{p = 0.9, span = 100};    for i = 1, 200 do p:add(i % 10) end
        assert(p:surprise(100) > 3 and p:count() == 200)
        local n = stats.alert{hold = 2};              assert(n:score(1) == 0.5 and n:score(1) == 0)
        assert(stats.best{}:score(0, 1) == 0 and stats.kpi{limit = 4}:score(0, 1) == 0)
        assert(stats.any(0.1, 0.7) == 0.7 and stats.all(0.1, 0.7) == 0.1)
        assert(stats.k_of(2, 0.1, 0.7, 0.6) == 0.6 and stats.likelihood(0.9, 0.9) > 0.98)
        assert(stats.distance(6, 5, 0, 0.5) == 2 and stats.normal_tail(0) == 0.5)
        assert(stats.usable(1) and not stats.usable(nan) and not stats.usable("1"))
        return "all"
    )"),
              "all");
}

TEST(NativeStatistics, NameTheArgumentAndWhatIsRight) {
    Room room;

    EXPECT_EQ(room.run("stats.rolling{window = 0}"),
              "plugin:1: stats.rolling: window is 0; expected a whole number from 1.0 to 100000.0");
    EXPECT_THAT(room.run("stats.rolling{window = 1.5}"),
                HasSubstr("window is 1.5; expected a whole"));
    EXPECT_THAT(room.run("stats.rolling{}"), HasSubstr("window is missing; expected"));
    EXPECT_THAT(room.run("stats.rolling()"), HasSubstr("window is missing; expected"));
    EXPECT_THAT(room.run("stats.rolling{window = '5'}"), HasSubstr("window is string; expected"));
    EXPECT_THAT(room.run("stats.rolling{window = 0/0}"), HasSubstr("expected a whole number"));
    EXPECT_THAT(
        room.run("stats.seasonal{slot = 3}"),
        HasSubstr("stats.seasonal: unknown argument \"slot\"; it has period, slots, alpha"));
    EXPECT_THAT(room.run("stats.weighted{[{}] = 3}"), HasSubstr("unknown argument \"table\""));
    EXPECT_THAT(room.run("stats.weighted(5)"), HasSubstr("takes one table"));
    EXPECT_THAT(room.run("stats.weighted{span = 5}:add('7')"), HasSubstr("number expected"));
    EXPECT_THAT(room.run("stats.weighted{span = 5}:add()"), HasSubstr("expected 2 arguments"));
    EXPECT_THAT(room.run("stats.trend{span = 5}:add(7)"), HasSubstr("expected 3 arguments"));
    EXPECT_THAT(room.run("stats.weighted{span = 5}.add(7)"), HasSubstr("with a colon"));
    EXPECT_THAT(room.run("stats.trend{span = 5}.add(stats.weighted{span = 5}, 7, 8)"),
                HasSubstr("expected an object of stats.trend"));
    EXPECT_THAT(room.run("stats.k_of(0.5, 1)"), HasSubstr("whole number"));
    EXPECT_THAT(room.run("stats.any(nil)"), HasSubstr("number expected"));
}

TEST(NativeStatistics, CannotBeChanged) {
    Room room;

    EXPECT_EQ(room.run("return getmetatable(stats.weighted{span = 5})"), "false");
    EXPECT_THAT(room.run("setmetatable(stats.weighted{span = 5}, {})"),
                HasSubstr("table expected"));
    EXPECT_THAT(room.run("stats.weighted{span = 5}.mean = 3"), HasSubstr("no fields to set"));
    EXPECT_THAT(room.run("rawset(stats.weighted{span = 5}, 'mean', 3)"),
                HasSubstr("table expected"));
    EXPECT_EQ(room.run("return tostring(stats.weighted{span = 5}.__gc)"), "nil");
}

TEST(NativeStatistics, SurviveAllOddArguments) {
    Room room;

    EXPECT_EQ(room.run(R"(
        local odd = {0, -1, 1, 0.5, 0/0, 1/0, -1/0, math.maxinteger, math.mininteger, 1e300, 20, 0.95, "x", {}, print, false}
        local made = {}
        for name, make in pairs(stats) do
          for _, x in ipairs(odd) do
            for _, field in ipairs{"span", "window", "hold", "period", "slots", "lag", "p", "forget", "neighbours"} do
              local ok, object = pcall(make, {[field] = x})
              if ok and type(object) == "userdata" then made[#made + 1] = object end
            end
            pcall(make, x, x, x, x)
          end
        end
        local names = {"add", "mean", "deviation", "distance", "quantile", "beyond_fence", "share_above", "excess",
                       "excess_before_today", "knows", "expected", "slope", "time_to", "rate", "surprise", "score"}
        for _, object in ipairs(made) do
          for _, name in ipairs(names) do
            local f = object[name]
            for _, x in ipairs(odd) do
              pcall(f, object); pcall(f, object, x); pcall(f, object, x, x); pcall(f, object, x, 1, x)
              pcall(f, x, x)
            end
          end
        end
        return #made > 20
    )"),
              "true");
}

TEST(NativeStatistics, AreChargedToThePluginAndFreed) {
    Room room;
    const std::size_t before = room.meter().memory_now();

    EXPECT_EQ(room.run("keep = stats.rolling{window = 100000}"), "nil");
    EXPECT_GT(room.meter().memory_now(), before + 800'000);

    EXPECT_EQ(room.run("keep = nil"), "nil");
    lua_gc(room.L(), LUA_GCCOLLECT);
    EXPECT_LT(room.meter().memory_now(), before + 20'000);
}

TEST(NativeStatistics, OfGarbageStayWithinTheCap) {
    Limits limits;
    limits.memory_bytes_max = 4U << 20;
    Room room(limits);

    EXPECT_EQ(room.run("for i = 1, 2000 do stats.rolling{window = 10000}:add(i) end return 'done'"),
              "done");
    EXPECT_LT(room.meter().memory_highest(), limits.memory_bytes_max);
}

TEST(NativeStatistics, OverTheCapAreAKillThatNothingCatches) {
    Room room;

    room.run(
        "t = {} pcall(function() for i = 1, 1000 do t[i] = stats.rolling{window = 100000} end end)"
        "t = nil while true do end");

    EXPECT_EQ(room.meter().killed(), Verdict::KilledMemory);
    EXPECT_LT(room.meter().memory_highest(), Limits().memory_bytes_max + (2U << 20));
}

// Weak keys are refused, but for a mode that is set after the metatable was given.
TEST(NativeStatistics, AreNobodysAfterTheirEnd) {
    Room room;

    room.run(R"(
        meta = {}
        weak = setmetatable({}, meta)
        meta.__mode = "k"
        for i = 1, 200 do weak[stats.rolling{window = 100}] = i end
    )");
    const std::string answer = room.run(R"(
        local errors = 0
        for round = 1, 200 do
          local junk = {}
          for i = 1, 100 do junk[i] = {i} end
          for object in next, weak do
            if not pcall(function() object:add(1) end) then errors = errors + 1 end
          end
        end
        return errors
    )");

    EXPECT_GE(std::stoi(answer), 0);  // the sanitizers look on
}

TEST(NativeStatistics, AreKeptAndTakenUpAgain) {
    Room before;
    Room after;
    before.run(
        "best = stats.best{level = 0.1} for i = 1, 3000 do best:score(i * 300, i % 288) end");
    model::Writer out;
    lua_getglobal(before.L(), "best");
    ASSERT_TRUE(is_native(before.L(), -1));
    encode_native(before.L(), -1, out);

    model::Reader in(out.bytes());
    ASSERT_TRUE(push_native(after.L(), in));
    lua_setglobal(after.L(), "best");

    constexpr std::string_view kGoOn = R"(
        local all = {}
        for i = 3001, 4000 do all[#all + 1] = string.format("%a", best:score(i * 300, i % 301)) end
        return table.concat(all, " "))";
    EXPECT_EQ(after.run(kGoOn), before.run(kGoOn));
    EXPECT_EQ(in.remaining(), 0U);
}

TEST(NativeStatistics, AreNotMadeOfOtherBytes) {
    Room room;
    for (int code = 0; code < 256; ++code) {
        const std::string bytes(1, static_cast<char>(code));
        model::Reader in(bytes);
        EXPECT_FALSE(push_native(room.L(), in)) << code;
        EXPECT_EQ(lua_gettop(room.L()), 0);
    }
    lua_newuserdatauv(room.L(), 64, 0);
    EXPECT_FALSE(is_native(room.L(), -1));
    lua_pushinteger(room.L(), 1);
    EXPECT_FALSE(is_native(room.L(), -1));
}

}  // namespace
}  // namespace nocturne::plugins
