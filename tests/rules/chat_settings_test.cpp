#include "tests/rules/settings_story.hpp"

namespace nocturne::rules {
namespace {

TEST(ChatSettings, AreReadWhole) {
    const ConfigurationFile file = parse_configuration(R"(
secrets:
  - {name: TOKEN, file: token}
chat:
  update_interval: 500ms
  users:
    - {name: anna, role: approver, slack: U0ANNA, irc_mask: "*!anna@10.1.2.3"}
  channels:
    - {name: ops, kind: slack, channel: C0OPS, token: TOKEN, severity_min: major}
    - {name: irc, kind: irc, server: "irc.example.com:6697", channel: "#ops", incidents: false}
)",
                                                       "nocturne.yaml");

    ASSERT_THAT(file.problems, IsEmpty());
    const ChatSettings& chat = file.configuration.chat;
    EXPECT_EQ(chat.update_interval, std::chrono::milliseconds(500));
    ASSERT_THAT(chat.users, SizeIs(1));
    EXPECT_EQ(chat.users[0].role, model::Role::Approver);
    ASSERT_THAT(chat.channels, SizeIs(2));
    EXPECT_EQ(chat.channels[0].url, "https://slack.com/api");
    EXPECT_EQ(chat.channels[0].severity_min, model::Severity::Major);
    EXPECT_TRUE(chat.channels[1].tls);
    EXPECT_FALSE(chat.channels[1].incidents);
}

TEST(ChatSettings, ThatAreWrongAreToldWithTheirPlace) {
    const auto user = [](const std::string& keys) {
        return problems_of("chat:\n  users:\n    - {" + keys + "}\n");
    };
    const auto channel = [](const std::string& keys) {
        return problems_of("chat: {channels: [{" + keys + "}]}");
    };

    EXPECT_THAT(user("name: anna, role: boss, slack: U0"),
                ElementsAre(HasSubstr("nocturne.yaml:3:7: role: \"boss\" is not one of viewer, "
                                      "responder, approver, admin")));
    EXPECT_THAT(user("name: anna, role: ingest, slack: U0"),
                ElementsAre(HasSubstr("\"ingest\" is not one of")));
    EXPECT_THAT(user("name: anna, role: admin"), ElementsAre(HasSubstr("has no identity")));
    EXPECT_THAT(user("name: anna, role: admin, irc_mask: '*!*@*'"),
                ElementsAre(HasSubstr("is not a mask of somebody")));
    EXPECT_THAT(user("name: anna, role: admin, irc_mask: anna"),
                ElementsAre(HasSubstr("is not a mask of somebody")));
    EXPECT_THAT(user("name: a, role: admin, slack: U0}\n    - {name: b, role: viewer, slack: U0"),
                ElementsAre(HasSubstr("an identity in common")));

    EXPECT_THAT(channel("name: x, kind: teams"), ElementsAre(HasSubstr("\"teams\" is not one of")));
    EXPECT_THAT(channel("name: x, kind: slack, channel: C0"),
                ElementsAre(HasSubstr("token: is missing for slack")));
    EXPECT_THAT(channel("name: x, kind: webhook, url: example.com"),
                ElementsAre(HasSubstr("is not a URL")));
    EXPECT_THAT(channel("name: x, kind: webhook, url: 'http://a', signing_secret: S"),
                ElementsAre(HasSubstr("\"S\" is not a secret")));
    EXPECT_THAT(channel("name: x, kind: irc, server: irc, channel: '#a'"),
                ElementsAre(HasSubstr("has no port")));
    EXPECT_THAT(channel("name: x, kind: irc, server: 'a:1', channel: '#a,#b'"),
                ElementsAre(HasSubstr("has a space, a comma or a line end")));
    EXPECT_THAT(channel("name: x, kind: irc, server: 'a:1', channel: '#a', account: n"),
                ElementsAre(HasSubstr("password: is missing")));
}

}  // namespace
}  // namespace nocturne::rules
