#include "rules/lint.hpp"

#include "tests/rules/revision.hpp"

#include <gmock/gmock.h>

namespace nocturne::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> route(const std::string& match) {
    return problems_of("route: [{name: r, to: log, match: " + match + "}]");
}

TEST(Lint, ConditionsThatCanNeverHold) {
    EXPECT_THAT(route("'check=\"a\", check=\"b\"'"),
                ElementsAre("r.yaml:1:9: warning: route \"r\": match can never hold: no check "
                            "meets \"check\"=\"a\", \"check\"=\"b\""));
    EXPECT_THAT(route("{check: [a, b], expr: 'check=~\"c.*\"'}"),
                ElementsAre(HasSubstr("match can never hold")));
    EXPECT_THAT(route("{check: a, expr: 'check!=a'}"),
                ElementsAre(HasSubstr("match can never hold")));
    EXPECT_THAT(route("{severity_min: major, severity_max: minor}"),
                ElementsAre(HasSubstr("severity_min is above severity_max")));
    EXPECT_THAT(route("{severity: info, severity_min: major}"),
                ElementsAre(HasSubstr("no severity meets")));
    EXPECT_THAT(route("'severity=~\"sev.*\"'"), ElementsAre(HasSubstr("no severity meets")));
    EXPECT_THAT(problems_of("inhibit: [{name: i, source: kind=metrics, target: a=b}]"),
                ElementsAre(HasSubstr("source can never hold: no kind meets \"kind\"=\"metrics\"; "
                                      "there is alert, change, metric, heartbeat")));
}

TEST(Lint, ConditionsThatCanHoldAreNotTold) {
    EXPECT_THAT(route("'check=\"a\", check=~\"a|b\", check!=\"b\"'"), IsEmpty());
    EXPECT_THAT(route("'check=~\"a.*\", check=~\"b.*\"'"), IsEmpty());
    EXPECT_THAT(route("{severity: [info, major], severity_min: minor}"), IsEmpty());
    EXPECT_THAT(route("'env=\"\", host=\"\"'"), IsEmpty());
}

TEST(Lint, WordsThatThereAreNot) {
    EXPECT_THAT(route("{severity: [major, critcal]}"),
                ElementsAre("r.yaml:1:9: warning: route \"r\": match: \"critcal\" is no severity; "
                            "did you mean \"critical\"?"));
    EXPECT_THAT(route("{severity: [major, 5]}"),
                ElementsAre(HasSubstr("\"5\" is no severity; there is: ok, info")));
}

TEST(Lint, RulesBehindAWiderOneAreNeverAsked) {
    EXPECT_THAT(problems_of("route:\n"
                            "  - {name: a, to: log, match: 'check=~\"Disk.*\"'}\n"
                            "  - {name: b, to: page, receiver: x, match: {check: DiskFull}}\n"
                            "  - {name: c, to: page, match: {check: [DiskFull, CpuHigh]}}\n"),
                ElementsAre("r.yaml:3:5: warning: route \"b\": is never asked, because \"a\" "
                            "(r.yaml:2) comes first and matches all that it does, with another "
                            "receiver"));
    EXPECT_THAT(problems_of("lifecycle:\n"
                            "  - {name: all, expire_after: 1h}\n"
                            "  - {name: b, expire_after: 2h, match: a=b}\n"),
                ElementsAre(HasSubstr("lifecycle \"b\": is never asked, because \"all\"")));
    EXPECT_THAT(problems_of("route:\n"
                            "  - {name: a, to: log, match: {severity_min: minor}}\n"
                            "  - {name: b, to: log, match: {severity: [major, critical]}}\n"
                            "  - {name: c, to: log, match: {severity: [info, critical]}}\n"),
                ElementsAre(HasSubstr("route \"b\"")));
    EXPECT_THAT(problems_of("dedup:\n"
                            "  - {name: a, match: a=b, identity: check}\n"
                            "  - {name: b, match: a=b, identity: resource}\n"),
                ElementsAre(HasSubstr("matches all that it does, with another identity")));
}

TEST(Lint, ARuleInShadowModeHidesNone) {
    EXPECT_THAT(problems_of("route:\n"
                            "  - {name: a, to: log, mode: shadow}\n"
                            "  - {name: b, to: log}\n"),
                IsEmpty());
}

TEST(Lint, KindsOfWhichAllRulesApplyShadowNothing) {
    EXPECT_THAT(problems_of("inhibit:\n"
                            "  - {name: a, source: a=b, target: c=d}\n"
                            "  - {name: b, source: a=c, target: c=d}\n"
                            "flapping: [{name: a}, {name: b, match: a=b}]\n"),
                IsEmpty());
}

TEST(Lint, NormaliseRulesThatContradict) {
    EXPECT_THAT(problems_of("normalise:\n"
                            "  - {name: a, match: a=b, set: {severity: major}}\n"
                            "  - {name: b, match: a=b, set: {severity: minor}}\n"),
                ElementsAre("r.yaml:3:5: warning: normalise \"b\": sets severity of the same "
                            "events as \"a\" (r.yaml:2) to another text; the later one counts"));
    EXPECT_THAT(problems_of("normalise:\n"
                            "  - {name: a, match: a=b, set: {resource: '{host}'}}\n"
                            "  - {name: b, match: a=b, set: {resource: '{resource}.lan'}}\n"
                            "  - {name: c, match: a=c, set: {resource: x}}\n"),
                IsEmpty());
}

TEST(Lint, AlertsKeepNoAnnotations) {
    EXPECT_THAT(route("'annotations.team=\"db\"'"),
                ElementsAre("r.yaml:1:9: warning: route \"r\": match: alerts do not keep "
                            "annotations, so annotations.team never holds; make it a label in the "
                            "section normalise, set: {labels.team: \"{annotations.team}\"}, and "
                            "ask for labels.team"));
    EXPECT_THAT(problems_of("inhibit:\n"
                            "  - {name: i, source: 'annotations.a=~\".*\"', target: a=b, equal: "
                            "[site, annotations.rack]}\n"
                            "heartbeat: [{name: h, every: 1m, covers: annotations.a!=b}]\n"
                            "group: [{name: g, by: annotations.run}]\n"),
                ElementsAre(HasSubstr("source: alerts do not keep annotations, so annotations.a is "
                                      "always empty"),
                            HasSubstr("equal: alerts do not keep annotations, so annotations.rack"),
                            HasSubstr("covers: alerts do not keep annotations"),
                            HasSubstr("by: alerts do not keep annotations")));
}

TEST(Lint, AlertsHaveNoStatusSuppressedAndOneKind) {
    EXPECT_THAT(route("{status: suppressed}"),
                ElementsAre(HasSubstr("match: an alert that is hidden has the status firing like "
                                      "any that burns; leave the status out")));
    EXPECT_THAT(route("{status: [firing, suppressed]}"), ElementsAre(HasSubstr("is hidden")));
    EXPECT_THAT(route("kind=change"), ElementsAre(HasSubstr("the kind of alerts is alert")));
}

TEST(Lint, EventsHaveAnnotationsAndKinds) {
    EXPECT_THAT(problems_of("change_window: [{name: c, for: 1m, match: annotations.by=ci}]\n"
                            "pattern: [{name: p, type: single, match: annotations.a=b}]\n"
                            "normalise: [{name: n, drop: true, match: kind=metric}]\n"),
                IsEmpty());
}

TEST(Lint, ManyRulesWithoutAnEquality) {
    const auto patterns = [](int count) {
        std::string yaml = "pattern:\n";
        for (int i = 0; i < count; ++i) {
            yaml += "  - {name: p" + std::to_string(i) + ", type: single, match: 'check=~\".*" +
                    std::to_string(i) + "\"'}\n";
        }
        return problems_of(yaml);
    };

    EXPECT_THAT(patterns(50), IsEmpty());
    EXPECT_THAT(patterns(51), ElementsAre(HasSubstr("r.yaml:2:5: warning: pattern \"p0\": this and "
                                                    "50 more rules have a match without an "
                                                    "equality")));
}

}  // namespace
}  // namespace nocturne::rules
