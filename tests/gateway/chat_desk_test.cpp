#include "gateway/chat/chat_desk.hpp"

#include "chat_world.hpp"
#include "gateway/chat/irc_line.hpp"

#include <gmock/gmock.h>

namespace nocturne::gateway {

namespace {

using model::Role;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

ChatCommand parsed(std::string_view text) {
    return must(parse_chat_command(text));
}

std::string problem(std::string_view text) {
    const Result<ChatCommand> command = parse_chat_command(text);
    return command ? "" : command.error().message;
}

People some_people() {
    std::vector<rules::ChatUser> users;
    for (const auto& [name, role] :
         {std::pair{"vera", Role::Viewer}, std::pair{"rosa", Role::Responder},
          std::pair{"anna", Role::Approver}, std::pair{"adam", Role::Admin}}) {
        rules::ChatUser user = chat_user(name, role);
        user.slack = std::string("U0") + name;
        user.irc_account = name;
        users.push_back(user);
    }
    users[0].irc_mask = "vera!*@10.1.2.?";
    return People(users);
}

ChatIdentity slack(const std::string& id) {
    return {rules::ChatMedium::Slack, id, "", ""};
}

}  // namespace

TEST(ChatCommand, IsReadAsPeopleSayIt) {
    EXPECT_EQ(parsed("").verb, ChatVerb::Help);
    EXPECT_EQ(parsed(" incidents ").verb, ChatVerb::Incidents);
    EXPECT_EQ(parsed("show I12-0").subject, "I12-0");
    EXPECT_EQ(parsed("WHY orders-db?").subject, "orders-db");
    EXPECT_EQ(parsed("What would you do about I12-0?").verb, ChatVerb::WhatWouldYouDo);
    EXPECT_EQ(parsed("what would you do I12-0").subject, "I12-0");
    EXPECT_EQ(parsed("plan I12-0").verb, ChatVerb::Plan);
    EXPECT_EQ(parsed("approve R7-0 1A2B3C4D").text, "1a2b3c4d");
    EXPECT_EQ(parsed("approve R7-0").text, "");
    EXPECT_EQ(parsed("deny R7-0 not during the freeze").text, "not during the freeze");
    EXPECT_EQ(parsed("reject R7-0").verb, ChatVerb::Reject);
    EXPECT_EQ(parsed("ack I12-0").verb, ChatVerb::Acknowledge);
    EXPECT_EQ(parsed("label I12-0 orders-db: disk full").text, "orders-db: disk full");

    const ChatCommand silence = parsed("silence {resource=\"orders db\", check=~\"lat.*\"} 1h30m");
    EXPECT_EQ(silence.text, "{resource=\"orders db\", check=~\"lat.*\"}");
    EXPECT_EQ(silence.duration, std::chrono::minutes(90));
}

TEST(ChatCommand, TellsWhatIsWrongAndHowItIsUsed) {
    EXPECT_EQ(problem("approove R7-0"), "\"approove\" is no command; did you mean \"approve\"?");
    EXPECT_EQ(problem("show"), "show of what?; say: show ID");
    EXPECT_EQ(problem("show I1 I2"), "\"I2\" is one too many; say: show ID");
    EXPECT_THAT(problem("approve R7-0 zzz"), HasSubstr("is not the beginning of a hash"));
    EXPECT_THAT(problem("approve R7-0 1a2b"), HasSubstr("6 to 64 hexadecimal digits"));
    EXPECT_THAT(problem("silence resource=a"), HasSubstr("say: silence MATCHERS DURATION"));
    EXPECT_THAT(problem("silence resource=a soon"), HasSubstr("\"soon\" is not a duration"));
    EXPECT_THAT(problem("silence resource=a 31d"), HasSubstr("is not a duration up to 30d"));
    EXPECT_THAT(problem("silence =a 2h"), HasSubstr("say: silence"));
    EXPECT_THAT(problem("label I12-0"), HasSubstr("which cause?"));
    EXPECT_THAT(problem("show \x1b[31m"), HasSubstr("not the name of anything"));
    EXPECT_THAT(problem(std::string(5000, 'x')), HasSubstr("too long"));
}

TEST(ChatDesk, LetsEachRoleDoWhatItMay) {
    NotingBackend backend;
    ChatDesk desk(some_people(), backend);
    const auto says = [&](const std::string& who, const std::string& text) {
        return desk.hear(slack("U0" + who), text, "#ops").text;
    };

    EXPECT_EQ(says("vera", "incidents"), "done: incidents");
    EXPECT_EQ(says("vera", "what would you do I1-0"), "done: what would you do I1-0");
    EXPECT_EQ(says("vera", "ack I1-0"), "refused: ack needs the role responder; yours is viewer");
    EXPECT_EQ(says("rosa", "ack I1-0"), "done: ack I1-0 by rosa");
    // Which role a plan asks for beyond that, the engine knows.
    EXPECT_EQ(says("vera", "approve R1-0"),
              "refused: approve needs the role responder; yours is viewer");
    EXPECT_EQ(says("anna", "approve R1-0 abcdef12"), "done: approve R1-0 abcdef12 by anna");
    EXPECT_EQ(says("adam", "silence resource=a 2h"), "done: silence resource=a 2h00m by adam");
    EXPECT_THAT(says("adam", "shwo I1"), HasSubstr("did you mean"));

    EXPECT_THAT(backend.orders(),
                ElementsAre("incidents", "what would you do I1-0", "ack I1-0 by rosa",
                            "approve R1-0 abcdef12 by anna", "silence resource=a 2h00m by adam"));
    EXPECT_THAT(metrics_of(desk),
                AllOf(HasSubstr(refused_line("slack", "role", 2)),
                      HasSubstr(refused_line("slack", "command", 1)),
                      HasSubstr("nocturne_chat_commands_total{medium=\"slack\"} 5\n")));
}

TEST(ChatDesk, TellsEachPersonWhatTheyMaySay) {
    NotingBackend backend;
    ChatDesk desk(some_people(), backend);
    const auto says = [&](const std::string& who, const std::string& text) {
        return desk.hear(slack("U0" + who), text, "#ops").text;
    };

    EXPECT_EQ(says("vera", "help"),
              "you may say: help [COMMAND]; incidents; show ID; why SUBJECT; what would you do ID. "
              "`help COMMAND` tells more");
    EXPECT_THAT(says("anna", ""), HasSubstr("approve RUN [HASH]"));
    EXPECT_EQ(says("vera", "help ack"),
              "ack ID: says that somebody works on an incident (needs the role responder)");
}

TEST(ChatDesk, TellsAStrangerOnce) {
    NotingBackend backend;
    std::vector<ChatNote> notes;
    ChatDesk desk(some_people(), backend, [&](const ChatNote& note) { notes.push_back(note); });

    const ChatReply first = desk.hear(slack("U0MALLORY"), "approve R1-0", "#ops");
    const ChatReply second = desk.hear(slack("U0MALLORY"), "incidents", "#ops");
    // A name that somebody gives themselves says nothing.
    const ChatReply named = desk.hear(slack("anna"), "approve R1-0", "#ops");
    const ChatReply empty = desk.hear(slack(""), "incidents", "#ops");

    EXPECT_THAT(first.text,
                AllOf(HasSubstr("I do not know you (slack U0MALLORY)"), HasSubstr("chat.users")));
    EXPECT_EQ(second.text, "");
    EXPECT_THAT(named.text, HasSubstr("do not know"));
    EXPECT_THAT(empty.text, HasSubstr("do not know"));
    EXPECT_THAT(backend.orders(), IsEmpty());
    ASSERT_THAT(notes, SizeIs(4));
    EXPECT_EQ(notes[0].refusal, ChatRefusal::UnknownUser);
    EXPECT_EQ(notes[0].who.name, "slack U0MALLORY");
    EXPECT_THAT(metrics_of(desk), HasSubstr(refused_line("slack", "unknown_user", 4)));
}

TEST(ChatDesk, KnowsPeopleOfIrcByAccountOrByMask) {
    const People people = some_people();
    const auto role_of = [&](const std::string& mask, const std::string& account) {
        const auto person = people.find({rules::ChatMedium::Irc, mask, "", account});
        return person ? person->name : "";
    };

    EXPECT_EQ(role_of("x!x@nowhere", "anna"), "anna");
    EXPECT_EQ(role_of("x!x@nowhere", "Anna"), "anna");
    EXPECT_EQ(role_of("anna!anna@nowhere", ""), "");
    EXPECT_EQ(role_of("Vera!~v@10.1.2.7", ""), "vera");
    EXPECT_EQ(role_of("vera!~v@10.1.2.77", ""), "");
    EXPECT_EQ(role_of("evil!vera!x@10.1.2.7", ""), "");
    EXPECT_EQ(role_of("vera!~v@10.1.2.7", "adam"), "adam");
}

TEST(IrcMask, IsMatchedWhole) {
    EXPECT_TRUE(matches_mask("*!anna@10.*", "x!anna@10.1.2.3"));
    EXPECT_FALSE(matches_mask("*!anna@10.*", "x!annab@10.1.2.3"));
    EXPECT_TRUE(matches_mask("a[b]!*@*", "A{B}!x@y"));
    EXPECT_FALSE(matches_mask("", "x"));
    EXPECT_TRUE(matches_mask("*a*b*c", "xxaxxbxbxc"));
    EXPECT_FALSE(matches_mask("*a*b*c", std::string(2000, 'a')));
}

TEST(IrcLine, IsReadWithTagsAndPrefix) {
    const IrcLine line =
        parse_irc_line("@account=anna;x=a\\sb :anna!~a@host privmsg #ops :hello: there");

    EXPECT_EQ(line.tags.at("account"), "anna");
    EXPECT_EQ(line.tags.at("x"), "a b");
    EXPECT_EQ(line.nick(), "anna");
    EXPECT_EQ(line.command, "PRIVMSG");
    EXPECT_THAT(line.parameters, ElementsAre("#ops", "hello: there"));
    EXPECT_EQ(parse_irc_line("").command, "");
    EXPECT_EQ(parse_irc_line(":x").command, "");
    EXPECT_EQ(parse_irc_line("@").command, "");
}

TEST(IrcText, IsSplitBetweenWordsAndLetters) {
    EXPECT_THAT(split_for_irc("one two three", 8), ElementsAre("one two", "three"));
    EXPECT_THAT(split_for_irc("a\nQUIT :b\r\nc", 50), ElementsAre("a", "QUIT :b", "c"));
    EXPECT_THAT(split_for_irc("\x02"
                              "bold\x03"
                              "4 red\0 end",
                              50),
                ElementsAre("bold4 red"));
    EXPECT_THAT(split_for_irc("\xC3\xA4\xC3\xA4\xC3\xA4", 5),
                ElementsAre("\xC3\xA4\xC3\xA4", "\xC3\xA4"));
    for (const std::string& piece : split_for_irc(std::string(5000, 'x'), 380)) {
        EXPECT_LE(piece.size(), 380U);
    }
}

}  // namespace nocturne::gateway
