// Time, matchers, symbols, ids, JSON: the small words that all else is made of.
#include "model/input.hpp"
#include "model/json_writer.hpp"
#include "model/matcher.hpp"
#include "model/position.hpp"
#include "model/symbols.hpp"
#include "model/time.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace nocturne::model {
namespace {

using testing::HasSubstr;

TEST(Time, ReadsZonesAndFractions) {
    EXPECT_EQ(format_time(*parse_time("2026-11-21T02:13:05Z")), "2026-11-21T02:13:05.000Z");
    EXPECT_EQ(format_time(*parse_time("2026-11-21T02:13:05.1234567+01:30")),
              "2026-11-21T00:43:05.123Z");
    EXPECT_EQ(format_time(*parse_time("2024-02-29t23:59:60-00:00")), "2024-03-01T00:00:00.000Z");
}

TEST(Time, RefusesWhatIsNotOnTheCalendar) {
    for (const char* text :
         {"2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01",
          "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+25:00", "1969-12-31T23:59:59Z", ""}) {
        EXPECT_FALSE(parse_time(text)) << text;
    }
}

TEST(Time, ReadsBackWhatItWrites) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 2000; ++i) {
        const Time time =
            from_unix_ms(static_cast<std::int64_t>(random() % 253'402'300'800'000ULL));
        EXPECT_EQ(*parse_time(format_time(time)), time);
    }
}

TEST(Duration, ReadsUnitsAndRefusesTheRest) {
    EXPECT_EQ(*parse_duration("1h30m"), std::chrono::minutes(90));
    EXPECT_EQ(*parse_duration("250ms"), Duration(250));
    EXPECT_EQ(*parse_duration("2d"), std::chrono::hours(48));
    for (const char* text :
         {"", "5", "5x", "m", "-5s", "99999999999999999999s", "9223372036854775807w"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
    EXPECT_EQ(format_duration(std::chrono::seconds(133)), "2m13s");
}

TEST(Matchers, FollowAlertmanagersSyntax) {
    const Matchers matchers =
        *parse_matchers(R"({ severity = "critical", resource=~"db-.*", zone!="a", x!~"1|2" })");
    ASSERT_EQ(matchers.size(), 4U);
    EXPECT_TRUE(matchers[1].matches("db-orders"));
    EXPECT_FALSE(matchers[1].matches("my-db-orders"));  // anchored
    EXPECT_TRUE(matchers[2].matches(""));
    EXPECT_FALSE(matchers[3].matches("2"));
    EXPECT_EQ((*parse_matchers("severity=critical"))[0].value(), "critical");
}

TEST(Matchers, SayWhereTheyAreWrong) {
    for (const char* text : {"", "{}", "a", "a==", "a=\"b", "{a=\"b\"", "a=\"b\" c=\"d\"", "=b"}) {
        const Result<Matchers> matchers = parse_matchers(text);
        if (std::string_view(text) == "a==") {
            EXPECT_TRUE(matchers) << "the value is \"=\"";
            continue;
        }
        ASSERT_FALSE(matchers) << text;
        EXPECT_THAT(matchers.error().message, HasSubstr("column")) << text;
    }
    EXPECT_THAT(parse_matchers("a=~\"(\"").error().message, HasSubstr("missing"));
}

TEST(Matchers, ReadBackWhatTheyWrite) {
    const Matchers matchers = *parse_matchers(R"({a="q\"\\n", b=~"\\d+\.x"})");
    const std::string text = to_string(matchers);
    EXPECT_EQ(to_string(*parse_matchers(text)), text);
    EXPECT_EQ(to_string(*parse_matchers(R"({"a\\n\"b"="c"})")),
              R"({"a\\n\"b"="c"})");  // found by fuzzing
}

TEST(SymbolTable, ForgetsATextWithItsLastUser) {
    SymbolTable symbols;
    const Symbol web = symbols.acquire("web");
    EXPECT_EQ(symbols.acquire("web"), web);
    symbols.release(web);
    EXPECT_TRUE(symbols.find("web").first);
    symbols.release(web);
    EXPECT_FALSE(symbols.find("web").first);
    EXPECT_EQ(symbols.acquire("db"), web);  // the place serves again
    EXPECT_EQ(symbols.text(kNoSymbol), "");
}

TEST(SymbolTable, KeepsItsTextsWhenMoved) {
    SymbolTable first;
    const Symbol web = first.acquire("web");
    SymbolTable second = std::move(first);
    EXPECT_EQ(second.text(web), "web");
    EXPECT_EQ(second.acquire("web"), web);
}

TEST(Id, ReadsBackWhatItWrites) {
    EXPECT_EQ(format_id('I', {1042, 3}), "I1042-3");
    EXPECT_EQ(*parse_id('I', "i1042-3"), (Id{1042, 3}));
    EXPECT_EQ(*parse_id('I', "1042-3"), (Id{1042, 3}));
    for (const char* text : {"", "I", "I1", "I1-", "A1-2", "I1-2x", "I99999999999999999999-1"}) {
        EXPECT_FALSE(parse_id('I', text)) << text;
    }
}

TEST(JsonWriter, WritesOnlyValidJson) {
    JsonWriter out;
    out.begin_object();
    out.member("a", "q\"\\\n\x01\x7F");
    out.key("b")
        .begin_array()
        .number(std::numeric_limits<double>::quiet_NaN())
        .number(0.1)
        .boolean(true)
        .end_array();
    out.member("c", "\xC3\xA9\xFF\xED\xA0\x80").member("t", kNoTime).end_object();
    EXPECT_EQ(out.json(),
              "{\"a\":\"q\\\"\\\\\\n\\u0001\\u007f\",\"b\":[null,0.1,true],"
              "\"c\":\"\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\",\"t\":null}");
}

TEST(Input, ComesBackTheSameFromTheJournal) {
    TopologyChange change;
    change.provenance = "file.yaml";
    change.mode = TopologyChange::Mode::Replace;
    change.nodes = {{"a", "service", "team", 4, {"x"}, {{"tier", "front"}}}};
    change.edges = {{"a", "b", "calls", 0.8}};
    Settings settings;
    settings.alert_ttl = std::chrono::minutes(7);
    settings.one_incident = true;
    const std::vector<Input::Body> bodies = [&] {
        std::vector<Input::Body> all;
        all.emplace_back(change);
        all.emplace_back(Command(AddSilence{"a=b", kNoTime, from_unix_ms(5), "me", "why"}));
        all.emplace_back(Command(LabelIncident{{7, 1}, "disk", "me"}));
        all.emplace_back(Tick{});
        all.emplace_back(settings);
        return all;
    }();
    for (const Input::Body& body : bodies) {
        const std::string bytes = encode_body(body);
        const Result<Input::Body> back = decode_body(bytes);
        ASSERT_TRUE(back);
        EXPECT_EQ(back->index(), body.index());
        EXPECT_EQ(encode_body(*back), bytes);
    }
    EXPECT_EQ(decode_body("\x09").error().code, ErrorCode::Damaged);
    EXPECT_FALSE(decode_body(""));
    EXPECT_FALSE(decode_body(encode_body(Tick{}) + "x"));
}

}  // namespace
}  // namespace nocturne::model
