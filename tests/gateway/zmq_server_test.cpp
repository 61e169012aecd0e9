#include "gateway/zmq_server.hpp"

#include "bad_events.hpp"
#include "daemon.hpp"
#include "full_disk.hpp"
#include "gateway/zmq_client.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <zmq.hpp>

#include <array>

namespace nocturne::gateway {

namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr int kPatienceMs = 20'000;

struct Client {
    Client(zmq::socket_type type, const std::string& endpoint) : socket(context, type) {
        socket.set(zmq::sockopt::linger, 0);
        socket.set(zmq::sockopt::rcvtimeo, kPatienceMs);
        socket.set(zmq::sockopt::sndtimeo, kPatienceMs);
        if (!endpoint.empty()) {
            socket.connect(endpoint);
        }
    }

    void send(std::string_view text, zmq::send_flags flags = zmq::send_flags::none) {
        ASSERT_TRUE(socket.send(zmq::buffer(text), flags));
    }

    // All frames of the next message; empty when none came in time.
    std::vector<std::string> receive() {
        std::vector<std::string> frames;
        zmq::message_t frame;
        do {
            if (!socket.recv(frame)) {
                return {};
            }
            frames.push_back(frame.to_string());
        } while (frame.more());
        return frames;
    }

    std::string ask(std::string_view text) {
        send(text);
        const std::vector<std::string> frames = receive();
        return frames.empty() ? "" : frames.back();
    }

    zmq::context_t context;
    zmq::socket_t socket;
};

struct KeyPair {
    KeyPair() {
        std::array<char, 41> public_text{};
        std::array<char, 41> secret_text{};
        zmq_curve_keypair(public_text.data(), secret_text.data());
        public_key = public_text.data();
        secret_key = secret_text.data();
    }

    std::string public_key;
    std::string secret_key;
};

}  // namespace

TEST(PullSocket, TakesEventsOneByOneAsArrayAndAsLines) {
    Daemon daemon;
    Client client(zmq::socket_type::push, daemon.zmq->pull_endpoint());

    client.send(event_json("one"));
    client.send("[" + event_json("two") + "," + event_json("three") + "]");
    client.send(event_json("four") + "\n" + event_json("five") + "\n");

    ASSERT_TRUE(eventually([&] { return daemon.events_taken(Transport::Pull) == 5; }));
    for (const char* resource : {"one", "two", "three", "four", "five"}) {
        EXPECT_TRUE(eventually([&] { return daemon.knows(resource); })) << resource;
    }
    EXPECT_EQ(daemon.ingest->counters(Transport::Pull).messages, 3U);
}

TEST(PullSocket, TakesTheLastFrameOfAMessageWithATopic) {
    Daemon daemon;
    Client client(zmq::socket_type::push, daemon.zmq->pull_endpoint());

    client.send("alerts.prometheus", zmq::send_flags::sndmore);
    client.send(event_json("one"));

    ASSERT_TRUE(eventually([&] { return daemon.knows("one"); }));
    EXPECT_EQ(daemon.ingest->counters(Transport::Pull).rejected, 0U);
}

TEST(PullSocket, LosesNoGoodEventToBadOnes) {
    Daemon daemon;
    Client client(zmq::socket_type::push, daemon.zmq->pull_endpoint());
    const std::vector<BadEvent> bad = bad_events();

    for (std::size_t i = 0; i < bad.size(); ++i) {
        client.send(bad[i].json);  // alone, and between two good ones
        client.send(event_json("before-" + std::to_string(i)) + "\n" + bad[i].json + "\n" +
                    event_json("after-" + std::to_string(i)));
        client.send(event_json("alone-" + std::to_string(i)));
    }

    ASSERT_TRUE(eventually([&] { return daemon.events_taken(Transport::Pull) == 3 * bad.size(); }));
    EXPECT_EQ(daemon.ingest->counters(Transport::Pull).rejected, 2 * bad.size());
    daemon.letters->flush();
    EXPECT_EQ(lines_of(daemon.folder.path() / "dead-letters.jsonl").size(), 2 * bad.size());
}

TEST(PullSocket, PressesBackOnItsClientsWhileTheEngineIsFull) {
    DaemonOptions options;
    options.loop.queue_inputs_max = 2;
    options.loop.group_inputs_max = 1;
    options.zmq.pull_messages_max = 2;
    Daemon daemon(options);
    Client client(zmq::socket_type::push, "");
    client.socket.set(zmq::sockopt::sndhwm, 2);
    client.socket.set(zmq::sockopt::sndbuf, 4096);
    client.socket.connect(daemon.zmq->pull_endpoint());
    daemon.block_core();

    // Sends until the engine is full and a message finds no room on its way there.
    client.socket.set(zmq::sockopt::sndtimeo, 200);
    const std::string padding(200'000, 'x');
    std::uint64_t sent = 0;
    const bool held_up = eventually([&] {
        const std::string event =
            R"({"resource":"r)" + std::to_string(sent) + R"(","check":"c"})" + "\n" + padding;
        if (client.socket.send(zmq::buffer(event))) {
            ++sent;
            return false;
        }
        return daemon.ingest->counters(Transport::Pull).full > 0;
    });
    EXPECT_TRUE(held_up);
    daemon.release_core();

    EXPECT_TRUE(eventually(
        [&] { return daemon.events_taken(Transport::Pull) == sent; }));  // and nothing was lost
}

TEST(PullSocket, CutsOffAClientThatSendsTooMuchAndServesTheOthers) {
    DaemonOptions options;
    options.zmq.message_bytes_max = 1000;
    Daemon daemon(options);
    Client large(zmq::socket_type::push, daemon.zmq->pull_endpoint());
    Client small(zmq::socket_type::push, daemon.zmq->pull_endpoint());

    large.send(std::string(100'000, ' ') + event_json("large"));
    small.send(event_json("small"));

    EXPECT_TRUE(eventually([&] { return daemon.knows("small"); }));
    EXPECT_FALSE(daemon.knows("large"));
}

TEST(PullSocket, TakesInWhatHasArrivedBeforeItStops) {
    Daemon daemon;
    Client client(zmq::socket_type::push, daemon.zmq->pull_endpoint());
    client.send(event_json("first"));
    ASSERT_TRUE(eventually([&] { return daemon.knows("first"); }));

    daemon.block_core();
    for (int i = 0; i < 100; ++i) {
        client.send(event_json("r" + std::to_string(i)));
    }
    daemon.release_core();
    ASSERT_TRUE(
        eventually([&] { return daemon.ingest->counters(Transport::Pull).messages == 101; }));
    daemon.zmq->stop_receiving();

    EXPECT_EQ(daemon.events_taken(Transport::Pull), 101U);
}

TEST(AckSocket, AnswersARequestOnceItIsInTheJournal) {
    Daemon daemon;
    Client client(zmq::socket_type::req, daemon.zmq->ack_endpoint());

    const std::string answer = client.ask(event_json("one") + "\n" + event_json("two"));

    EXPECT_THAT(answer, StartsWith(R"({"accepted":2,"rejected":[],"position":")"));
    // Seen by a second process's eyes: what was acknowledged is on disk.
    auto on_disk = must(store::Store::open_read_only(daemon.folder.path()));
    const std::string position = std::to_string(must(on_disk->last_position()));
    EXPECT_THAT(answer, HasSubstr("\"position\":\"" + position + "\""));
}

TEST(AckSocket, AnswersDealersWithAndWithoutDelimiter) {
    Daemon daemon;
    Client client(zmq::socket_type::dealer, daemon.zmq->ack_endpoint());

    client.send(event_json("plain"));
    const std::vector<std::string> plain = client.receive();
    client.send("", zmq::send_flags::sndmore);
    client.send(event_json("delimited"));
    const std::vector<std::string> delimited = client.receive();

    ASSERT_EQ(plain.size(), 1U);
    EXPECT_THAT(plain[0], HasSubstr("\"accepted\":1"));
    ASSERT_EQ(delimited.size(), 2U);
    EXPECT_EQ(delimited[0], "");
    EXPECT_THAT(delimited[1], HasSubstr("\"accepted\":1"));
}

TEST(AckSocket, NamesEachBadEventAndTakesTheGoodOnes) {
    Daemon daemon;
    Client client(zmq::socket_type::req, daemon.zmq->ack_endpoint());

    for (const BadEvent& bad : bad_events()) {
        const std::string answer =
            client.ask(event_json("a") + "\n" + bad.json + "\n" + event_json("b"));
        EXPECT_THAT(answer, StartsWith(R"({"accepted":2,"rejected":[{"index":1,"error":")"))
            << bad.name;
        EXPECT_THAT(answer, Not(HasSubstr("\"position\":\"\""))) << bad.name;
        const std::string words = bad.error.substr(0, bad.error.find('"'));
        EXPECT_THAT(answer, HasSubstr(words)) << bad.name;

        const std::string alone = client.ask(bad.json);
        EXPECT_THAT(alone, StartsWith(R"({"accepted":0,"rejected":[{"index":0,"error":")"))
            << bad.name;
        EXPECT_THAT(alone, HasSubstr("\"position\":\"\"")) << bad.name;
    }
    EXPECT_THAT(client.ask(""),
                StartsWith(R"({"accepted":0,"rejected":[{"index":0,"error":"empty)"));
}

TEST(AckSocket, AcknowledgesNothingThatTheDiskDidNotTake) {
    Daemon daemon;
    Client client(zmq::socket_type::req, daemon.zmq->ack_endpoint());
    {
        const FullDisk full;
        const std::string answer = client.ask(event_json("lost"));
        EXPECT_THAT(answer, StartsWith(R"({"accepted":0,"rejected":[],"position":"","error":")"));
        EXPECT_THAT(answer, HasSubstr("journal cannot be written"));
        EXPECT_EQ(daemon.ingest->counters(Transport::Ack).not_durable, 1U);
        EXPECT_FALSE(daemon.loop->health());
    }

    EXPECT_THAT(client.ask(event_json("kept")), HasSubstr("\"accepted\":1"));
    EXPECT_TRUE(daemon.knows("kept"));
    EXPECT_FALSE(daemon.knows("lost"));
}

TEST(AckSocket, BoundsWhatIsOutstandingAndAnswersAllOfIt) {
    DaemonOptions options;
    options.loop.queue_inputs_max = 4;
    options.loop.group_inputs_max = 2;
    options.zmq.outstanding_max = 8;
    Daemon daemon(options);
    Client client(zmq::socket_type::dealer, daemon.zmq->ack_endpoint());
    daemon.block_core();

    constexpr int kRequests = 100;
    for (int i = 0; i < kRequests; ++i) {
        client.send(event_json("r" + std::to_string(i)));
    }
    ASSERT_TRUE(eventually([&] { return daemon.ingest->counters(Transport::Ack).full > 0; }));
    EXPECT_LE(daemon.ingest->counters(Transport::Ack).messages, 16U);
    daemon.release_core();

    for (int i = 0; i < kRequests; ++i) {
        const std::vector<std::string> answer = client.receive();
        ASSERT_EQ(answer.size(), 1U) << i;
        EXPECT_THAT(answer[0], HasSubstr("\"accepted\":1"));
    }
}

TEST(AckSocket, SaysTryAgainWhenThereIsNoRoomForTooLong) {
    DaemonOptions options;
    options.loop.queue_inputs_max = 1;
    options.loop.group_inputs_max = 1;
    options.zmq.full_wait = std::chrono::milliseconds(20);
    Daemon daemon(options);
    Client client(zmq::socket_type::dealer, daemon.zmq->ack_endpoint());
    daemon.block_core();

    for (int i = 0; i < 20; ++i) {
        client.send(event_json("r" + std::to_string(i)));
    }
    // The first ones find room and are answered as taken.
    std::vector<std::string> answer;
    do {
        answer = client.receive();
    } while (!answer.empty() && answer[0].find("\"accepted\":1") != std::string::npos);

    ASSERT_EQ(answer.size(), 1U);
    EXPECT_THAT(answer[0], HasSubstr("\"accepted\":0"));
    EXPECT_THAT(answer[0], HasSubstr("try again"));
}

TEST(PubSocket, PublishesTopicAndJsonToThoseWhoListen) {
    Daemon daemon;
    Client subscriber(zmq::socket_type::sub, daemon.zmq->pub_endpoint());
    Client client(zmq::socket_type::req, daemon.zmq->ack_endpoint());
    subscriber.socket.set(zmq::sockopt::subscribe, "incident.");

    // The subscription travels on its own; until it is there effects are rendered for nobody.
    std::vector<std::string> message;
    subscriber.socket.set(zmq::sockopt::rcvtimeo, 50);
    for (int i = 0; i < 200 && message.empty(); ++i) {
        client.ask(event_json("r" + std::to_string(i)));
        message = subscriber.receive();
    }

    ASSERT_EQ(message.size(), 2U);
    EXPECT_EQ(message[0], "incident.opened");
    EXPECT_THAT(message[1], StartsWith(R"({"topic":"incident.opened")"));
}

TEST(PubSocket, RendersNothingWhileNobodyListens) {
    Daemon daemon;
    Client client(zmq::socket_type::req, daemon.zmq->ack_endpoint());

    client.ask(event_json("one"));
    daemon.alerts();

    EXPECT_GT(daemon.feed.counters().effects, 0U);
    EXPECT_EQ(daemon.feed.counters().rendered, 0U);
}

TEST(ZmqServer, LetsOnlyListedClientKeysIn) {
    const KeyPair server;
    const KeyPair friendly;
    const KeyPair stranger;
    DaemonOptions options;
    options.zmq.curve = {server.secret_key, {friendly.public_key}};
    Daemon daemon(options);
    const auto sender = [&](const KeyPair* keys) {
        SenderOptions with;
        with.mode = SenderOptions::Mode::Ack;
        with.endpoint = daemon.zmq->ack_endpoint();
        with.timeout = std::chrono::milliseconds(keys == &friendly ? kPatienceMs : 300);
        if (keys != nullptr) {
            with.server_key = server.public_key;
            with.public_key = keys->public_key;
            with.secret_key = keys->secret_key;
        }
        return must(Sender::connect(with));
    };

    EXPECT_FALSE(sender(&stranger).send(event_json("stranger")));
    EXPECT_FALSE(sender(nullptr).send(event_json("plain")));
    const Result<SendReply> reply = sender(&friendly).send(event_json("friendly"));

    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->accepted, 1U);
    EXPECT_FALSE(daemon.knows("stranger"));
    EXPECT_FALSE(daemon.knows("plain"));
}

TEST(ZmqServer, RefusesKeysThatAreNone) {
    Daemon daemon;
    ZmqServerOptions options;
    options.curve = {"too short", {}};

    const auto server = ZmqServer::start(options, *daemon.ingest, daemon.feed);

    ASSERT_FALSE(server);
    EXPECT_THAT(server.error().message, HasSubstr("not a CURVE key"));
}

TEST(ZmqServer, SaysWhichSocketCannotBeBound) {
    Daemon daemon;
    ZmqServerOptions options;
    options.pull_endpoint = daemon.zmq->ack_endpoint();  // taken

    const auto server = ZmqServer::start(options, *daemon.ingest, daemon.feed);

    ASSERT_FALSE(server);
    EXPECT_THAT(server.error().message,
                HasSubstr("cannot bind the pull socket to tcp://127.0.0.1:"));
}

TEST(SecretKeyFile, IsReadWhenOnlyItsOwnerCan) {
    const TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "server.key";
    const KeyPair keys;
    std::ofstream(file) << keys.secret_key << "\n";

    ::chmod(file.c_str(), 0644);
    const auto open_to_all = read_secret_key(file);
    ::chmod(file.c_str(), 0600);
    const auto closed = read_secret_key(file);

    ASSERT_FALSE(open_to_all);
    EXPECT_THAT(open_to_all.error().message, HasSubstr("chmod 600"));
    ASSERT_TRUE(closed);
    EXPECT_EQ(*closed, keys.secret_key);
}

TEST(Sender, PushesAndAsks) {
    Daemon daemon;
    SenderOptions push;
    push.endpoint = daemon.zmq->pull_endpoint();
    SenderOptions ack;
    ack.mode = SenderOptions::Mode::Ack;
    ack.endpoint = daemon.zmq->ack_endpoint();

    Sender pusher = must(Sender::connect(push));
    ASSERT_TRUE(pusher.send(event_json("pushed")));
    ASSERT_TRUE(pusher.finish());
    Sender asker = must(Sender::connect(ack));
    const Result<SendReply> reply = asker.send(event_json("asked") + "\n{}");

    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->accepted, 1U);
    EXPECT_EQ(reply->rejected, 1U);
    EXPECT_NE(reply->position, "");
    EXPECT_TRUE(eventually([&] { return daemon.knows("pushed") && daemon.knows("asked"); }));
}

TEST(Sender, SaysInTimeThatNobodyIsThere) {
    for (const SenderOptions::Mode mode : {SenderOptions::Mode::Push, SenderOptions::Mode::Ack}) {
        const TemporaryFolder folder;
        SenderOptions options;
        options.mode = mode;
        options.endpoint = "ipc://" + (folder.path() / "nobody").string();
        options.timeout = std::chrono::milliseconds(50);
        Sender sender = must(Sender::connect(options));

        const Result<SendReply> reply = sender.send(event_json("one"));

        ASSERT_FALSE(reply);
        EXPECT_THAT(reply.error().message, HasSubstr("is `nocturne run` running"));
    }
}

TEST(Sender, RefusesAnEndpointThatIsNone) {
    SenderOptions options;
    options.endpoint = "localhost:5555";

    const auto sender = Sender::connect(options);

    ASSERT_FALSE(sender);
    EXPECT_THAT(sender.error().message, HasSubstr("expected e.g. tcp://127.0.0.1:5555"));
}

}  // namespace nocturne::gateway
