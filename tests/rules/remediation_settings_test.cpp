#include "tests/rules/settings_story.hpp"

namespace nocturne::rules {
namespace {

using testing::Optional;

TEST(RemediationSettings, AreReadWhole) {
    const ConfigurationFile file = parse_configuration(R"(
remediation:
  playbooks: [playbooks/, mine.lua]
  values:
    - {playbook: restart, set: {grace: 30}}
    - {playbook: restart, where: type="database", set: {grace: 300}}
  mode: suggest
  modes:
    - {playbook: restart, risk: low, mode: auto}
    - {type: database, owner: data, node: db-1, mode: observe}
    - {mode: approve}
  capabilities: [http, "command:restart-unit"]
  approvals: 2
  approvals_high: 3
  self_approval: true
  approval_ttl: 20m
  confidence_min: 0.7
  runs_max: 5
  active_max: 2
  cooldown_min: 15m
  blast_radius: {window: 20m, share_max: 0.25}
  circuit_breaker: {failures_max: 2, rest: 2h, successes_max: 4, success_window: 3h}
  error_budget: {failures: 4, window: 12h}
  loop_window: 5m
  frozen: [db-1]
  stopped: true
)",
                                                       "/etc/nocturne/nocturne.yaml");

    ASSERT_THAT(file.problems, IsEmpty());
    const Configuration& read = file.configuration;
    EXPECT_THAT(read.playbooks, ElementsAre("/etc/nocturne/playbooks/", "/etc/nocturne/mine.lua"));
    ASSERT_THAT(read.playbook_values, SizeIs(2));
    EXPECT_EQ(read.playbook_values[1].plugin, "restart");
    EXPECT_EQ(read.playbook_values[1].parameter, "grace");
    EXPECT_EQ(read.playbook_values[1].value, "300");
    EXPECT_EQ(read.playbook_values[1].scope, "type=\"database\"");
    EXPECT_EQ(read.playbook_values[1].place, "/etc/nocturne/nocturne.yaml:6:57");

    using model::RunMode;
    using std::chrono::hours;
    using std::chrono::minutes;
    model::PlaybookSettings wanted;
    wanted.mode_max = RunMode::Suggest;
    wanted.modes = {{"restart", model::Risk::Low, "", "", "", RunMode::Auto},
                    {"", std::nullopt, "db-1", "database", "data", RunMode::Observe},
                    {"", std::nullopt, "", "", "", RunMode::Approve}};
    wanted.capabilities = {{"http", "command:restart-unit"}};
    wanted.approvals = 2;
    wanted.approvals_high = 3;
    wanted.self_approval = true;
    wanted.approval_ttl_max = minutes(20);
    wanted.confidence_min = 0.7;
    wanted.runs_max = 5;
    wanted.active_max = 2;
    wanted.cooldown_min = minutes(15);
    wanted.blast_window = minutes(20);
    wanted.blast_share_max = 0.25;
    wanted.failures_max = 2;
    wanted.breaker_rest = hours(2);
    wanted.successes_max = 4;
    wanted.success_window = hours(3);
    wanted.error_budget = 4;
    wanted.error_window = hours(12);
    wanted.loop_window = minutes(5);
    wanted.frozen = {"db-1"};
    wanted.stopped = true;
    EXPECT_EQ(read.playbook_settings, wanted);
}

TEST(RemediationSettings, GrantEverythingUnlessAListSaysWhat) {
    const auto granted = [](const std::string& yaml) {
        return parse_configuration(yaml, "n.yaml").configuration.playbook_settings.capabilities;
    };

    EXPECT_EQ(granted("remediation: {mode: auto}"), std::nullopt);
    EXPECT_THAT(granted("remediation: {capabilities: []}"), Optional(IsEmpty()));
    EXPECT_THAT(granted("remediation:\n  capabilities:\n"), Optional(IsEmpty()));
    EXPECT_THAT(granted("remediation: {capabilities: http}"), Optional(ElementsAre("http")));
}

TEST(RemediationSettings, ThatAreWrongAreToldWithTheirPlace) {
    const auto problems = [](const std::string& line) {
        return problems_of("remediation:\n  " + line + "\n");
    };

    EXPECT_THAT(problems("mode: yolo"),
                ElementsAre("nocturne.yaml:2:9: mode: \"yolo\" is not one of observe, suggest, "
                            "approve, auto"));
    EXPECT_THAT(problems("modes: [{risk: some, mode: auto}]"),
                ElementsAre(HasSubstr("2:18: risk: \"some\" is not one of low, medium, high")));
    EXPECT_THAT(problems("modes: [{risk: low}]"),
                ElementsAre(HasSubstr("2:11: mode: is missing; expected one of observe,")));
    EXPECT_THAT(problems("modes: [{mode: approve}, {risk: high, mode: suggest}]"),
                ElementsAre(HasSubstr("2:28: modes: the entry before this one fits every plan")));
    EXPECT_THAT(problems("modes: [{target: db-1, mode: auto}]"),
                ElementsAre(HasSubstr("unknown key \"target\" in modes")));
    EXPECT_THAT(problems("capabilities: [shell]"),
                ElementsAre(HasSubstr("2:18: capabilities: \"shell\" is not a capability; "
                                      "expected one of http, command,")));
    EXPECT_THAT(problems("capabilities: ['command:']"), SizeIs(1));
    EXPECT_THAT(problems("values: [{set: {a: 1}}]"),
                ElementsAre(HasSubstr("playbook: is missing")));
    EXPECT_THAT(problems("values: [{playbook: a, where: '=~('}]"),
                ElementsAre(HasSubstr("2:33: where: ")));
    EXPECT_THAT(problems("approvals: 0"),
                ElementsAre(HasSubstr("is not a whole number from 1 to 100")));
    EXPECT_THAT(problems("approval_ttl: soon"), ElementsAre(HasSubstr("expected e.g. 30s")));
    EXPECT_THAT(problems("loop_window: 2d"),
                ElementsAre(HasSubstr("loop_window: 2d is out of range; expected 1s to 1d")));
    EXPECT_THAT(problems("blast_radius: {share_max: 34}"),
                ElementsAre(HasSubstr("share_max: expected a number above 0 and up to 1")));
    EXPECT_THAT(problems("confidence_min: .nan"), SizeIs(1));
    EXPECT_THAT(problems("frozen: ['']"), ElementsAre(HasSubstr("expected names of nodes")));
    EXPECT_THAT(problems("stopped: perhaps"), ElementsAre(HasSubstr("not one of true, false")));
}

}  // namespace
}  // namespace nocturne::rules
