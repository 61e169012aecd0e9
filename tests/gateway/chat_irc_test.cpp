// Against Debian's ngircd, a real server. What it cannot (accounts) is tried with a server that
// speaks just that.
#include "chat_world.hpp"
#include "gateway/chat/irc_client.hpp"
#include "gateway/chat/irc_connection.hpp"
#include "gateway/chat/irc_line.hpp"
#include "gateway/http_client.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace nocturne::gateway {

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kNgircd = "/usr/sbin/ngircd";

std::uint16_t free_port() {
    const TestServer server;
    return server.port();
}

void run_program(const std::string& line) {
    if (std::system((line + " >/dev/null 2>&1").c_str()) != 0) {
        throw std::runtime_error(line);
    }
}

// A server of its own on free ports, which ends with the test.
class Ngircd {
   public:
    enum class Tls { No, Yes };

    explicit Ngircd(Tls tls = Tls::No, std::uint16_t port = free_port()) : port_(port) {
        const std::string folder = folder_.path().string();
        std::string secure;
        if (tls == Tls::Yes) {
            secure_port_ = free_port();
            run_program("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
                        "-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout " +
                        folder + "/key.pem -out " + folder + "/cert.pem");
            secure = "[SSL]\nCertFile = " + folder + "/cert.pem\nKeyFile = " + folder +
                     "/key.pem\nPorts = " + std::to_string(secure_port_) + "\n";
        }
        const std::string file = folder + "/ngircd.conf";
        std::ofstream(file) << "[Global]\nName = irc.test\nInfo = test\nMotdPhrase = hello\n"
                               "Listen = 127.0.0.1\nPorts = "
                            << port_
                            << "\nServerUID = root\nServerGID = root\n"
                               "[Limits]\nMaxConnectionsIP = 0\nMaxNickLength = 20\n"
                               "[Options]\nDNS = no\nIdent = no\nPAM = no\nChrootDir =\n"
                            << secure;
        std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
        start(file);
    }

    ~Ngircd() { stop(); }

    Ngircd(const Ngircd&) = delete;
    Ngircd& operator=(const Ngircd&) = delete;

    void stop() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
            pid_ = 0;
        }
    }

    std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

    std::string secure_address() const { return "127.0.0.1:" + std::to_string(secure_port_); }

    std::string certificate() const { return (folder_.path() / "cert.pem").string(); }

    std::uint16_t port() const { return port_; }

   private:
    void start(const std::string& file) {
        std::vector<std::string> words{kNgircd, "-n", "-f", file};
        std::vector<char*> arguments;
        for (std::string& word : words) {
            arguments.push_back(word.data());
        }
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
        if (::posix_spawn(&pid_, kNgircd, &actions, nullptr, arguments.data(), environ) != 0) {
            throw std::runtime_error("ngircd does not start");
        }
        ::posix_spawn_file_actions_destroy(&actions);
        const bool is_there = eventually([&] {
            IrcConnectionOptions options;
            options.server = address();
            options.tls = false;
            return IrcConnection::open(options).has_value();
        });
        if (!is_there) {
            throw std::runtime_error("ngircd does not answer");
        }
    }

    TemporaryFolder folder_;
    std::uint16_t port_;
    std::uint16_t secure_port_ = 0;
    pid_t pid_ = 0;
};

// A person with a client.
class IrcUser {
   public:
    IrcUser(const Ngircd& server, const std::string& nick, const std::string& user) : nick_(nick) {
        IrcConnectionOptions options;
        options.server = server.address();
        options.tls = false;
        connection_ = must(IrcConnection::open(options));
        send("NICK " + nick);
        send("USER " + user + " 0 * :" + nick);
        hear(" 001 ");
        send("JOIN #ops");
        hear(" 366 ");
    }

    void send(const std::string& line) { (void)connection_->write_line(line); }

    // All that is said from here on until `words` are; without them, what came in `patience`.
    std::string hear(const std::string& words,
                     std::chrono::milliseconds patience = std::chrono::seconds(20)) {
        std::string heard;
        const auto until = std::chrono::steady_clock::now() + patience;
        while (std::chrono::steady_clock::now() < until) {
            const Result<std::optional<std::string>> line =
                connection_->read_line(std::chrono::milliseconds(20), -1);
            if (!line) {
                return heard + "(closed)";
            }
            if (*line) {
                if ((*line)->starts_with("PING")) {
                    send("PONG" + (*line)->substr(4));
                }
                heard += **line + "\n";
                if (!words.empty() && (*line)->find(words) != std::string::npos) {
                    return heard;
                }
            }
        }
        return heard;
    }

    // Says something, and hears until `words`.
    std::string ask(const std::string& target, const std::string& text, const std::string& words) {
        send("PRIVMSG " + target + " :" + text);
        return hear(words);
    }

   private:
    std::string nick_;
    std::unique_ptr<IrcConnection> connection_;
};

rules::ChatChannel irc_channel(const std::string& server) {
    rules::ChatChannel channel;
    channel.name = "irc";
    channel.kind = rules::ChatMedium::Irc;
    channel.server = server;
    channel.tls = false;
    channel.channel = "#ops";
    return channel;
}

std::vector<rules::ChatUser> irc_people() {
    std::vector<rules::ChatUser> users{chat_user("anna", model::Role::Responder),
                                       chat_user("vera", model::Role::Viewer)};
    users[0].irc_mask = "*!~anna@127.0.0.1";
    users[1].irc_mask = "*!~vera@127.0.0.1";
    return users;
}

IrcPace fast() {
    IrcPace pace;
    pace.line = std::chrono::milliseconds(20);
    pace.ahead = std::chrono::milliseconds(200);
    pace.retry_min = std::chrono::milliseconds(20);
    pace.retry_max = std::chrono::milliseconds(100);
    pace.join_retry = std::chrono::milliseconds(200);
    return pace;
}

// An engine with a chat on IRC.
struct IrcWorld {
    explicit IrcWorld(rules::ChatChannel channel, IrcPace pace = fast()) {
        parts.settings.channels = {std::move(channel)};
        parts.settings.users = irc_people();
        parts.settings.update_interval = std::chrono::milliseconds(20);
        parts.irc_pace = pace;
        chat = std::make_unique<Chat>(parts, backend, daemon.feed);
    }

    std::string metrics() const {
        std::string text;
        chat->append_metrics(text);
        return text;
    }

    bool is_on_channel() const {
        return metrics().find("nocturne_chat_irc_joined{channel=\"irc\"} 1\n") != std::string::npos;
    }

    Daemon daemon;
    EngineBackend backend{*daemon.loop};
    ChatParts parts;
    std::unique_ptr<Chat> chat;
};

// A server that offers what ngircd cannot: SASL and account tags. One client, by a script.
class ScriptedServer {
   public:
    ScriptedServer() {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(at);
        (void)::bind(listener_, reinterpret_cast<sockaddr*>(&at), size);
        (void)::listen(listener_, 4);
        (void)::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
        address = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    }

    ~ScriptedServer() {
        ::close(client_);
        ::close(listener_);
    }

    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    void accept() {
        ::close(std::exchange(client_, ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)));
    }

    void say(const std::string& line) {
        const std::string text = line + "\r\n";
        (void)!::send(client_, text.data(), text.size(), MSG_NOSIGNAL);
    }

    // Reads until a line begins so; gives that line, or "" when there is none in time.
    std::string expect(const std::string& start) {
        const auto until = std::chrono::steady_clock::now() + kPatience;
        while (std::chrono::steady_clock::now() < until) {
            const std::size_t end = waiting_.find("\r\n");
            if (end != std::string::npos) {
                const std::string line = waiting_.substr(0, end);
                waiting_.erase(0, end + 2);
                if (line.starts_with(start)) {
                    return line;
                }
                continue;
            }
            pollfd ready{client_, POLLIN, 0};
            std::array<char, 4096> bytes{};
            if (::poll(&ready, 1, 20) > 0) {
                const ssize_t count = ::recv(client_, bytes.data(), bytes.size(), 0);
                if (count <= 0) {
                    return "";
                }
                waiting_.append(bytes.data(), static_cast<std::size_t>(count));
            }
        }
        return "";
    }

    std::string address;

   private:
    int listener_ = -1;
    int client_ = -1;
    std::string waiting_;
};

class Irc : public testing::Test {
   public:
    void SetUp() override {
        if (!std::filesystem::exists(kNgircd)) {
            GTEST_SKIP() << "the package ngircd is not installed";
        }
    }
};

}  // namespace

TEST_F(Irc, TellsTheChannelOfAnIncidentAndTakesOrders) {
    Ngircd server;
    IrcWorld world(irc_channel(server.address()));
    ASSERT_TRUE(eventually([&] { return world.is_on_channel(); }));
    IrcUser anna(server, "anna", "anna");
    IrcUser vera(server, "vera", "vera");

    (void)http_post(world.daemon.url("/api/v1/events"), event_json("orders-db"));
    const std::string told = anna.hear("impact:");
    EXPECT_THAT(told, AllOf(HasSubstr("PRIVMSG #ops :critical I"), HasSubstr("suspect: orders-db"),
                            HasSubstr("evidence: ")));
    const std::string id = told.substr(told.find(":critical I") + 10,
                                       told.find(" open:") - told.find(":critical I") - 10);

    EXPECT_THAT(anna.ask("#ops", "nocturne: incidents", "NOTICE"),
                HasSubstr("NOTICE #ops :critical " + id));
    EXPECT_THAT(vera.ask("nocturne", "ack " + id, "NOTICE vera"),
                HasSubstr("refused: ack needs the role responder; yours is viewer"));
    EXPECT_THAT(anna.ask("#ops", "Nocturne, ack " + id, "acknowledged by"),
                HasSubstr(id + " is acknowledged by anna"));
    EXPECT_THAT(vera.hear("acknowledged: "), HasSubstr("critical " + id + " acknowledged: "));
    // Not to us.
    vera.send("PRIVMSG #ops :who broke nocturne?");
    EXPECT_THAT(vera.ask("nocturne", "help", "incidents"),
                HasSubstr("you may say: help [COMMAND]; incidents; show ID"));
}

TEST_F(Irc, TellsAStrangerOnceAndDoesNothing) {
    Ngircd server;
    IrcWorld world(irc_channel(server.address()));
    ASSERT_TRUE(eventually([&] { return world.is_on_channel(); }));
    IrcUser mallory(server, "annna", "mallory");

    EXPECT_THAT(mallory.ask("nocturne", "silence resource=~\".*\" 30d", "NOTICE"),
                HasSubstr("I do not know you (irc annna!~mallory@127.0.0.1)"));
    mallory.send("PRIVMSG nocturne :silence resource=~\".*\" 30d");
    EXPECT_TRUE(eventually([&] {
        return world.metrics().find(refused_line("irc", "unknown_user", 2)) != std::string::npos;
    }));

    EXPECT_THAT(mallory.hear("", std::chrono::milliseconds(200)), Not(HasSubstr("NOTICE")));
    EXPECT_THAT(must(http_get(world.daemon.url("/api/v1/silences"))).body,
                HasSubstr("\"silences\":[]"));
}

TEST_F(Irc, ComesBackWhenTheServerDoes) {
    auto server = std::make_unique<Ngircd>();
    const std::uint16_t port = server->port();
    IrcWorld world(irc_channel(server->address()));
    ASSERT_TRUE(eventually([&] { return world.is_on_channel(); }));

    server.reset();
    ASSERT_TRUE(eventually([&] { return !world.is_on_channel(); }));
    (void)http_post(world.daemon.url("/api/v1/events"), event_json("orders-db"));
    Ngircd again(Ngircd::Tls::No, port);

    // What was to be told meanwhile is told now.
    IrcUser anna(again, "anna", "anna");
    EXPECT_THAT(anna.hear("suspect"), HasSubstr("suspect: orders-db"));
    EXPECT_TRUE(world.is_on_channel());
}

TEST_F(Irc, TakesAnotherNameWhenItsOwnIsTaken) {
    Ngircd server;
    IrcUser other(server, "nocturne", "other");
    IrcWorld world(irc_channel(server.address()));
    ASSERT_TRUE(eventually([&] { return world.is_on_channel(); }));
    IrcUser anna(server, "anna", "anna");

    EXPECT_THAT(anna.ask("nocturne_", "incidents", "NOTICE"), HasSubstr("no incident is open"));
}

TEST_F(Irc, WritesNoFasterThanItMay) {
    Ngircd server;
    IrcPace pace = fast();
    pace.line = std::chrono::milliseconds(100);
    pace.ahead = std::chrono::milliseconds(300);
    pace.lines_max = 10;
    IrcWorld world(irc_channel(server.address()), pace);
    ASSERT_TRUE(eventually([&] { return world.is_on_channel(); }));
    IrcUser anna(server, "anna", "anna");

    const auto begin = std::chrono::steady_clock::now();
    ActionResult last;
    for (int i = 0; i < 30; ++i) {
        last = world.chat->notify(
            {{model::Effector::Notify, "irc", {{"text", "line " + std::to_string(i)}}, {}}, ""});
    }
    EXPECT_THAT(anna.hear("line 29"), Not(HasSubstr("line 15")));

    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(600));
    EXPECT_EQ(last.outcome, ActionResult::Outcome::Failed);
    EXPECT_THAT(world.metrics(), Not(HasSubstr("lines_dropped_total{channel=\"irc\"} 0\n")));
}

TEST_F(Irc, SpeaksTlsWithACertificateThatItTrusts) {
    if (std::system("openssl version >/dev/null 2>&1") != 0) {
        GTEST_SKIP() << "the program openssl is not installed";
    }
    Ngircd server(Ngircd::Tls::Yes);
    rules::ChatChannel channel = irc_channel(server.secure_address());
    channel.tls = true;
    {
        IrcWorld distrusting(channel);
        EXPECT_TRUE(eventually([&] {
            return distrusting.metrics().find("irc_failures_total{channel=\"irc\"} 0\n") ==
                   std::string::npos;
        }));
        EXPECT_FALSE(distrusting.is_on_channel());
    }
    channel.ca_file = server.certificate();
    IrcWorld world(channel);

    ASSERT_TRUE(eventually([&] { return world.is_on_channel(); }));
    IrcUser anna(server, "anna", "anna");
    EXPECT_THAT(anna.ask("nocturne", "incidents", "NOTICE"), HasSubstr("no incident is open"));
}

TEST(IrcAccount, IsUsedForUsAndForOthers) {
    ScriptedServer server;
    SecretFiles secrets;
    secrets.add("PASSWORD", "correct horse");
    rules::ChatChannel channel = irc_channel(server.address);
    channel.account = "nocturne";
    channel.password = "PASSWORD";
    NotingBackend backend;
    std::vector<rules::ChatUser> users{chat_user("anna", model::Role::Approver)};
    users[0].irc_account = "anna";
    ChatDesk desk(People(users), backend);
    IrcClient client(channel, {Secrets(secrets.sources), {}, {}}, desk, fast());

    server.accept();
    server.expect("CAP LS 302");
    server.say(":irc.test CAP * LS * :multi-prefix sasl=PLAIN,EXTERNAL");
    server.say(":irc.test CAP * LS :account-tag");
    EXPECT_EQ(server.expect("CAP REQ"), "CAP REQ :account-tag sasl");
    server.say(":irc.test CAP * ACK :account-tag sasl");
    EXPECT_EQ(server.expect("AUTHENTICATE"), "AUTHENTICATE PLAIN");
    server.say("AUTHENTICATE +");
    // base64 of "nocturne\0nocturne\0correct horse"
    EXPECT_EQ(server.expect("AUTHENTICATE"),
              "AUTHENTICATE bm9jdHVybmUAbm9jdHVybmUAY29ycmVjdCBob3JzZQ==");
    server.say(":irc.test 903 nocturne :ok");
    EXPECT_EQ(server.expect("CAP END"), "CAP END");
    server.say(":irc.test 001 nocturne :welcome");
    EXPECT_EQ(server.expect("JOIN"), "JOIN #ops");
    server.say(":nocturne!n@h JOIN #ops");

    server.say("@account=anna :x!y@z PRIVMSG nocturne :approve R1-0 abcdef12");
    EXPECT_THAT(server.expect("NOTICE x"), HasSubstr("done: approve R1-0 abcdef12 by anna"));
    server.say("@account=mallory :anna!anna@z PRIVMSG nocturne :approve R1-0 abcdef12");
    EXPECT_THAT(server.expect("NOTICE anna"), HasSubstr("I do not know you"));
    // A line end in what we say would be a line of its own.
    (void)client.say("one\r\nQUIT :two", "");
    EXPECT_EQ(server.expect("PRIVMSG #ops"), "PRIVMSG #ops :one");
    EXPECT_EQ(server.expect("PRIVMSG #ops"), "PRIVMSG #ops :QUIT :two");
    server.say("PING :abc");
    EXPECT_EQ(server.expect("PONG"), "PONG :abc");
}

TEST(IrcAccount, IsNotBelievedWhereTheServerDoesNotVouchForIt) {
    ScriptedServer server;
    NotingBackend backend;
    std::vector<rules::ChatUser> users{chat_user("anna", model::Role::Approver)};
    users[0].irc_account = "anna";
    ChatDesk desk(People(users), backend);
    const IrcClient client(irc_channel(server.address), {}, desk, fast());
    server.accept();
    server.expect("CAP LS 302");
    server.say(":irc.test CAP * LS :multi-prefix");
    EXPECT_EQ(server.expect("CAP END"), "CAP END");
    server.say(":irc.test 001 nocturne :welcome");

    server.say("@account=anna :x!y@z PRIVMSG nocturne :approve R1-0 abcdef12");

    server.say(":nocturne!n@h JOIN #ops");
    EXPECT_THAT(server.expect("NOTICE x"), HasSubstr("I do not know you"));
    EXPECT_TRUE(backend.orders().empty());
}

}  // namespace nocturne::gateway
