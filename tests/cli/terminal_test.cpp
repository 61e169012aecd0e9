#include "cli/terminal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nocturne::cli {
namespace {

using testing::ElementsAre;

const Palette kPlain;

TEST(Sanitise, KeepsTextOfAllScripts) {
    EXPECT_EQ(sanitise("orders-db Größe 日本 🔥"), "orders-db Größe 日本 🔥");
}

TEST(Sanitise, TakesTheSteeringOut) {
    EXPECT_EQ(sanitise("a\x1b[31mb\x07"), "a�[31mb�");
    EXPECT_EQ(sanitise("one\ntwo\tthree\r"), "one two three ");
    EXPECT_EQ(sanitise("\xC2\x9B\x33\x31mred"), "�31mred");  // CSI as one C1 letter
    EXPECT_EQ(sanitise("safe\xE2\x80\xAE"
                       "exe"),
              "safe�exe");  // writes from right to left from here on
    EXPECT_EQ(sanitise(std::string("nul\0end", 7)), "nul�end");
}

TEST(Sanitise, ReplacesBrokenUtf8) {
    EXPECT_EQ(sanitise("a\xFF\xC0\x80z"), "a���z");
    EXPECT_EQ(sanitise("cut \xE6\x97"), "cut ��");
    EXPECT_EQ(sanitise("\xED\xA0\x80"), "���");  // half a surrogate pair
}

TEST(DisplayWidth, CountsColumnsNotBytes) {
    EXPECT_EQ(display_width("Größe"), 5U);
    EXPECT_EQ(display_width("日本"), 4U);
    EXPECT_EQ(display_width("e\xCC\x81"), 1U);  // e and a combining acute
    EXPECT_EQ(display_width("🔥"), 2U);
    EXPECT_EQ(display_width("\x1b[1;31mred\x1b[0m"), 3U);
}

TEST(Cut, NeverSplitsLetters) {
    EXPECT_EQ(cut("database", 8), "database");
    EXPECT_EQ(cut("database", 5), "data…");
    EXPECT_EQ(cut("日本語", 4), "日…");
    EXPECT_EQ(cut("日本語", 1), "…");
    EXPECT_EQ(cut("x", 0), "");
}

TEST(Wrap, BreaksAtBlanks) {
    EXPECT_THAT(wrap("explains 45 of 47 alerts", 12), ElementsAre("explains 45", "of 47 alerts"));
    EXPECT_THAT(wrap("unbreakable", 4), ElementsAre("unbreakable"));
    EXPECT_THAT(wrap("", 4), ElementsAre());
}

TEST(TableOfText, AlignsWhateverTheScript) {
    Table table({{"NAME"}, {"N", Table::Align::Right}, {"TEXT"}});
    table.add({"Größe", "7", "a"});
    table.add({"日本", "12", "b"});

    EXPECT_EQ(table.render(kPlain, 0), "NAME    N  TEXT\n"
                                       "Größe   7  a\n"
                                       "日本   12  b\n");
}

TEST(TableOfText, AlignsUnderColours) {
    const Palette palette(Palette::Colour::On);
    Table table({{"A"}, {"B"}});
    table.add({palette.severity("critical", "critical"), "x"});
    table.add({"ok", "y"});

    EXPECT_EQ(table.render(kPlain, 0), "A         B\n\x1b[1;31mcritical\x1b[0m  x\nok        y\n");
}

TEST(TableOfText, CutsTheLastColumnToTheTerminal) {
    Table table({{"ID"}, {"TITLE"}});
    table.add({"I1", "a title that is too long"});

    EXPECT_EQ(table.render(kPlain, 16), "ID  TITLE\nI1  a title tha…\n");
}

TEST(Bar, FillsByShare) {
    EXPECT_EQ(bar(0.5, 4), "██░░");
    EXPECT_EQ(bar(7, 2), "██");
    EXPECT_EQ(bar(-1, 2), "░░");
    EXPECT_EQ(percent(0.714), "71 %");
    EXPECT_EQ(percent(0.004), "0.4 %");
}

TEST(PaletteOfColours, OffWritesNone) {
    EXPECT_EQ(kPlain.severity("critical", "critical"), "critical");
    EXPECT_EQ(Palette(Palette::Colour::On).severity("unheard of", "x"), "x");
}

TEST(Ago, TellsDistanceInTime) {
    const model::Time now = model::parse_time("2026-11-21T02:16:05Z").value();
    const model::Time then = model::parse_time("2026-11-21T02:13:05.250Z").value();

    EXPECT_EQ(ago(then, now), "2m59s ago");
    EXPECT_EQ(ago(now, then), "in 2m59s");
    EXPECT_EQ(ago(now, now), "now");
    EXPECT_EQ(ago(model::kNoTime, now), "");
    EXPECT_EQ(short_time(then, now), "02:13:05");
    EXPECT_EQ(short_time(then, now + std::chrono::days(1)), "2026-11-21 02:13:05");
    EXPECT_EQ(short_time(model::kNoTime, now), "-");
}

}  // namespace
}  // namespace nocturne::cli
