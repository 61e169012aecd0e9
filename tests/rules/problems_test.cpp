// What people get wrong, and what they are told.
#include "rules/loader.hpp"
#include "tests/rules/revision.hpp"

#include <gmock/gmock.h>

namespace nocturne::rules {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Problems, ShowTheLineAndTheColumn) {
    const auto problems = compile(revision_of("route:\n"
                                              "  - name: a\n"
                                              "    to: pge\n"))
                              .problems;

    ASSERT_THAT(problems, SizeIs(1));
    EXPECT_EQ(to_string(problems[0]),
              "r.yaml:3:9: error: route \"a\": to: found \"pge\", expected one of log, ticket, "
              "page; did you mean \"page\"?\n"
              "        to: pge\n"
              "            ^");
}

TEST(Problems, CaretStandsBelowTheLetterAlsoBehindUmlautsAndTabs) {
    const auto problems = compile(revision_of("route: [{name: \"\xC3\xBC\", to:\tpge}]")).problems;

    ASSERT_THAT(problems, SizeIs(1));
    EXPECT_THAT(to_string(problems[0]), HasSubstr("\n" + std::string(27, ' ') + "\t^"));
}

TEST(Problems, LongLinesAreShownAroundTheCaret) {
    const std::string yaml = "route: [{name: " + std::string(150, 'n') +
                             ", to: pge, comment: " + std::string(5000, 'c') + "}]";

    const std::string text = to_string(compile(revision_of(yaml)).problems.at(0));

    EXPECT_LT(text.size(), 700U);
    EXPECT_THAT(text, HasSubstr(", to: pge, comment: ccc"));
}

TEST(Problems, AreAllToldAtOnceInOrder) {
    EXPECT_THAT(
        problems_of(R"(rout:
  - {name: a}
inhibit:
  - name: dead switch
    sorce: check="A"
    target: 'check=~"["'
    equal: []
  - target: {severity_min: sev1}
    source: ''
flapping:
  - {name: f, window: 5x, start: 3, stop: 3}
  - {name: f, start: 9999, fooo: 1, window: 99999w}
group: {name: g}
route: [{name: r, to: [page], wait: -1s, budget: {max: 0}}, just words]
)"),
        ElementsAre(
            "r.yaml:1:1: error: unknown section \"rout\"; did you mean \"route\"?",
            "r.yaml:4:5: error: inhibit \"dead switch\": source is missing (what must burn); "
            "expected source or sources",
            "r.yaml:5:5: error: inhibit \"dead switch\": unknown key \"sorce\"; did you mean "
            "\"source\"?",
            "r.yaml:6:13: error: inhibit \"dead switch\": target: matcher on \"check\": expression "
            "\"[\": missing ]: [",
            "r.yaml:7:12: error: inhibit \"dead switch\": equal: found an empty list, expected a "
            "list of fields, e.g. [labels.cluster, {source: labels.node, target: "
            "labels.instance}]",
            "r.yaml:8:5: error: inhibit: name is missing (how people, metrics and state name the "
            "rule); expected a text",
            "r.yaml:8:28: error: inhibit: target: severity_min: found \"sev1\", expected one of "
            "ok, info, warning, minor, major, critical",
            "r.yaml:9:13: error: inhibit: source: matcher \"\", column 1: expected a label name; "
            "for example {severity=\"critical\", resource=~\"db-.*\"}",
            "r.yaml:11:23: error: flapping \"f\": window: found \"5x\", expected a duration, e.g. "
            "30s",
            "r.yaml:11:43: error: flapping \"f\": stop: found 3, expected less than start (3)",
            "r.yaml:12:5: error: flapping \"f\": the name is taken by r.yaml:11; give each rule of "
            "a section its own",
            "r.yaml:12:22: error: flapping \"f\": start: found \"9999\", expected a whole number "
            "from 2 to 200",
            "r.yaml:12:28: error: flapping \"f\": unknown key \"fooo\"; known keys: name, comment, "
            "mode, match, window, start, stop",
            "r.yaml:12:45: error: flapping \"f\": window: \"99999w\" is out of range, expected 1s "
            "to 31d",
            "r.yaml:13:8: error: group: found a map, expected a list, each item begins with \"- "
            "name: \"",
            "r.yaml:14:23: error: route \"r\": to: found a list, expected one of log, ticket, "
            "page",
            "r.yaml:14:37: error: route \"r\": wait: found \"-1s\", expected a duration, e.g. 30s",
            "r.yaml:14:50: error: route \"r\": budget: per is missing (within so long); expected a "
            "duration, e.g. 30s",
            "r.yaml:14:56: error: route \"r\": budget: max: found \"0\", expected a whole number "
            "from 1 to 100000",
            "r.yaml:14:61: error: route: found \"just words\", expected a map with the keys name, "
            "comment, mode, match, to, receiver, wait, interval, repeat, budget"));
}

TEST(Problems, WhatIsWrongIsLeftOutAndTheRestIsThere) {
    const CompiledRules compiled =
        compile(revision_of("route: [{name: a, to: nobody}, {name: b, to: log}]"));

    EXPECT_TRUE(has_errors(compiled.problems));
    ASSERT_THAT(compiled.rules->routes, SizeIs(1));
    EXPECT_EQ(compiled.rules->rules[compiled.rules->routes[0].rule].name, "b");
}

TEST(Problems, EmptyKeysDoNotMeanEverything) {
    EXPECT_THAT(problems_of("route: [{name: a, to: log, match: }]"),
                ElementsAre(HasSubstr("route \"a\": match is empty, expected matchers")));
    EXPECT_THAT(problems_of("route: [{name: a, to: log, match: {}}]"),
                ElementsAre(HasSubstr("match: found an empty map, expected at least one field")));
    EXPECT_THAT(problems_of("route: [{name: a, to: log, match: []}]"),
                ElementsAre(HasSubstr("match: found a list, expected matchers")));
    EXPECT_THAT(problems_of("route: [{name: a, to: log, match: {check: []}}]"),
                ElementsAre(HasSubstr("\"check\" is one of nothing")));
}

TEST(Problems, KeysGivenTwiceAreTold) {
    EXPECT_THAT(problems_of("route: [{name: a, to: log, to: page}]\nroute: []\n"),
                ElementsAre("r.yaml:1:28: error: route \"a\": \"to\" is given twice; leave one",
                            "r.yaml:2:1: error: \"route\" is given twice; leave one"));
    EXPECT_THAT(problems_of("dedup: [{name: a, identity: [check, alertname]}]"),
                ElementsAre(HasSubstr("identity: \"alertname\" is given twice")));
}

TEST(Problems, FieldsThatAreNone) {
    const auto field = [](const std::string& text) {
        return problems_of("dedup: [{name: a, identity: [" + text + "]}]").at(0);
    };

    EXPECT_THAT(field("label.env"), HasSubstr("did you mean \"labels.env\"?"));
    EXPECT_THAT(field("annotation.env"), HasSubstr("did you mean \"annotations.env\"?"));
    EXPECT_THAT(field("labels."), HasSubstr("found \"labels.\", expected a field"));
    EXPECT_THAT(field("labels"), HasSubstr("expected one of them, e.g. labels.env"));
    EXPECT_THAT(field("'a=\"b\"'"), HasSubstr("expected a field or a list of fields"));
    EXPECT_THAT(field("{a: b}"), HasSubstr("found a map, expected a field"));
    EXPECT_THAT(problems_of("route: [{name: a, to: log, match: {labels: {env: prod}}}]"),
                ElementsAre(HasSubstr("expected each by itself, e.g. labels.env: prod")));
}

TEST(Problems, NamesThatAreOneLetterFromAFieldAreWarnings) {
    EXPECT_THAT(problems_of("route: [{name: a, to: log, match: {sevrity: major}}]"),
                ElementsAre("r.yaml:1:36: warning: route \"a\": match: \"sevrity\" is read as a "
                            "label; did you mean \"severity\"? For the label write "
                            "labels.sevrity"));
    EXPECT_THAT(problems_of("dedup: [{name: a, identity: [resoruce]}]"),
                ElementsAre(HasSubstr("did you mean \"resource\"?")));
    EXPECT_THAT(problems_of("dedup: [{name: a, identity: [resources, host, labels.sevrity]}]"),
                IsEmpty());
}

TEST(Problems, PatternsNameTheTypesThatUseAKey) {
    EXPECT_THAT(
        problems_of("pattern: [{name: p, type: single, match: a=b, window: 1m, unless: a=c}]"),
        ElementsAre(
            "r.yaml:1:55: error: pattern \"p\": window: type single does not use it, these do: "
            "first, count, thresholds, pair, pair_within, sequence, absence, event_group",
            "r.yaml:1:67: error: pattern \"p\": unless: type single does not use it, these do: "
            "sequence"));
    EXPECT_THAT(problems_of("pattern: [{name: p, type: count, match: a=b, window: 1m}]"),
                ElementsAre("r.yaml:1:11: error: pattern \"p\": count is missing, type count needs "
                            "it; expected a whole number from 1 to 10000"));
    EXPECT_THAT(problems_of("pattern: [{name: p, type: cuont, window: 5}]"),
                ElementsAre(HasSubstr("did you mean \"count\"?")));
    EXPECT_THAT(problems_of("pattern: [{name: p, type: calendar, cron: 'x', emit: {check: a}}]"),
                ElementsAre(HasSubstr("cron: "), HasSubstr("resource is missing, type calendar")));
    EXPECT_THAT(problems_of("pattern: [{name: p, type: event_group, window: 1m, members: "
                            "[{count: 2}, x]}]"),
                ElementsAre(HasSubstr("members: match is missing"),
                            HasSubstr("members: found \"x\", expected a map with the keys")));
}

TEST(Problems, NormaliseChecksWordsGroupsAndTemplates) {
    const auto rule = [](const std::string& keys) {
        return problems_of("normalise: [{name: n, " + keys + "}]").at(0);
    };

    EXPECT_THAT(rule("set: {severity: high}"),
                HasSubstr("set: severity: found \"high\", expected one of ok, info"));
    EXPECT_THAT(rule("set: {resource: '{a'}"), HasSubstr("the { is not closed"));
    EXPECT_THAT(rule("map: {status: {from: a, values: {x: up}}}"),
                HasSubstr("map: status: values: status: found \"up\", expected one of firing"));
    EXPECT_THAT(rule("map: {kind: {from: a, values: {x: alert}, default: z}}"),
                HasSubstr("default: found \"z\", expected one of alert, change"));
    EXPECT_THAT(rule("extract: [{from: summary, regex: '(a)'}], last: true"),
                HasSubstr("has no named group"));
    EXPECT_THAT(rule("remove: resource"), HasSubstr("an event always has a resource"));
    EXPECT_THAT(rule("match: a=b"), HasSubstr("changes nothing, expected one of lookup"));
    EXPECT_THAT(rule("set: {}"), HasSubstr("set: found a map, expected a map of fields, e.g."));
    EXPECT_THAT(rule("lookup: a, last: true"), HasSubstr("expected a map with the keys table"));
}

TEST(Problems, MaintenanceSaysWhatAndWhenOnce) {
    const auto rule = [](const std::string& keys) {
        return problems_of("maintenance: [{name: m, " + keys + "}]").at(0);
    };

    EXPECT_THAT(rule("at: '22:00', for: 1h"), HasSubstr("hides every alert"));
    EXPECT_THAT(rule("node: a"), HasSubstr("says not when"));
    EXPECT_THAT(rule("node: a, at: '25:00', for: 1h"), HasSubstr("at: found \"25:00\", expected"));
    EXPECT_THAT(rule("node: a, at: '22:00'"), HasSubstr("for is missing"));
    EXPECT_THAT(rule("node: a, days: [caturday], at: '22:00', for: 1h"),
                HasSubstr("days: found \"caturday\", expected days as in cron"));
    EXPECT_THAT(rule("node: a, cron: '0 1 * * *', at: '22:00', for: 1h"),
                HasSubstr("leave either cron, or days and at"));
    EXPECT_THAT(rule("node: a, from: '2026-11-21 22:00'"), HasSubstr("either until or for"));
    EXPECT_THAT(rule("node: a, from: '2026-11-21 22:00', until: '2026-11-21 21:00'"),
                HasSubstr("until: is not after from"));
    EXPECT_THAT(rule("node: a, from: tomorrow, for: 1h"),
                HasSubstr("from: found \"tomorrow\", expected a time, e.g."));
    EXPECT_THAT(rule("node: a, at: '22:00', for: 1h, zone: Europe/Berln"),
                HasSubstr("nobody knows the time zone \"Europe/Berln\""));
    EXPECT_THAT(rule("match: a=b, dependents: 2, at: '22:00', for: 1h"),
                HasSubstr("of which node?"));
}

TEST(Problems, OtherKindsCheckWhatBelongsTogether) {
    EXPECT_THAT(problems_of("group: [{name: g, by: check, distance: 2}]"),
                ElementsAre(HasSubstr("says 2 ways to group, expected exactly one")));
    EXPECT_THAT(problems_of("group: [{name: g, alone: true, window: 1m}]"),
                ElementsAre(HasSubstr("waits for no other")));
    EXPECT_THAT(problems_of("group: [{name: g, by: a, window_kind: fixed, cap: 1h}]"),
                ElementsAre(HasSubstr("belongs to window_kind extending")));
    EXPECT_THAT(problems_of("group: [{name: g, likeness: 2}]"),
                ElementsAre(HasSubstr("expected a share above 0, up to 1")));
    EXPECT_THAT(problems_of("lifecycle: [{name: l, match: a=b}]"),
                ElementsAre(HasSubstr("says nothing, expected one of expire_after")));
    EXPECT_THAT(problems_of("heartbeat: [{name: h, every: 1m, by: [a, b], expect: x}]"),
                ElementsAre(HasSubstr("expected one field in by")));
    EXPECT_THAT(problems_of("mask: [{name: m, fields: [severity], with: token}]"),
                ElementsAre(HasSubstr("severity is one of a few words")));
    EXPECT_THAT(problems_of("mask: [{name: m, fields: ['labels.*'], pattern: '(', with: token}]"),
                ElementsAre(HasSubstr("pattern: expression \"(\": missing )")));
    EXPECT_THAT(problems_of("inhibit: [{name: i, source: a=b, sources: [a=c], target: a=d}]"),
                ElementsAre(HasSubstr("source and sources are both given")));
}

TEST(Problems, WrongFilesAreProblemsNotCrashes) {
    EXPECT_THAT(problems_of("just words"),
                ElementsAre("r.yaml:1:1: error: found \"just words\", expected sections, "
                            "e.g. route: with a list of rules"));
    EXPECT_THAT(problems_of("route: [1, 2\nb: 3"), ElementsAre(HasSubstr("error: not YAML: ")));
    EXPECT_THAT(problems_of("? [a]\n: b\n"), ElementsAre(HasSubstr("found a list as a key")));
    EXPECT_THAT(problems_of(std::string("route:\n  - \x04")),
                ElementsAre(HasSubstr("r.yaml:2:5: error: found a control character (byte 4)")));
    EXPECT_THAT(problems_of(std::string(100'000, '[')), SizeIs(1));
    EXPECT_THAT(problems_of("route: *nothing"), ElementsAre(HasSubstr("not YAML")));
    EXPECT_THAT(problems_of(std::string((4U << 20) + 1, ' ')),
                ElementsAre(HasSubstr("too long for a rule file; at most 4 MiB")));
}

TEST(Problems, OneFileIsOneDocument) {
    EXPECT_THAT(problems_of("---\nroute: []\n...\n# the end\n"), IsEmpty());
    EXPECT_THAT(problems_of("route: []\n--- # next\nflapping: []\n"),
                ElementsAre("r.yaml:3:1: error: found a second document, expected one in a file; "
                            "leave out the line --- or ... before it"));
}

TEST(Problems, WhatIsNoRuleFileIsSurvived) {
    for (const char* text :
         {"- a\n", "inhibit: 7\n", "inhibit: [7]\n", "{", "a: &a [*a]\n", "route: &a [*a]\n",
          "route: [&a {name: x, match: *a}]\n", "route: [{name: [x]}]", "pattern: [{}]", "? : ?"}) {
        EXPECT_FALSE(problems_of(text).empty()) << text;
    }
}

TEST(Problems, BombsOfAliasesAreCheap) {
    std::string bomb = "route:\n  - name: a\n    to: log\n    match: &a0 [a=b, c=d, e=f, g=h]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string before = "*a" + std::to_string(i - 1);
        bomb += "  - name: r" + std::to_string(i) + "\n    to: log\n    match: &a" +
                std::to_string(i) + " [" + before + "," + before + "," + before + "," + before +
                "]\n";
    }
    EXPECT_THAT(problems_of(bomb), SizeIs(11));
    EXPECT_THAT(problems_of(bomb), Each(HasSubstr("found a list, expected a text of matchers")));

    std::string wide = "route:\n  - {name: a, to: log, match: &m {check: [";
    for (int i = 0; i < 5000; ++i) {
        wide += "x,";
    }
    wide += "y]}}\n";
    for (int i = 0; i < 5000; ++i) {
        wide += "  - {name: r" + std::to_string(i) + ", to: log, match: *m}\n";
    }
    EXPECT_THAT(problems_of(wide), Contains(HasSubstr("aliases make the file more than 16 times")));
}

TEST(Problems, AreBounded) {
    std::string yaml = "route:\n";
    for (int i = 0; i < 1500; ++i) {
        yaml += "  - {name: r" + std::to_string(i) + ", to: nobody}\n";
    }

    const auto problems = compile(revision_of(yaml)).problems;

    EXPECT_THAT(problems, SizeIs(1001));
    EXPECT_EQ(problems.back().error.message, "500 more problems are not told; the first 1000 are");
}

TEST(Problems, RulesAreBounded) {
    std::string yaml = "route:\n";
    for (int i = 0; i < 20'002; ++i) {
        yaml +=
            "  - {name: r" + std::to_string(i) + ", to: log, match: a=" + std::to_string(i) + "}\n";
    }

    EXPECT_THAT(problems_of(yaml),
                ElementsAre("r.yaml:20002:5: error: more than 20000 rules; this and all further "
                            "ones are not read"));
}

TEST(Problems, OfReadingAndCompilingJoinWithoutTellingTwice) {
    const auto problem = [](const char* file, std::uint32_t line, const char* message) {
        return Problem{Problem::Level::Error, {ErrorCode::Invalid, message, {{file, line, 1}}}, ""};
    };

    EXPECT_THAT(
        texts_of(
            join_problems({problem("b", 3, "zone, and the nearest")},
                          {problem("a", 1, "x"), problem("b", 2, "y"), problem("b", 3, "zone")})),
        ElementsAre("a:1:1: error: x", "b:2:1: error: y", "b:3:1: error: zone, and the nearest"));
}

TEST(Problems, GroupsThatIgnoreTheirWindowSaySo) {
    EXPECT_THAT(problems_of("group:\n"
                            "  - {name: a, distance: 2, window_kind: sliding}\n"
                            "  - {name: b, distance: 2, window: 5m, cap: 1h}\n"
                            "  - {name: c, alone: true, window: 5m}\n"
                            "  - {name: d, by: site, window: 10m, cap: 5m}\n"),
                ElementsAre(HasSubstr("window_kind: distance goes by window alone; leave it out"),
                            HasSubstr("cap: distance goes by window alone"),
                            HasSubstr("window: an alert that is alone waits for no other"),
                            HasSubstr("cap: is shorter than the window; expected at least 10m")));
}

TEST(Problems, CalendarHasNoEventsToCountOrKeep) {
    EXPECT_THAT(problems_of("pattern:\n"
                            "  - {name: p, type: calendar, cron: '0 4 * * *', by: site, consume: "
                            "true, resolutions: true, emit: {resource: x}}\n"),
                ElementsAre(HasSubstr("by: type calendar does not use it"),
                            HasSubstr("consume: type calendar does not use it"),
                            HasSubstr("resolutions: type calendar does not use it")));
}

TEST(Problems, AMaintenanceOfEverythingIsRefusedWithAnExampleThatIsFit) {
    EXPECT_THAT(problems_of("maintenance: [{name: m, at: '22:00', for: 1h}]"),
                ElementsAre(HasSubstr("hides every alert; expected match, node or nodes, e.g. "
                                      "node: sw-core-1")));
}

}  // namespace
}  // namespace nocturne::rules
