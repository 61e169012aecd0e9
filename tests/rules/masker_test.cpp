#include "rules/masker.hpp"

#include "tests/rules/event_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace nocturne::rules {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr Masker::Key kKey{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

std::string mask(const Masker& masker, std::string_view json) {
    model::EventBatch batch = batch_of(json);
    masker.apply(batch);
    const model::EventView& event = batch.events().front();
    EXPECT_EQ(event.fingerprint, model::identity_of(event.resource, event.check, event.labels));
    EXPECT_EQ(event.message, model::message_of(event.source, event.id));
    return text_of(event);
}

const char* const kMail = R"(
mask:
  - name: addresses
    fields: [summary, "annotations.*", labels.user]
    pattern: '[a-z.]+@[a-z.]+'
    with: token
)";

TEST(Masker, LeavesAnEventThatNoMaskConcerns) {
    const Masker masker(rules_of("mask: [{name: a, match: env=test, fields: [summary]}]"), kKey);
    constexpr std::string_view kEvent =
        R"({"resource":"r","check":"c","summary":"s","labels":{"env":"prod"}})";

    EXPECT_EQ(mask(masker, kEvent), text_of(batch_of(kEvent).events().front()));
    EXPECT_EQ(masker.hits(0), 0U);
}

TEST(Masker, ReplacesWhatAPatternFindsByTokens) {
    const Masker masker(rules_of(kMail), kKey);
    const std::string text =
        mask(masker,
             R"({"resource":"r","check":"c","summary":"bob@a.de and eve@a.de and bob@a.de",)"
             R"("labels":{"user":"bob@a.de","env":"prod"},"annotations":{"to":"bob@a.de","n":5}})");

    EXPECT_THAT(text, Not(HasSubstr("@")));
    const std::string bob = masker.token_of("bob@a.de");
    const std::string eve = masker.token_of("eve@a.de");
    EXPECT_THAT(bob, MatchesRegex("tok_[0-9a-f]{16}"));
    EXPECT_NE(bob, eve);
    EXPECT_EQ(text, "alert firing warning r c from unknown: " + bob + " and " + eve + " and " +
                        bob + " {env=prod, user=" + bob + "} {to=" + bob + ", n=5}");
    EXPECT_EQ(masker.hits(0), 1U);
}

// SipHash-2-4-128 of 0..14 under the key 0..15, from the authors' test vectors.
TEST(Masker, MakesTokensBySipHash) {
    Masker::Key key{};
    std::string text;
    for (unsigned char i = 0; i < 16; ++i) {
        key[i] = i;
        if (i < 15) {
            text += static_cast<char>(i);
        }
    }
    EXPECT_EQ(Masker(rules_of(""), key).token_of(text), "tok_5493e99933b0a811");
}

TEST(Masker, GivesOtherTokensUnderAnotherKey) {
    EXPECT_NE(Masker(rules_of(""), kKey).token_of("bob"), Masker(rules_of(""), {}).token_of("bob"));
}

TEST(Masker, RemovesWholeFieldsAndKeepsThoseThatMustBeThere) {
    const Masker masker(
        rules_of("mask: [{name: a, fields: [resource, summary, labels.ip, annotations.x]}]"), kKey);

    EXPECT_EQ(mask(masker, R"({"resource":"10.0.0.7","check":"c","summary":"s",)"
                           R"("labels":{"ip":"10.0.0.7","env":"prod"},"annotations":{"x":"y"}})"),
              "alert firing warning masked c from unknown:  {env=prod} {}");
}

TEST(Masker, AsksEachMaskAboutTheEventAsItCame) {
    const Masker masker(rules_of(R"(
mask:
  - {name: a, match: user=bob, fields: [user]}
  - {name: b, match: user=bob, fields: [summary]}
)"),
                        kKey);

    EXPECT_EQ(
        mask(masker, R"({"resource":"r","check":"c","summary":"bob","labels":{"user":"bob"}})"),
        "alert firing warning r c from unknown:  {} {}");
}

TEST(Masker, OnlyCountsInShadowMode) {
    const Masker masker(rules_of("mask: [{name: a, mode: shadow, fields: [summary]}]"), kKey);

    EXPECT_THAT(mask(masker, R"({"resource":"r","check":"c","summary":"bob"})"), HasSubstr("bob"));
    EXPECT_EQ(masker.hits(0), 1U);
    EXPECT_EQ(masker.mask_text(R"({"summary":"bob"})"), R"({"summary":"bob"})");
}

TEST(Masker, MasksWhatCouldNotBeRead) {
    const Masker masker(rules_of(kMail), kKey);

    EXPECT_THAT(masker.mask_text(R"({"check": bob@a.de)"), Not(HasSubstr("bob@")));
    EXPECT_THAT(masker.mask_text(R"({"check": "bob\u0040a.de")"), Not(HasSubstr("bob")));
}

TEST(Masker, BlanksMembersOfTheNameOfAMaskedField) {
    const Masker masker(rules_of("mask: [{name: a, fields: [check, labels.user]}]"), kKey);

    EXPECT_EQ(
        masker.mask_text(R"({"user" : "bob \" x", "check":7,"alertname": {"a":["b,]"]},"z":1)"),
        R"({"user" : "masked", "check":"masked","alertname": "masked","z":1)");
    EXPECT_EQ(masker.mask_text(R"({"z":1,"user":"bo)"), R"({"z":1,"user":"masked")");
    EXPECT_EQ(masker.mask_text(R"({"a":"user","us\u0065r":[1,2],"user")"),
              R"({"a":"user","user":"masked","user")");
    EXPECT_EQ(masker.mask_text(""), "");
    EXPECT_EQ(masker.mask_text("\\"), "\\");
    EXPECT_EQ(masker.mask_text(R"({"user":)"), R"({"user":"masked")");
}

TEST(Masker, GivesAwayNothingWhereAMaskCoversAll) {
    const Masker masker(rules_of(R"(mask: [{name: a, fields: ["annotations.*"]}])"), kKey);

    EXPECT_THAT(masker.mask_text(R"({"resource":"secret)"), Not(HasSubstr("secret")));
}

TEST(Masker, CutsTheBrokenMemberOfATextThatWasCut) {
    const Masker masker(rules_of(kMail), kKey);
    const std::string text = R"({"a":"1","to":"bob@)";

    EXPECT_EQ(masker.mask_text(text, text.size()), R"({"a":"1")");
    EXPECT_EQ(masker.mask_text(text, text.size() + 1), text);
}

}  // namespace
}  // namespace nocturne::rules
