#include "rules/normaliser.hpp"

#include "tests/rules/event_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

namespace nocturne::rules {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;
using Outcome = Normaliser::Outcome;

constexpr std::string_view kDisk =
    R"({"resource":"db1","check":"DiskFull","source":"nagios","summary":"/var 98% full",)"
    R"("labels":{"env":"prod"},"annotations":{"attempt":"3"}})";

struct Normalised {
    Outcome outcome = Outcome::Unchanged;
    std::string text;
    Normaliser::Applied applied;
};

Normalised normalise(const std::shared_ptr<const RuleSet>& rules, std::string_view json,
                     model::Time now = {}) {
    const model::EventBatch batch = batch_of(json);
    Normaliser normaliser(rules);
    model::Arena scratch;
    model::EventView out;
    Normalised result;
    result.outcome =
        normaliser.normalise(batch.events().front(), now, out, scratch, result.applied);
    EXPECT_EQ(out.fingerprint, model::identity_of(out.resource, out.check, out.labels));
    EXPECT_EQ(out.message, model::message_of(out.source, out.id));
    result.text = text_of(out);
    return result;
}

TEST(Normaliser, LeavesAnEventThatNoRuleConcerns) {
    const Normalised result =
        normalise(rules_of("normalise: [{name: a, match: check=Load, set: {check: load}}]"), kDisk);

    EXPECT_EQ(result.outcome, Outcome::Unchanged);
    EXPECT_EQ(
        result.text,
        "alert firing warning db1 DiskFull from nagios: /var 98% full {env=prod} {attempt=3}");
    EXPECT_THAT(result.applied.rules, IsEmpty());
}

TEST(Normaliser, ExtractsMapsSetsAndRemoves) {
    const Normalised result = normalise(rules_of(R"(
normalise:
  - name: disks
    match: check="DiskFull"
    extract: {from: summary, regex: '^(?P<mount>\S+) (?P<used>\d+)%'}
    map:
      severity: {from: labels.env, values: {prod: critical}, default: minor}
    set:
      labels.mount: "{mount}"
      summary: "{resource}: {mount} is {used}% full"
      labels.empty: "{labels.nothing}"
    remove: [annotations.attempt, env]
)"),
                                        kDisk);

    EXPECT_EQ(result.outcome, Outcome::Changed);
    EXPECT_EQ(
        result.text,
        "alert firing critical db1 DiskFull from nagios: db1: /var is 98% full {mount=/var} {}");
}

TEST(Normaliser, AsksEachRuleAboutWhatTheRulesBeforeHaveLeft) {
    const Normalised result = normalise(rules_of(R"(
normalise:
  - {name: never, match: check="disk", set: {summary: wrong}}
  - {name: rename, match: check="DiskFull", set: {check: disk}}
  - {name: gone, match: check="DiskFull", set: {summary: wrong}}
  - {name: then, match: check="disk", set: {summary: right}, last: true}
  - {name: after the last, set: {summary: wrong}}
)"),
                                        kDisk);

    EXPECT_EQ(result.text,
              "alert firing warning db1 disk from nagios: right {env=prod} {attempt=3}");
    EXPECT_THAT(result.applied.rules, ElementsAre(1, 3));
}

TEST(Normaliser, DropsEvents) {
    const Normalised result = normalise(
        rules_of("normalise: [{name: test systems, match: env=prod, drop: true}]"), kDisk);

    EXPECT_EQ(result.outcome, Outcome::Dropped);
    EXPECT_THAT(result.applied.rules, ElementsAre(0));
}

TEST(Normaliser, ChangesNothingInShadowModeButTells) {
    const Normalised result =
        normalise(rules_of("normalise: [{name: a, mode: shadow, match: env=prod, drop: true},"
                           "{name: b, mode: shadow, match: check=DiskFull, set: {check: disk}}]"),
                  kDisk);

    EXPECT_EQ(result.outcome, Outcome::Unchanged);
    EXPECT_THAT(result.applied.rules, IsEmpty());
    EXPECT_THAT(result.applied.shadowed, ElementsAre(0, 1));
}

TEST(Normaliser, KeepsAFieldThatWouldBecomeIllegal) {
    const Normalised result = normalise(rules_of(R"(
normalise:
  - name: bad
    set:
      severity: "{labels.env}"
      status: "{summary}"
      resource: "{labels.nothing}"
      labels.ok: "yes"
)"),
                                        kDisk);

    EXPECT_EQ(result.text, "alert firing warning db1 DiskFull from nagios: /var 98% full "
                           "{env=prod, ok=yes} {attempt=3}");
    EXPECT_THAT(result.applied.refused, ElementsAre(0, 0, 0));
}

TEST(Normaliser, ResolvesWhatBecomesOk) {
    EXPECT_THAT(normalise(rules_of("normalise: [{name: a, set: {severity: ok}}]"), kDisk).text,
                StartsWith("alert resolved ok"));
}

TEST(Normaliser, TakesTheFirstExpressionThatFindsSomething) {
    const Normalised result = normalise(rules_of(R"(
normalise:
  - name: either
    extract:
      - {from: summary, regex: 'host (?P<host>\S+)'}
      - {from: resource, regex: '^(?P<host>[a-z]+)'}
    set: {resource: "{host}"}
)"),
                                        kDisk);

    EXPECT_THAT(result.text, StartsWith("alert firing warning db DiskFull"));
}

TEST(Normaliser, LooksUpRowsUntilTheyExpire) {
    const model::Time written = *model::parse_time("2026-11-21T00:00:00Z");
    const auto rules = rules_of(R"(
tables:
  - {name: hosts, file: hosts.csv, key: host, expires: 1d}
normalise:
  - name: from the inventory
    lookup: {table: hosts, by: resource, set: {labels.team: team, labels.rack: rack}}
)",
                                {{"hosts.csv", "host,team,rack\ndb1,data,\n", written}});

    EXPECT_THAT(normalise(rules, kDisk, written + std::chrono::hours(24)).text,
                testing::HasSubstr("{env=prod, team=data}"));
    EXPECT_EQ(normalise(rules, kDisk, written + std::chrono::hours(25)).outcome,
              Outcome::Unchanged);
}

TEST(Normaliser, MakesNoIdentityOfTheOrderOfLabels) {
    const Normalised a = normalise(
        rules_of("normalise: [{name: a, set: {labels.b: 1, labels.a: 2, labels.zz: 3}}]"), kDisk);

    EXPECT_THAT(a.text, testing::HasSubstr("{a=2, b=1, env=prod, zz=3}"));
}

// Whatever rules do, an event stays one that the engine takes, and the same again is the same.
TEST(Normaliser, KeepsWhatAnEventPromises) {
    std::mt19937 random(7);
    const auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
    constexpr std::array<const char*, 9> kFields{"resource", "check",         "source",
                                                 "summary",  "severity",      "labels.a",
                                                 "labels.b", "annotations.c", "status"};
    constexpr std::array<const char*, 6> kTexts{"", "ok", "a", "b", "firing", "major"};
    constexpr std::array<const char*, 4> kParts{"resource", "check", "labels.a", "labels.b"};
    for (int round = 0; round < 200; ++round) {
        RuleSet set;
        for (unsigned i = 0; i <= below(6); ++i) {
            set.rules.push_back({RuleKind::Normalise,
                                 below(5) == 0 ? Mode::Shadow : Mode::On,
                                 std::to_string(i),
                                 {},
                                 {},
                                 ""});
            NormaliseRule rule;
            rule.rule = i;
            if (below(2) == 0) {
                rule.match.tests.push_back(
                    *make_test(parse_field(kParts[below(kParts.size())]), {kTexts[2 + below(2)]}));
            }
            for (unsigned n = below(4); n > 0; --n) {
                const std::string text =
                    below(2) == 0 ? kTexts[below(kTexts.size())]
                                  : "{" + std::string(kParts[below(kParts.size())]) + "}";
                rule.assigns.push_back(
                    {parse_field(kFields[below(kFields.size())]), *TextTemplate::parse(text)});
            }
            if (below(4) == 0) {
                rule.removes.push_back(parse_field(kFields[below(kFields.size())]));
            }
            rule.is_last = below(6) == 0;
            set.normalises.push_back(std::move(rule));
        }
        Normaliser normaliser(std::make_shared<const RuleSet>(set));
        const model::EventBatch batch =
            batch_of(R"([{"resource":"a","check":"b","labels":{"a":"a","b":"b"}},)"
                     R"({"resource":"b","check":"a","severity":"ok","labels":{"b":"a"}}])");
        model::Arena scratch;
        for (const model::EventView& event : batch.events()) {
            model::EventView out;
            model::EventView again;
            Normaliser::Applied applied;
            const Outcome outcome = normaliser.normalise(event, {}, out, scratch, applied);

            EXPECT_FALSE(out.resource.empty() || out.check.empty() || out.source.empty());
            EXPECT_TRUE(out.severity != model::Severity::Ok ||
                        out.status == model::EventStatus::Resolved);
            EXPECT_TRUE(
                std::is_sorted(out.labels.begin(), out.labels.end(),
                               [](const auto& a, const auto& b) { return a.name <= b.name; }));
            EXPECT_EQ(out.fingerprint, model::identity_of(out.resource, out.check, out.labels));
            EXPECT_EQ(normaliser.normalise(event, {}, again, scratch, applied), outcome);
            EXPECT_EQ(text_of(again), text_of(out));
            EXPECT_EQ(text_of(out) == text_of(event) || outcome == Outcome::Changed, true);
        }
    }
}

}  // namespace
}  // namespace nocturne::rules
