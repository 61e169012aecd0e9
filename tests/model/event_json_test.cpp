#include "model/event_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace nocturne::model {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

Decoded decode(std::string_view message) {
    return EventDecoder().decode(message);
}

// The one error of a message that holds one bad event.
std::string error_of(std::string_view message) {
    const Decoded decoded = decode(message);
    EXPECT_THAT(decoded.rejected, SizeIs(1)) << message;
    EXPECT_TRUE(decoded.batch.empty()) << message;
    return decoded.rejected.empty() ? "" : decoded.rejected.front().error;
}

const EventView& only(const Decoded& decoded) {
    EXPECT_THAT(decoded.rejected, SizeIs(0))
        << (decoded.rejected.empty() ? "" : decoded.rejected.front().error);
    EXPECT_EQ(decoded.batch.size(), 1U);
    return decoded.batch.events().front();
}

TEST(EventDecoder, ReadsEveryFieldOfTheContract) {
    const Decoded decoded = decode(
        R"({"time":"2026-11-21T02:13:05.250Z","source":"prometheus","kind":"alert","resource":"orders-db",)"
        R"("check":"lock_wait","status":"firing","severity":"critical","summary":"slow \u00e9","labels":{"zone":"a","dc":"1"},)"
        R"("annotations":{"z":14.5,"runbook":"http://x","paged":true},"value":-2.5,"id":"e1","attempt":3})");

    const EventView& event = only(decoded);
    EXPECT_EQ(format_time(event.time), "2026-11-21T02:13:05.250Z");
    EXPECT_EQ(event.source, "prometheus");
    EXPECT_EQ(event.resource, "orders-db");
    EXPECT_EQ(event.check, "lock_wait");
    EXPECT_EQ(event.severity, Severity::Critical);
    EXPECT_EQ(event.summary, "slow \xC3\xA9");
    ASSERT_EQ(event.labels.size(), 2U);
    EXPECT_EQ(event.labels[0].name, "dc");
    EXPECT_EQ(event.labels[1].value, "a");
    ASSERT_EQ(event.annotations.size(), 4U);
    EXPECT_EQ(event.annotations[0].value, "14.5");
    EXPECT_EQ(event.annotations[3].name, "attempt");
    EXPECT_TRUE(event.has_value);
    EXPECT_EQ(event.value, -2.5);
    EXPECT_EQ(event.id, "e1");
}

TEST(EventDecoder, FillsInTheDefaultsOfTheContract) {
    const Decoded decoded = decode(R"({"resource":"web","check":"up"})");

    const EventView& event = only(decoded);
    EXPECT_EQ(event.time, kNoTime);
    EXPECT_EQ(event.source, "unknown");
    EXPECT_EQ(event.kind, Kind::Alert);
    EXPECT_EQ(event.status, EventStatus::Firing);
    EXPECT_EQ(event.severity, Severity::Warning);
    EXPECT_FALSE(event.has_value);
}

TEST(EventDecoder, TakesSeverityOkAsResolved) {
    const Decoded decoded = decode(R"({"resource":"web","check":"up","severity":"ok"})");
    EXPECT_EQ(only(decoded).status, EventStatus::Resolved);
}

TEST(EventDecoder, TakesNullAsAbsent) {
    const Decoded decoded =
        decode(R"({"resource":"web","check":"up","value":null,"summary":null})");
    EXPECT_FALSE(only(decoded).has_value);
}

TEST(EventDecoder, NamesTheFieldAndWhatWouldBeRight) {
    EXPECT_EQ(
        error_of(R"({"resource":"w","check":"c","severity":"sev1"})"),
        "field \"severity\": \"sev1\" is not one of ok, info, warning, minor, major, critical");
    EXPECT_THAT(error_of(R"({"check":"c"})"), HasSubstr("field \"resource\": is missing"));
    EXPECT_THAT(error_of(R"({"resource":"w"})"), HasSubstr("field \"check\": is missing"));
    EXPECT_THAT(error_of(R"({"resource":7,"check":"c"})"),
                HasSubstr("expected a text, found a number"));
    EXPECT_THAT(error_of(R"({"resource":"w","check":"c","value":"high"})"),
                HasSubstr("expected a number, found a text"));
    EXPECT_THAT(error_of(R"({"resource":"w","check":"c","labels":{"a":1}})"),
                HasSubstr("label \"a\": expected a text"));
    EXPECT_THAT(error_of(R"({"resource":"w","check":"c","labels":{"a":"1","a":"2"}})"),
                HasSubstr("is there twice"));
    EXPECT_THAT(error_of(R"({"resource":"w","check":"c","annotations":{"a":[1]}})"),
                HasSubstr("found an array"));
    EXPECT_THAT(error_of(R"(["text"])"), HasSubstr("expected a JSON object"));
}

TEST(EventDecoder, RefusesTimesThatAreNone) {
    EXPECT_THAT(error_of(R"({"resource":"w","check":"c","time":"0000-01-01T00:00:00Z"})"),
                HasSubstr("field \"time\""));
    EXPECT_THAT(error_of(R"({"resource":"w","check":"c","time":"yesterday"})"),
                HasSubstr("is not a time"));
    EXPECT_THAT(error_of(R"({"resource":"w","check":"c","time":"2026-11-21T02:13:05"})"),
                HasSubstr("has no zone"));
    EXPECT_THAT(error_of(R"({"resource":"w","check":"c","time":1.5})"),
                HasSubstr("integer milliseconds"));
    EXPECT_THAT(error_of(R"({"resource":"w","check":"c","time":-1})"),
                HasSubstr("outside the years"));
}

TEST(EventDecoder, TakesTheYear9999) {
    const Decoded decoded = decode(R"({"resource":"w","check":"c","time":"9999-12-31T23:59:59Z"})");
    EXPECT_EQ(format_time(only(decoded).time), "9999-12-31T23:59:59.000Z");
}

TEST(EventDecoder, RefusesBrokenJson) {
    EXPECT_THAT(error_of(R"({"resource":"w","che)"), HasSubstr("not valid JSON"));
    EXPECT_THAT(error_of(R"({"resource":"w","check":"c","value":NaN})"),
                testing::AnyOf(HasSubstr("not valid"), HasSubstr("number")));
    EXPECT_THAT(error_of("{\"resource\":\"w\xFF\",\"check\":\"c\"}"), HasSubstr("not valid UTF-8"));
    EXPECT_THAT(error_of(R"({"resource":"w","check":"c"} tail)"), HasSubstr("not valid JSON"));
    EXPECT_THAT(error_of(""), HasSubstr("empty"));
}

TEST(EventDecoder, RefusesWhatIsTooLarge) {
    const std::string large(10'000'000, 'x');
    EXPECT_THAT(error_of(R"({"resource":"w","check":"c","summary":")" + large + "\"}"),
                HasSubstr("the limit is 262144"));
    EXPECT_THAT(error_of(R"({"resource":"w","check":")" + std::string(5000, 'c') + "\"}"),
                HasSubstr("over the limit of 4096"));
    std::string labels;
    for (int i = 0; i < 65; ++i) {
        labels += (i ? ",\"l" : "\"l") + std::to_string(i) + "\":\"v\"";
    }
    EXPECT_THAT(error_of(R"({"resource":"w","check":"c","labels":{)" + labels + "}}"),
                HasSubstr("more than 64 labels"));
}

TEST(EventDecoder, KeepsTheGoodEventsAroundABadLine) {
    const Decoded decoded = decode("{\"resource\":\"a\",\"check\":\"c\"}\n"
                                   "{\"resource\":\"b\",\"check\":\n"
                                   "\n"
                                   "{\"resource\":\"d\",\"check\":\"c\"}\n");

    ASSERT_EQ(decoded.batch.size(), 2U);
    EXPECT_EQ(decoded.batch.events()[1].resource, "d");
    ASSERT_THAT(decoded.rejected, SizeIs(1));
    EXPECT_EQ(decoded.rejected[0].index, 1U);
    EXPECT_THAT(decoded.rejected[0].input, HasSubstr("\"b\""));
}

TEST(EventDecoder, KeepsTheGoodEventsOfAnArrayThatBreaksOff) {
    const Decoded decoded = decode(
        R"([{"resource":"a","check":"c"},{"resource":"b]},","check":"c"},{"resource":"d","che)");

    EXPECT_EQ(decoded.batch.size(), 2U);
    ASSERT_THAT(decoded.rejected, SizeIs(1));
    EXPECT_EQ(decoded.rejected[0].index, 2U);
}

TEST(EventDecoder, TellsTheIndexOfABadEventInAWholeArray) {
    const Decoded decoded =
        decode(R"([{"resource":"a","check":"c"},{"check":"c"},{"resource":"d","check":"c"}])");

    EXPECT_EQ(decoded.batch.size(), 2U);
    ASSERT_THAT(decoded.rejected, SizeIs(1));
    EXPECT_EQ(decoded.rejected[0].index, 1U);
    EXPECT_EQ(decoded.rejected[0].input, R"({"check":"c"})");
}

TEST(EventDecoder, TakesOneObjectPrintedOverManyLines) {
    const Decoded decoded = decode("{\n  \"resource\": \"a\",\n  \"check\": \"c\"\n}\n");
    EXPECT_EQ(only(decoded).resource, "a");
}

TEST(EventDecoder, TakesAnEmptyArrayAsNoEvents) {
    const Decoded decoded = decode("[]");
    EXPECT_TRUE(decoded.batch.empty());
    EXPECT_TRUE(decoded.rejected.empty());
}

TEST(EventDecoder, KeepsNestedExtrasAsValidJson) {
    const Decoded decoded = decode(R"({"resource":"a","check":"c","details":{ "x" : [1, 2] }})");
    ASSERT_EQ(only(decoded).annotations.size(), 1U);
    EXPECT_EQ(decoded.batch.events()[0].annotations[0].value, R"({"x":[1,2]})");

    EXPECT_THAT(error_of(R"({"resource":"a","check":"c","details":{ "x" : [1 2] }})"),
                HasSubstr("not valid JSON"));
}

TEST(EventDecoder, GivesTheSameFingerprintWhateverTheOrderOfLabelsAndTheSource) {
    const Decoded a =
        decode(R"({"source":"x","resource":"r","check":"c","labels":{"a":"1","b":"2"}})");
    const Decoded b =
        decode(R"({"source":"y","resource":"r","check":"c","labels":{"b":"2","a":"1"}})");
    const Decoded other =
        decode(R"({"source":"y","resource":"r","check":"c","labels":{"b":"21","a":""}})");

    EXPECT_EQ(only(a).fingerprint, only(b).fingerprint);
    EXPECT_NE(only(a).fingerprint, only(other).fingerprint);
}

TEST(EventBatch, ComesBackTheSameFromItsEncoding) {
    const Decoded decoded = decode(
        R"([{"time":1717761600000,"source":"s","resource":"r","check":"c","labels":{"b":"2","a":"1"},"id":"i",)"
        R"("annotations":{"z":1,"t":true,"s":"x"},"extra":[1],"value":0.1,"summary":"hello","severity":"major"},)"
        R"({"resource":"q","check":"d","status":"resolved"}])");
    Writer once;
    encode(once, decoded.batch);

    Reader in(once.bytes());
    const EventBatch back = decode_event_batch(in);
    Writer twice;
    encode(twice, back);

    ASSERT_TRUE(in.ok());
    EXPECT_EQ(in.remaining(), 0U);
    EXPECT_EQ(once.bytes(), twice.bytes());
    ASSERT_EQ(back.size(), 2U);
    EXPECT_EQ(back.events()[0].fingerprint, decoded.batch.events()[0].fingerprint);
    EXPECT_EQ(back.events()[0].message, decoded.batch.events()[0].message);
    EXPECT_EQ(back.events()[1].status, EventStatus::Resolved);
}

TEST(EventBatch, DoesNotReadPastDamagedBytes) {
    const Decoded decoded = decode(R"({"resource":"r","check":"c","labels":{"a":"1"}})");
    Writer out;
    encode(out, decoded.batch);
    for (std::size_t cut = 0; cut < out.bytes().size(); ++cut) {
        Reader in(std::string_view(out.bytes()).substr(0, cut));
        (void)decode_event_batch(in);
        EXPECT_FALSE(in.ok()) << cut;
    }
}

}  // namespace
}  // namespace nocturne::model
