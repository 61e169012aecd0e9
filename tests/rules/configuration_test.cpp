#include "rules/configuration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nocturne::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> problems_of(std::string_view yaml) {
    std::vector<std::string> texts;
    for (const Error& error : parse_configuration(yaml, "n.yaml").problems) {
        texts.push_back(to_string(error));
    }
    return texts;
}

TEST(Configuration, EmptyTextMeansDefaults) {
    for (const char* yaml : {"", "# nothing\n", "alerts:\n  # ttl: 5m\n", "---\n"}) {
        const ConfigurationFile file = parse_configuration(yaml, "n.yaml");

        EXPECT_THAT(problems_of(yaml), IsEmpty()) << yaml;
        EXPECT_EQ(file.configuration.settings, model::Settings{});
        EXPECT_EQ(file.configuration.data, "nocturne-data");
        EXPECT_EQ(file.configuration.http, "127.0.0.1:9193");
    }
}

TEST(Configuration, ReadsEverySection) {
    const ConfigurationFile file = parse_configuration(R"(
data: /var/lib/nocturne
log_level: debug
topology: [a.yaml, b.yaml]
zmq: {pull: "tcp://*:1", ack: "", pub: "ipc:///run/n.pub"}
http: "[::1]:80"
alerts: {ttl: 1h30m, resolved_keep: 5m, max: 10, message_ids_max: 20}
incidents:
  severity_min: major
  correlation_window: 90s
  correlation_hops: 3
  resolve_after: 0
  reopen_window: 1m
  keep: 2d
  alerts_max: 7
  max: 8
ranking: {interval: 250ms, change_window: 2h, suspects_max: 3}
limits: {event_bytes_max: 1MiB, labels_max: 9, text_bytes_max: 128}
retention: {journal: 1w, history: 30d, snapshot_every: 1m}
)",
                                                       "/etc/nocturne/nocturne.yaml");

    ASSERT_THAT(file.problems, IsEmpty());
    const Configuration& it = file.configuration;
    EXPECT_EQ(it.data, "/var/lib/nocturne");
    EXPECT_EQ(it.log_level, "debug");
    EXPECT_THAT(it.topology, ElementsAre("/etc/nocturne/a.yaml", "/etc/nocturne/b.yaml"));
    EXPECT_EQ(it.zmq_pull, "tcp://*:1");
    EXPECT_EQ(it.zmq_ack, "");
    EXPECT_EQ(it.zmq_pub, "ipc:///run/n.pub");
    EXPECT_EQ(it.http, "[::1]:80");
    EXPECT_EQ(it.settings.alert_ttl, std::chrono::minutes(90));
    EXPECT_EQ(it.settings.alerts_max, 10U);
    EXPECT_EQ(it.settings.incident_severity_min, model::Severity::Major);
    EXPECT_EQ(it.settings.correlation_window, std::chrono::seconds(90));
    EXPECT_EQ(it.settings.correlation_hops, 3);
    EXPECT_EQ(it.settings.resolve_after, model::Duration(0));
    EXPECT_EQ(it.settings.rank_interval, std::chrono::milliseconds(250));
    EXPECT_EQ(it.settings.suspects_max, 3U);
    EXPECT_EQ(it.limits.event_bytes_max, 1U << 20);
    EXPECT_EQ(it.limits.text_bytes_max, 128U);
    EXPECT_EQ(it.journal_keep, std::chrono::days(7));
    EXPECT_EQ(it.snapshot_every, std::chrono::minutes(1));
}

TEST(Configuration, TellsAllProblemsWithTheirPlaces) {
    const std::vector<std::string> problems = problems_of("alerts:\n"
                                                          "  ttl: 5x\n"
                                                          "  resolvd_keep: 5m\n"
                                                          "http: nowhere\n"
                                                          "incidents:\n"
                                                          "  severity_min: sev1\n"
                                                          "  correlation_hops: 99\n"
                                                          "log_level: loud\n"
                                                          "log_level: info\n");

    EXPECT_THAT(
        problems,
        ElementsAre(
            "n.yaml:2:8: ttl: \"5x\" is not a duration; expected e.g. 30s",
            "n.yaml:3:3: unknown key \"resolvd_keep\" in alerts; did you mean \"resolved_keep\"?",
            "n.yaml:4:7: http: \"nowhere\" is not an address with a port; expected e.g. "
            "127.0.0.1:9193",
            "n.yaml:6:17: severity_min: \"sev1\" is not one of info, warning, minor, major, "
            "critical",
            "n.yaml:7:21: correlation_hops: \"99\" is not a whole number from 0 to 8",
            "n.yaml:8:12: log_level: \"loud\" is not one of trace, debug, info, warn, error, off",
            "n.yaml:9:1: \"log_level\" is given twice; leave one"));
}

TEST(Configuration, WrongShapesAreProblemsNotCrashes) {
    EXPECT_THAT(problems_of("just words"),
                ElementsAre(HasSubstr("n.yaml:1:1: expected a map with the keys data,")));
    EXPECT_THAT(problems_of("alerts: [1, 2]"), ElementsAre(HasSubstr("alerts: expected a map")));
    EXPECT_THAT(problems_of("alerts: {ttl: [1]}"),
                ElementsAre(HasSubstr("ttl: expected a duration")));
    EXPECT_THAT(problems_of("topology: {a: b}"),
                ElementsAre(HasSubstr("topology: expected a list of files")));
    EXPECT_THAT(problems_of("? [a]\n: b\n"), ElementsAre(HasSubstr("unknown key")));
    EXPECT_THAT(problems_of("a: [1, 2\nb: 3"), ElementsAre(HasSubstr("n.yaml:2:")));
    EXPECT_THAT(problems_of("alerts: {ttl: 99999w}"), ElementsAre(HasSubstr("out of range")));
    EXPECT_THAT(problems_of("alerts: {max: -1}"),
                ElementsAre(HasSubstr("not a whole number from 1")));
    EXPECT_THAT(problems_of("zmq: {curve: {clients: [short]}}"),
                ElementsAre(HasSubstr("40 letters"), HasSubstr("secret_key_file is missing")));
}

TEST(Configuration, BombOfAliasesIsOneProblem) {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string before = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
        for (int j = 0; j < 9; ++j) {
            bomb += ", " + before;
        }
        bomb += "]\n";
    }

    EXPECT_THAT(problems_of(bomb + "topology: [*a11]\n").back(),
                HasSubstr("topology: expected a text"));
    EXPECT_FALSE(problems_of(std::string(100'000, '[')).empty());
    EXPECT_THAT(problems_of(std::string(2U << 20, ' ')), ElementsAre(HasSubstr("too long")));
}

TEST(Configuration, MissingFileSaysSo) {
    const Result<ConfigurationFile> file = read_configuration("no/such/nocturne.yaml");

    ASSERT_FALSE(file);
    EXPECT_THAT(file.error().message, HasSubstr("no/such/nocturne.yaml: cannot be read"));
}

}  // namespace
}  // namespace nocturne::rules
