#include "tests/rules/settings_story.hpp"

namespace nocturne::rules {
namespace {

TEST(ActionSettings, AreReadWhole) {
    const ConfigurationFile file = parse_configuration(R"(
secrets:
  - {name: DEPLOY_TOKEN, file: deploy-token}
  - {name: PAGER_KEY, env: PAGER}
actions:
  workers: 2
  queue_max: 10
  http:
    timeout: 5s
    answer_bytes_max: 64KiB
    hosts:
      - {name: Deploy.Example.com, ports: [8443, 443], networks: [10.1.0.0/16], methods: [POST], secrets: [DEPLOY_TOKEN]}
  commands:
    - name: restart
      program: /usr/bin/systemctl
      arguments: [restart, "{unit}.service"]
      parameters:
        - {name: unit, type: node}
      environment: [PATH]
      secrets: PAGER_KEY
      timeout: 1m
      memory_bytes_max: 256MiB
)",
                                                       "etc/nocturne.yaml");

    ASSERT_THAT(file.problems, IsEmpty());
    const Configuration& read = file.configuration;
    ASSERT_THAT(read.secrets, SizeIs(2));
    EXPECT_EQ(read.secrets[0].file, "etc/deploy-token");
    EXPECT_EQ(read.secrets[1].env, "PAGER");
    EXPECT_EQ(read.actions.workers, 2U);
    EXPECT_EQ(read.actions.http_timeout, std::chrono::seconds(5));
    EXPECT_EQ(read.actions.http_answer_bytes_max, 64U << 10);
    ASSERT_THAT(read.actions.hosts, SizeIs(1));
    EXPECT_EQ(read.actions.hosts[0].name, "deploy.example.com");
    EXPECT_THAT(read.actions.hosts[0].ports, ElementsAre(8443, 443));
    ASSERT_THAT(read.actions.commands, SizeIs(1));
    const CommandRule& command = read.actions.commands[0];
    EXPECT_THAT(command.arguments, ElementsAre("restart", "{unit}.service"));
    EXPECT_EQ(command.parameters[0].type, CommandParameter::Type::Node);
    EXPECT_THAT(command.secrets, ElementsAre("PAGER_KEY"));
    EXPECT_EQ(command.memory_bytes_max, 256U << 20);
    EXPECT_FALSE(command.read_only);
}

TEST(ActionSettings, ThatAreWrongAreToldWithTheirPlace) {
    EXPECT_THAT(problems_of("actions:\n  http:\n    hosts:\n      - {name: 'http://x/'}\n"),
                ElementsAre(HasSubstr("nocturne.yaml:4:9: name: \"http://x/\" is not a host")));
    EXPECT_THAT(problems_of("actions: {http: {hosts: [{name: a, networks: [10.0.0.0/33]}]}}"),
                ElementsAre(HasSubstr("networks: \"10.0.0.0/33\" is not a network")));
    EXPECT_THAT(problems_of("actions: {http: {hosts: [{name: a, ports: [0]}]}}"),
                ElementsAre(HasSubstr("is not a port from 1 to 65535")));
    EXPECT_THAT(problems_of("actions: {http: {hosts: [{name: a, methods: [get]}]}}"),
                ElementsAre(HasSubstr("\"get\" is not one of GET, POST")));
    EXPECT_THAT(problems_of("actions: {http: {hosts: [{name: a, secrets: [X]}]}}"),
                ElementsAre(HasSubstr("\"X\" is not a secret; list it under secrets")));
    EXPECT_THAT(problems_of("actions: {http: {hosts: [{name: a}, {name: A}]}}"),
                ElementsAre(HasSubstr("\"a\" is listed twice")));
    EXPECT_THAT(problems_of("actions: {commands: [{name: x, program: systemctl}]}"),
                ElementsAre(HasSubstr("is not an absolute path")));
    EXPECT_THAT(problems_of("actions: {commands: [{name: x, program: /b, arguments: ['{a}']}]}"),
                ElementsAre(HasSubstr("\"a\" is not a parameter of it; it has none")));
    EXPECT_THAT(problems_of("actions: {commands: [{name: x, program: /b, parameters: [{name: a, "
                            "type: node}]}]}"),
                ElementsAre(HasSubstr("\"a\" stands in no argument")));
    EXPECT_THAT(problems_of("actions: {commands: [{name: x, program: /b, arguments: ['{a}'], "
                            "parameters: [{name: a, type: text}]}]}"),
                ElementsAre(HasSubstr("\"text\" is not one of node, integer, choice, pattern")));
    EXPECT_THAT(problems_of("actions: {commands: [{name: x, program: /b, arguments: ['{a}'], "
                            "parameters: [{name: a, type: integer, min: 3}]}]}"),
                ElementsAre(HasSubstr("an integer needs min and max")));
    EXPECT_THAT(problems_of("actions: {commands: [{name: x, program: /b, arguments: ['{a}'], "
                            "parameters: [{name: a, type: pattern, pattern: '('}]}]}"),
                ElementsAre(HasSubstr("pattern: ")));
    EXPECT_THAT(problems_of("secrets: [{name: A, file: a, env: B}]"),
                ElementsAre(HasSubstr("expected one of file and env")));
    EXPECT_THAT(problems_of("secrets: [{name: a-b, file: a}]"),
                ElementsAre(HasSubstr("is not the name of a secret")));
    EXPECT_THAT(problems_of("actions: {comands: []}"),
                ElementsAre(HasSubstr("did you mean \"commands\"?")));
}

}  // namespace
}  // namespace nocturne::rules
