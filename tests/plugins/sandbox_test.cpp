// The sandbox as the engine runs it: no instruction is counted, the watchdog looks after the VM.
#include "plugins/sandbox.hpp"

#include "model/event_json.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace nocturne::plugins {

namespace {

using std::chrono::milliseconds;

class SandboxTest : public ::testing::Test {
   protected:
    SandboxTest() {
        limits_.call_cpu_max = limits_.load_cpu_max = milliseconds(30);
        limits_.instructions_max = 1'000'000'000;
        NOCTURNE_ASSERT(
            model::EventDecoder()
                .decode_one(
                    R"({"resource":"orders-db","check":"latency","labels":{"team":"shop"}})",
                    event_)
                .has_value());
    }

    Outcome load(std::string_view source) {
        sandbox_.emplace(Sandbox::Options{limits_, Counting::LibrarySteps});
        return sandbox_->load(thread_, source, "plugin/test.lua");
    }

    Outcome call() { return sandbox_->call_global(thread_, "on_event", event_.events().front()); }

    Limits limits_;
    model::EventBatch event_;
    Watchdog watchdog_;
    WatchedThread thread_{watchdog_};
    std::optional<Sandbox> sandbox_;
};

}  // namespace

TEST_F(SandboxTest, EndsEachBusyLoopSoonAfterItsBudget) {
    for (const char* busy : {
             "while true do end",
             "for i = 1, math.huge do end",
             "xpcall(spin, spin)",
             "pcall(coroutine.wrap(spin))",
             "while true do pcall(spin) end",
             "local x <close> = setmetatable({}, {__close = spin}) error('x')",
             "while true do (('x'):rep(2000)):match('x*x*x*x*x*y') end",
             "table.move({}, 1, 1 << 60, 2)",
             "while true do table.sort({3, 2, 1}) end",
             "while true do local t = {} end",
         }) {
        const Outcome outcome = load("function spin() while true do end end " + std::string(busy));

        EXPECT_EQ(outcome.verdict, Verdict::KilledTime) << busy;
        EXPECT_LT(outcome.cpu, milliseconds(130)) << busy;
    }
}

TEST_F(SandboxTest, IsNotCalledAgainOnceItWasKilled) {
    ASSERT_EQ(
        load("local n = 0; function on_event() n = n + 1; while n == 1 do end return n == 2 end")
            .verdict,
        Verdict::Ok);

    EXPECT_EQ(call().verdict, Verdict::KilledTime);
    EXPECT_EQ(call().verdict, Verdict::Refused);
}

TEST_F(SandboxTest, GoesOnAfterAnOrdinaryError) {
    ASSERT_EQ(load("local n = 0; function on_event() n = n + 1; if n == 1 then error('once') end "
                   "return n == 2 end")
                  .verdict,
              Verdict::Ok);

    const Outcome first = call();
    const Outcome second = call();

    EXPECT_EQ(first.verdict, Verdict::Error);
    EXPECT_EQ(first.message, "plugin/test.lua:1: once");
    EXPECT_EQ(second.returned, Outcome::Returned::True);
}

TEST_F(SandboxTest, TellsWhereAnErrorCameFrom) {
    const Outcome outcome = load("local function inner()\n  error('deep')\nend\ninner()");

    EXPECT_EQ(outcome.message, "plugin/test.lua:2: deep");
    EXPECT_NE(outcome.traceback.find("plugin/test.lua:4"), std::string::npos) << outcome.traceback;
}

TEST_F(SandboxTest, GivesEachCallItsOwnEvent) {
    ASSERT_EQ(
        load("function on_event(e) local was = e.resource == 'orders-db' and e.labels.team == "
             "'shop' and "
             "e.mine == nil; e.mine = 1; e.resource = 'x'; e.labels.team = nil; return was end")
            .verdict,
        Verdict::Ok);

    EXPECT_EQ(call().returned, Outcome::Returned::True);
    EXPECT_EQ(call().returned, Outcome::Returned::True);
}

TEST_F(SandboxTest, CountsGrowthOverManyCalls) {
    limits_.memory_bytes_max = 1U << 20;
    ASSERT_EQ(load("kept = {} function on_event() kept[#kept + 1] = ('x'):rep(50000) .. #kept end")
                  .verdict,
              Verdict::Ok);

    Verdict last = Verdict::Ok;
    for (int i = 0; i < 100 && last == Verdict::Ok; ++i) {
        sandbox_->collect_if_full();
        last = call().verdict;
    }

    EXPECT_EQ(last, Verdict::KilledMemory);
}

TEST_F(SandboxTest, SharesNothingWithAnother) {
    Sandbox first({limits_, Counting::LibrarySteps});
    ASSERT_EQ(first
                  .load(thread_, "string.len = nil; LEFT = 1; table.concat = 'x'; return true",
                        "plugin/a.lua")
                  .returned,
              Outcome::Returned::True);

    EXPECT_EQ(
        load("return LEFT == nil and ('ab'):len() == 2 and table.concat({1, 2}) == '12'").returned,
        Outcome::Returned::True);
}

TEST_F(SandboxTest, TakesNoFileThatIsTooLongOrBinary) {
    const Outcome longer = load(std::string(limits_.source_bytes_max, ' ') + "return 1");
    const Outcome binary = load("\x1bLua\x54");

    EXPECT_EQ(longer.verdict, Verdict::Error);
    EXPECT_NE(longer.message.find("a plugin may have 131072"), std::string::npos) << longer.message;
    EXPECT_EQ(binary.verdict, Verdict::Error);
    EXPECT_NE(binary.message.find("bytecode"), std::string::npos) << binary.message;
}

TEST_F(SandboxTest, GivesTheSameResultsAtEachRun) {
    const char* source =
        "local out = {} for k in pairs({zeta = 1, alpha = 1, [3] = 1, [1.5] = 1, [true] = 1}) do "
        "out[#out + 1] = tostring(k) end return table.concat(out, ' ') .. ' ' .. math.random(1 << "
        "40)";

    const Outcome first = load(source);
    const Outcome second = load(source);

    EXPECT_TRUE(first.text.starts_with("1.5 3 alpha zeta true ")) << first.text;
    EXPECT_EQ(first.text, second.text);
}

// Of more than half of all numbers, too, where the next power of two is none of them.
TEST_F(SandboxTest, DrawsFromIntervalsOfEachWidth) {
    const Outcome outcome = load(R"(
      for bits = 1, 63 do
        local high = math.mininteger + (1 << bits)
        local above = 0
        for i = 1, 100 do
          local drawn = math.random(math.mininteger, high)
          assert(drawn <= high, bits)
          if drawn > high - (1 << (bits - 1)) then above = above + 1 end
        end
        assert(above > 15 and above < 85, bits)
      end
      return math.random(5, 5) == 5)");

    EXPECT_EQ(outcome.verdict, Verdict::Ok) << outcome.message;
    EXPECT_EQ(outcome.returned, Outcome::Returned::True);
}

TEST(Printable, LeavesNothingThatATerminalObeys) {
    EXPECT_EQ(printable("a\x1b[2J\nb\x7f\xc2\x9b\xff", 100), "a?[2J\\nb???\?");
    EXPECT_EQ(printable("caf\xc3\xa9", 100), "caf\xc3\xa9");
    EXPECT_EQ(printable("abcdef", 3), "abc...");
}

// Eight bytes are looked at together: each byte stands once in each place of texts of each length.
TEST(Cleanness, FindsEachControlCharacterWhereverItStands) {
    for (std::size_t size = 1; size <= 20; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            for (int byte = 0; byte < 0x80; ++byte) {
                std::string text(size, '~');
                text[at] = static_cast<char>(byte);
                const bool is_name = byte >= 0x20 && byte != 0x7F;
                const bool is_space = byte == '\n' || byte == '\t';

                ASSERT_EQ(is_clean(text, Cleanness::Name), is_name) << size << at << byte;
                ASSERT_EQ(is_clean(text, Cleanness::Text), is_name || is_space)
                    << size << at << byte;
            }
        }
    }
}

TEST(Cleanness, TakesWholeCharactersOnly) {
    for (const std::string before : {"", "a", "seven b", "eight by", "sixteen bytes and"}) {
        EXPECT_TRUE(is_clean(before + "\xc3\xa9", Cleanness::Name)) << before;
        EXPECT_TRUE(is_clean(before + "\xf0\x9f\x8c\x99 x", Cleanness::Name)) << before;
        for (const char* broken :
             {"\xc3", "\x80", "\xff", "\xc2\x9b", "\xed\xa0\x80", "\xe2\x82"}) {
            EXPECT_FALSE(is_clean(before + broken, Cleanness::Text)) << before;
        }
    }
}

}  // namespace nocturne::plugins
