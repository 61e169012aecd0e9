#include "rules/loader.hpp"

#include "tests/rules/revision.hpp"

#include <gmock/gmock.h>

namespace nocturne::rules {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Loader, EmptyFilesHaveNoRules) {
    for (const char* yaml : {"", "# nothing\n", "---\n", "route:\n", "tables:\n#  - name: a\n"}) {
        EXPECT_THAT(rules_of(yaml)->rules, IsEmpty()) << yaml;
    }
}

TEST(Loader, KeepsTheOrderOfFilesAndPlaces) {
    model::RulesRevision revision = revision_of("route: [{name: b, to: log}]\n"
                                                "dedup: [{name: a, identity: check}]\n");
    revision.rules.push_back({"z.yaml", "mask: [{name: c, fields: [summary], with: remove}]", {}});

    const auto rules = rules_of(revision);

    ASSERT_THAT(rules->rules, SizeIs(3));
    EXPECT_EQ(key_of(rules->rules[0]), "route/b");
    EXPECT_EQ(key_of(rules->rules[1]), "dedup/a");
    EXPECT_EQ(to_string(rules->rules[2]), "z.yaml:1 mask \"c\"");
    EXPECT_EQ(rules->masks[0].rule, 2U);
}

TEST(Loader, ReadsConditionsInAllForms) {
    const auto rules = rules_of(R"(
route:
  - {name: text, to: log, match: 'source="a", check=~"b.*"'}
  - {name: list, to: log, match: ['source="b"', 'check="c"']}
  - name: map
    to: log
    match: {check: [x, y], labels.env: prod, severity_min: minor, severity_max: major, expr: 'a!=b'}
)");

    EXPECT_EQ(to_string(rules->routes[0].match), R"("source"="a", "check"=~"b.*")");
    EXPECT_EQ(to_string(rules->routes[1].match), R"("source"="b", "check"="c")");
    EXPECT_EQ(to_string(rules->routes[2].match),
              R"(check one of "x", "y", "labels.env"="prod", "a"!="b", severity at least minor, )"
              R"(severity at most major)");
}

TEST(Loader, ModesSwitchRules) {
    const auto rules = rules_of("route:\n"
                                "  - {name: a, to: log, mode: on, match: check=a}\n"
                                "  - {name: b, to: log, mode: off, match: check=b}\n"
                                "  - {name: c, to: log, mode: shadow, match: check=c}\n"
                                "  - {name: d, to: log, mode: false, match: check=d}\n"
                                "  - {name: e, to: log, mode: true, match: check=e}\n");

    ASSERT_THAT(rules->routes, SizeIs(3));
    EXPECT_EQ(rules->rules[1].name, "c");
    EXPECT_EQ(rules->rules[1].mode, Mode::Shadow);
    EXPECT_EQ(rules->rules[2].mode, Mode::On);
}

TEST(Loader, FillsInDefaults) {
    const auto rules = rules_of("heartbeat: [{name: h, every: 2m}]\n"
                                "pattern: [{name: 'Disk {fills} soon', type: count, match: a=b, "
                                "window: 1m, count: 3}]\n"
                                "storm: [{name: s, start: 400}]\n"
                                "flapping: [{name: f}]\n"
                                "group: [{name: g, distance: 1, window: 2m}]\n"
                                "route: [{name: r, to: page}]\n");

    EXPECT_THAT(rules->heartbeats[0].by, ElementsAre(parse_field("source")));
    EXPECT_EQ(rules->heartbeats[0].severity, model::Severity::Major);
    const PatternRule& pattern = rules->patterns[0];
    EXPECT_EQ(pattern.emit->resource.text(), "{resource}");
    EXPECT_EQ(pattern.emit->check.render({}, {}), "disk-fills-soon");
    EXPECT_EQ(pattern.emit->summary.render({}, {}), "Disk {fills} soon");
    EXPECT_EQ(pattern.keys_max, 100'000U);
    EXPECT_FALSE(pattern.emit_then);
    EXPECT_EQ(rules->storms[0].stop, 100U);
    EXPECT_EQ(rules->storms[0].reserved_max, 100U);
    EXPECT_EQ(rules->flappings[0].stop, 2U);
    EXPECT_EQ(rules->groups[0].cap, minutes(12));
    EXPECT_EQ(rules->routes[0].interval, minutes(5));
}

TEST(Loader, SecondEventOfAPatternInheritsFromTheFirst) {
    const auto rules = rules_of(
        "pattern: [{name: p, type: pair, match: a=b, then: a=c, emit: {check: Link, labels: {x: "
        "'1', y: '2'}}, emit_then: {summary: back, labels: {y: '3'}}}]\n");

    const Emit& then = *rules->patterns[0].emit_then;
    EXPECT_EQ(then.check.text(), "Link");
    EXPECT_EQ(then.summary.text(), "back");
    EXPECT_EQ(then.status, model::EventStatus::Resolved);
    ASSERT_THAT(then.labels, SizeIs(2));
    EXPECT_EQ(then.labels[1].second.text(), "3");
}

TEST(Loader, ReadsWindowsOfMaintenance) {
    model::RulesRevision revision = revision_of(R"(
maintenance:
  - {name: wall, node: a, from: "2026-07-01 22:00", until: "2026-07-02 04:00", zone: Berlin}
  - {name: utc, nodes: [a, b], from: 2026-07-01T22:00:00Z, for: 2h, dependents: true}
  - {name: days, match: a=b, days: [sat, sun], at: "22:00", for: 2h}
)");
    revision.zones.push_back({"Berlin", {{model::from_unix_ms(0), hours(2)}}});

    const auto rules = rules_of(revision);

    EXPECT_EQ(model::format_time(rules->maintenances[0].from), "2026-07-01T20:00:00.000Z");
    EXPECT_EQ(rules->maintenances[0].zone, 1U);
    EXPECT_EQ(model::format_time(rules->maintenances[1].until), "2026-07-02T00:00:00.000Z");
    EXPECT_EQ(rules->maintenances[1].dependents, 16);
    EXPECT_EQ(rules->maintenances[2].schedule, *Schedule::parse_cron("0 22 * * sat,sun"));
}

TEST(Loader, ContentIsWhatARuleSaysAndNotHow) {
    const auto content = [](std::string_view yaml) { return rules_of(yaml)->rules[0].content; };
    const auto base = content("route: [{name: a, to: page, wait: 1m, match: check=x}]");

    EXPECT_EQ(content("# moved\nroute:\n  - comment: why\n    match: 'check=x'\n    wait: 1m\n"
                      "    to: \"page\"\n    name: a\n    mode: shadow\n"),
              base);
    EXPECT_NE(content("route: [{name: a, to: page, wait: 2m, match: check=x}]"), base);
    EXPECT_NE(content("route: [{name: a, to: page, match: check=x}]"), base);
}

TEST(Loader, ContentChangesWithTheZone) {
    const auto content = [](hours offset) {
        model::RulesRevision revision =
            revision_of("pattern: [{name: a, type: calendar, cron: '0 3 * * *', zone: Here, "
                        "emit: {resource: x}}]");
        revision.zones.push_back({"Here", {{model::from_unix_ms(0), offset}}});
        return rules_of(revision)->rules[0].content;
    };

    EXPECT_EQ(content(hours(1)), content(hours(1)));
    EXPECT_NE(content(hours(1)), content(hours(2)));
}

TEST(Loader, AnchorsSaveTyping) {
    const auto rules = rules_of("inhibit:\n"
                                "  - {name: a, source: &down {check: [A, B]}, target: a=b}\n"
                                "  - {name: b, source: *down, target: a=c}\n");

    EXPECT_EQ(to_string(rules->inhibits[0].sources[0]), to_string(rules->inhibits[1].sources[0]));
}

}  // namespace
}  // namespace nocturne::rules
