#include "chat_world.hpp"
#include "gateway/chat/chat_door.hpp"
#include "gateway/http_client.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include <iterator>

namespace nocturne::gateway {

namespace {

namespace json = boost::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

struct Fixture {
    std::string name;
    std::string secret;
    std::int64_t now_s = 0;
    HttpRequest request;
    unsigned status = 0;
    std::string reason;
};

Fixture read_fixture(const std::string& name) {
    std::ifstream file("tests/gateway/slack/" + name + ".json");
    const json::value value = json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
    Fixture fixture;
    fixture.name = name;
    fixture.secret = value.at("signing_secret").as_string();
    fixture.now_s = value.at("now").as_int64();
    const json::object& request = value.at("request").as_object();
    fixture.request.method = HttpRequest::Method::Post;
    fixture.request.target = "/chat/slack";
    fixture.request.body = request.at("body").as_string();
    for (const auto& header : request.at("headers").as_object()) {
        const std::string text(header.value().as_string());
        if (header.key() == "X-Slack-Signature") {
            fixture.request.slack_signature = text;
        } else if (header.key() == "X-Slack-Request-Timestamp") {
            fixture.request.slack_timestamp = text;
        } else if (header.key() == "Content-Type") {
            fixture.request.media_type = text;
        }
    }
    fixture.status = static_cast<unsigned>(value.at("expect").at("status").as_int64());
    fixture.reason = value.at("expect").at("reason").as_string();
    return fixture;
}

// The people of the fixtures.
std::vector<rules::ChatUser> slack_people() {
    std::vector<rules::ChatUser> users{chat_user("alice", model::Role::Approver),
                                       chat_user("bob", model::Role::Approver),
                                       chat_user("carol", model::Role::Approver)};
    users[0].slack = "U0ALICE001";
    users[1].slack = "U0BOB00002";
    users[2].slack = "U0CAROL003";
    return users;
}

rules::ChatChannel slack_channel() {
    rules::ChatChannel channel;
    channel.name = "ops";
    channel.kind = rules::ChatMedium::Slack;
    channel.channel = "C0OPS00001";
    channel.token = "TOKEN";
    channel.signing_secret = "SIGNING";
    return channel;
}

// A door with the secret and the clock of a fixture.
struct Doorway {
    explicit Doorway(const Fixture& fixture)
        : desk(People(slack_people()), backend),
          door({slack_channel()}, Secrets(secrets.add("SIGNING", fixture.secret).sources), desk,
               [this] { return now_s; }),
          now_s(fixture.now_s) {}

    SecretFiles secrets;
    NotingBackend backend;
    ChatDesk desk;
    SlackDoor door;
    std::int64_t now_s;
};

HttpRequest signed_request(const std::string& body, const std::string& secret,
                           std::int64_t time_s) {
    HttpRequest request;
    request.method = HttpRequest::Method::Post;
    request.body = body;
    request.slack_timestamp = std::to_string(time_s);
    request.slack_signature =
        "v0=" + hmac_sha256(secret, "v0:" + request.slack_timestamp + ":" + body);
    return request;
}

}  // namespace

TEST(SlackDoor, JudgesEachRecordedRequestAsSlacksOwnLibraryDoes) {
    for (const std::string name :
         {"valid-1-slash-approve", "valid-2-button-approve", "valid-3-slash-unicode",
          "valid-4-button-deny-reason", "invalid-1-wrong-signature", "invalid-2-stale-timestamp",
          "invalid-3-tampered-body", "invalid-4-missing-signature-header"}) {
        const Fixture fixture = read_fixture(name);
        Doorway doorway(fixture);

        const HttpResponse response = doorway.door.handle(fixture.request);

        EXPECT_EQ(response.status, fixture.status) << name;
        if (fixture.reason.empty()) {
            EXPECT_THAT(doorway.backend.orders(), SizeIs(1)) << name << ": " << response.body;
        } else {
            EXPECT_THAT(response.body, HasSubstr("refused: " + fixture.reason)) << name;
            EXPECT_THAT(metrics_of(doorway.desk),
                        HasSubstr(refused_line("slack", fixture.reason, 1)))
                << name;
            EXPECT_THAT(doorway.backend.orders(), IsEmpty()) << name;
        }
    }
}

TEST(SlackDoor, CarriesOutWhatWasSaidOrPressed) {
    const auto order_of = [](const std::string& name) {
        const Fixture fixture = read_fixture(name);
        Doorway doorway(fixture);
        (void)doorway.door.handle(fixture.request);
        return doorway.backend.orders().at(0);
    };

    EXPECT_EQ(order_of("valid-1-slash-approve"), "approve act-42 1a2b3c4d by alice");
    EXPECT_EQ(order_of("valid-2-button-approve"), "approve act-42 1a2b3c4d by alice");
    EXPECT_EQ(order_of("valid-3-slash-unicode"),
              "reject act-43 (weil \"Wartung\" l\xC3\xA4uft \xE2\x9C\x93 & 100%) by bob");
    EXPECT_EQ(order_of("valid-4-button-deny-reason"),
              "reject act-42 (not during the freeze) by carol");
}

TEST(SlackDoor, TakesARequestFiveMinutesOffAndNotASecondMore) {
    const Fixture fixture = read_fixture("valid-1-slash-approve");
    const std::int64_t sent_s = std::stoll(fixture.request.slack_timestamp);
    for (const auto& [offset, status] :
         {std::pair{300, 200U}, {301, 401U}, {-300, 200U}, {-301, 401U}}) {
        Doorway doorway(fixture);
        doorway.now_s = sent_s + offset;

        EXPECT_EQ(doorway.door.handle(fixture.request).status, status) << offset;
    }
}

TEST(SlackDoor, CarriesOutNothingTwice) {
    const Fixture fixture = read_fixture("valid-1-slash-approve");
    Doorway doorway(fixture);
    const std::int64_t sent_s = doorway.now_s;

    (void)doorway.door.handle(fixture.request);
    doorway.now_s += 200;
    const HttpResponse again = doorway.door.handle(fixture.request);
    // Sent again by Slack, signed anew, with the same trigger_id.
    const HttpResponse anew =
        doorway.door.handle(signed_request(fixture.request.body, fixture.secret, sent_s + 100));

    EXPECT_EQ(again.status, 200U);
    EXPECT_THAT(again.body, HasSubstr("refused: this request was carried out before"));
    EXPECT_THAT(anew.body, HasSubstr("refused: this request was carried out before"));
    EXPECT_THAT(doorway.backend.orders(), SizeIs(1));
    EXPECT_THAT(metrics_of(doorway.desk), HasSubstr(refused_line("slack", "replayed", 2)));
}

TEST(SlackDoor, RefusesWhatIsTooLongOrNotAPressedButton) {
    const Fixture fixture = read_fixture("valid-1-slash-approve");
    Doorway doorway(fixture);
    const auto answer = [&](const std::string& body) {
        return doorway.door.handle(signed_request(body, fixture.secret, doorway.now_s)).status;
    };

    EXPECT_EQ(answer(std::string(kChatBodyBytesMax + 1, 'x')), 413U);
    EXPECT_EQ(answer("payload=%7B"), 400U);
    EXPECT_EQ(answer("payload=[]"), 400U);
    EXPECT_EQ(answer("payload={\"type\":\"view_submission\",\"user\":{},\"actions\":[]}"), 400U);
    EXPECT_EQ(answer("text=%zz"), 400U);
    EXPECT_THAT(doorway.backend.orders(), IsEmpty());
    EXPECT_THAT(metrics_of(doorway.desk), AllOf(HasSubstr(refused_line("slack", "oversized", 1)),
                                                HasSubstr(refused_line("slack", "malformed", 4))));
}

TEST(SlackDoor, WithoutASecretLetsNobodyIn) {
    SecretFiles secrets;
    NotingBackend backend;
    ChatDesk desk(People(slack_people()), backend);
    SlackDoor nothing({}, Secrets({}), desk, [] { return 1; });
    SlackDoor unreadable({slack_channel()}, Secrets({}), desk, [] { return 1; });

    EXPECT_EQ(nothing.handle(signed_request("text=incidents", "", 1)).status, 404U);
    EXPECT_EQ(unreadable.handle(signed_request("text=incidents", "", 1)).status, 401U);
    EXPECT_THAT(backend.orders(), IsEmpty());
}

TEST(ReplayWindow, TakesNothingMoreWhenItIsFull) {
    ReplayWindow window(600, 2);

    EXPECT_EQ(window.note("a", 0), ReplayWindow::Seen::First);
    EXPECT_EQ(window.note("b", 1), ReplayWindow::Seen::First);
    EXPECT_EQ(window.note("c", 2), ReplayWindow::Seen::Full);
    EXPECT_EQ(window.note("a", 600), ReplayWindow::Seen::Again);
    EXPECT_EQ(window.note("c", 602), ReplayWindow::Seen::First);
}

// ---- with a real engine, and a server that speaks Slack's API ----

namespace {

// chat.postMessage and chat.update as documented: JSON in and out, the token in a header.
class SlackServer {
   public:
    SlackServer()
        : server([this](const Asked& asked) {
              if (asked.headers.count("authorization") == 0 ||
                  asked.headers.at("authorization") != "Bearer xoxb-test-token") {
                  return Answered{200, R"({"ok":false,"error":"invalid_auth"})", "", false};
              }
              if (failures > 0) {
                  --failures;
                  return Answered{429, "", "Retry-After: 1\r\n", false};
              }
              const std::string time = asked.path == "/chat.postMessage"
                                           ? "1700000000.00010" + std::to_string(++posts)
                                           : "";
              return Answered{200, R"({"ok":true,"channel":"C0OPS00001","ts":")" + time + "\"}", "",
                              false};
          }) {}

    std::vector<Asked> calls(const std::string& method) const {
        std::vector<Asked> found;
        for (const Asked& asked : server.asked()) {
            if (asked.path == "/" + method) {
                found.push_back(asked);
            }
        }
        return found;
    }

    std::atomic<int> posts{0};
    std::atomic<int> failures{0};
    TestServer server;
};

// A whole gateway with a chat.
struct ChatDaemon {
    explicit ChatDaemon(rules::ChatChannel channel, std::vector<rules::ChatUser> users)
        : daemon(options()) {
        parts.settings.channels = {std::move(channel)};
        parts.settings.users = std::move(users);
        parts.settings.update_interval = std::chrono::milliseconds(20);
        secrets.add("TOKEN", "xoxb-test-token").add("SIGNING", "a-signing-secret");
        parts.secrets = secrets.sources;
        parts.folder = folder.path();
        start();
    }

    ~ChatDaemon() {
        chat_pointer = nullptr;
        chat.reset();
    }

    DaemonOptions options() {
        DaemonOptions options;
        options.loop.settings.resolve_after = std::chrono::milliseconds(0);
        options.parts.chat = [this](std::string_view medium, HttpRequest request, auto respond) {
            chat_pointer.load()->handle(medium, std::move(request), std::move(respond));
        };
        return options;
    }

    void start() {
        if (!backend) {
            backend = std::make_unique<EngineBackend>(*daemon.loop);
        }
        chat = std::make_unique<Chat>(parts, *backend, daemon.feed);
        chat_pointer = chat.get();
    }

    HttpReply post(const std::string& path, const std::string& body,
                   std::vector<std::string> headers) const {
        return must(http_send("POST", daemon.url(path), body, headers, {}));
    }

    TemporaryFolder folder;
    SecretFiles secrets;
    std::atomic<Chat*> chat_pointer{nullptr};
    Daemon daemon;
    ChatParts parts;
    std::unique_ptr<EngineBackend> backend;
    std::unique_ptr<Chat> chat;
};

std::string incident_id(const Daemon& daemon) {
    const std::string body = must(http_get(daemon.url("/api/v1/incidents?all=true"))).body;
    const std::size_t at = body.find("\"id\":\"I");
    return at == std::string::npos ? "" : body.substr(at + 6, body.find('"', at + 6) - at - 6);
}

}  // namespace

TEST(SlackChannel, HasOneMessageAnIncidentUpdatedInPlace) {
    SlackServer slack;
    rules::ChatChannel channel = slack_channel();
    channel.url = slack.server.url("");
    ChatDaemon world(channel, slack_people());

    (void)http_post(world.daemon.url("/api/v1/events"),
                    R"({"resource":"orders-db","check":"latency","severity":"critical",)"
                    R"("summary":"<!channel> & more"})");
    ASSERT_TRUE(eventually([&] { return slack.calls("chat.postMessage").size() == 1; }));
    const std::string id = incident_id(world.daemon);
    (void)http_post(world.daemon.url("/api/v1/events"), event_json("orders-db", "errors"));
    ASSERT_TRUE(eventually([&] {
        const auto updates = slack.calls("chat.update");
        return !updates.empty() && updates.back().body.find("2 alerts") != std::string::npos;
    }));
    (void)http_post(world.daemon.url("/api/v1/incidents/" + id + "/resolve"), R"({"by":"anna"})");
    ASSERT_TRUE(eventually([&] {
        return slack.calls("chat.update").back().body.find(id + " resolved") != std::string::npos;
    }));

    const std::string first = slack.calls("chat.postMessage")[0].body;
    const json::value posted = json::parse(first);
    EXPECT_EQ(posted.at("channel").as_string(), "C0OPS00001");
    EXPECT_THAT(first, AllOf(HasSubstr("critical " + id + " open"), HasSubstr("*suspect:*"),
                             HasSubstr("*evidence:*"), HasSubstr("*impact:*"),
                             HasSubstr(R"("action_id":"ack","value":")" + id + "\""),
                             Not(HasSubstr("<!channel>"))));
    const json::value last = json::parse(slack.calls("chat.update").back().body);
    EXPECT_EQ(last.at("ts").as_string(), "1700000000.000101");
    EXPECT_EQ(slack.calls("chat.update").back().body.find("action_id"), std::string::npos);
    EXPECT_THAT(slack.calls("chat.postMessage"), SizeIs(1));
}

TEST(SlackChannel, KnowsItsMessagesAfterARestart) {
    SlackServer slack;
    rules::ChatChannel channel = slack_channel();
    channel.url = slack.server.url("");
    ChatDaemon world(channel, slack_people());
    (void)http_post(world.daemon.url("/api/v1/events"), event_json("orders-db"));
    ASSERT_TRUE(eventually([&] { return slack.calls("chat.postMessage").size() == 1; }));
    ASSERT_TRUE(
        eventually([&] { return std::filesystem::exists(world.folder.path() / "chat-ops.json"); }));

    world.chat.reset();
    const std::size_t updates = slack.calls("chat.update").size();
    world.start();

    EXPECT_TRUE(eventually([&] { return slack.calls("chat.update").size() > updates; }));
    EXPECT_THAT(slack.calls("chat.postMessage"), SizeIs(1));
}

TEST(SlackChannel, TriesAgainWhenSlackAsksForPatience) {
    SlackServer slack;
    slack.failures = 1;
    rules::ChatChannel channel = slack_channel();
    channel.url = slack.server.url("");
    ChatDaemon world(channel, slack_people());

    (void)http_post(world.daemon.url("/api/v1/events"), event_json("orders-db"));

    EXPECT_TRUE(eventually([&] { return slack.posts == 1; }));
    std::string metrics;
    world.chat->append_metrics(metrics);
    EXPECT_THAT(metrics,
                HasSubstr("nocturne_chat_messages_total{channel=\"ops\",what=\"failed\"} 1\n"));
}

TEST(SlackChannel, IsNotToldOfWhatIsBelowItsSeverity) {
    SlackServer slack;
    rules::ChatChannel channel = slack_channel();
    channel.url = slack.server.url("");
    channel.severity_min = model::Severity::Critical;
    ChatDaemon world(channel, slack_people());

    (void)http_post(world.daemon.url("/api/v1/events"),
                    R"({"resource":"cart","check":"latency","severity":"warning"})");
    (void)http_post(world.daemon.url("/api/v1/events"), event_json("orders-db"));

    ASSERT_TRUE(eventually([&] { return slack.posts == 1; }));
    EXPECT_THAT(slack.calls("chat.postMessage")[0].body, HasSubstr("orders-db"));
}

TEST(SlackCommands, ReachTheEngineOverHttp) {
    SlackServer slack;
    rules::ChatChannel channel = slack_channel();
    channel.url = slack.server.url("");
    ChatDaemon world(channel, slack_people());
    (void)http_post(world.daemon.url("/api/v1/events"), event_json("orders-db"));
    const std::string id = incident_id(world.daemon);
    const auto say = [&](const std::string& text, const std::string& trigger) {
        const std::int64_t now_s = std::time(nullptr);
        const HttpRequest request =
            signed_request("user_id=U0ALICE001&channel_name=ops&trigger_id=" + trigger +
                               "&text=" + url_encode(text),
                           "a-signing-secret", now_s);
        return world.post("/chat/slack", request.body,
                          {"X-Slack-Signature: " + request.slack_signature,
                           "X-Slack-Request-Timestamp: " + request.slack_timestamp,
                           "Content-Type: application/x-www-form-urlencoded"});
    };

    EXPECT_THAT(say("incidents", "1").body, HasSubstr("critical " + id + " open"));
    EXPECT_THAT(say("show " + id, "2").body, HasSubstr("suspect: orders-db"));
    EXPECT_THAT(say("why " + id, "3").body, HasSubstr("opened_new"));
    EXPECT_THAT(say("silence resource=orders-db 2h", "4").body, HasSubstr("silenced as S"));
    EXPECT_THAT(say("label " + id + " a bad deploy", "5").body, HasSubstr("was caused by"));
    EXPECT_THAT(say("ack " + id, "6").body, HasSubstr(id + " is acknowledged by alice"));
    EXPECT_THAT(say("ack I999-0", "7").body, HasSubstr("refused: no incident"));
    EXPECT_THAT(say("approve R1-0", "8").body, HasSubstr("no run"));
    EXPECT_THAT(must(http_get(world.daemon.url("/api/v1/incidents/" + id))).body,
                AllOf(HasSubstr("\"state\":\"acknowledged\""), HasSubstr("a bad deploy")));
    EXPECT_THAT(must(http_get(world.daemon.url("/api/v1/silences"))).body, HasSubstr("alice"));

    EXPECT_EQ(world.post("/chat/slack", "text=incidents", {}).status, 401);
    EXPECT_EQ(world.post("/chat/teams", "text=incidents", {}).status, 404);
    std::string metrics;
    world.chat->append_metrics(metrics);
    EXPECT_THAT(metrics, AllOf(HasSubstr(refused_line("slack", "header", 1)),
                               HasSubstr(refused_line("slack", "engine", 2))));
}

// ---- Mattermost and the generic webhook ----

namespace {

rules::ChatChannel mattermost_channel(const TestServer& server) {
    rules::ChatChannel channel;
    channel.name = "noc";
    channel.kind = rules::ChatMedium::Mattermost;
    channel.url = server.url("");
    channel.channel = "channelid";
    channel.token = "TOKEN";
    channel.command_token = "SIGNING";
    channel.callback_url = "http://nocturne.example.com/chat/mattermost";
    return channel;
}

std::vector<rules::ChatUser> mattermost_people() {
    std::vector<rules::ChatUser> users{chat_user("rosa", model::Role::Responder)};
    users[0].mattermost = "rosaid";
    return users;
}

}  // namespace

TEST(Mattermost, HasOnePostAnIncidentWithButtonsThatWork) {
    TestServer server([](const Asked&) { return Answered{201, R"({"id":"post1"})", "", false}; });
    ChatDaemon world(mattermost_channel(server), mattermost_people());
    (void)http_post(world.daemon.url("/api/v1/events"), event_json("orders-db"));
    ASSERT_TRUE(eventually([&] { return !server.asked().empty(); }));
    const std::string id = incident_id(world.daemon);

    const Asked posted = server.asked()[0];
    EXPECT_EQ(posted.method + " " + posted.path, "POST /api/v4/posts");
    EXPECT_EQ(posted.headers.at("authorization"), "Bearer xoxb-test-token");
    const json::value post = json::parse(posted.body);
    const json::array& actions = post.at("props").at("attachments").at(0).at("actions").as_array();
    const json::value context = actions.at(0).at("integration").at("context");
    EXPECT_EQ(context.at("command").as_string(), "ack " + id);

    const auto press = [&](const std::string& user, const json::value& what,
                           const std::string& trigger) {
        json::object body{
            {"user_id", user}, {"channel_name", "noc"}, {"trigger_id", trigger}, {"context", what}};
        return world.post("/chat/mattermost", json::serialize(body),
                          {"Content-Type: application/json"});
    };
    json::value forged = context;
    forged.as_object()["command"] = "silence resource=orders-db 30d";
    EXPECT_EQ(press("rosaid", forged, "1").status, 401);
    EXPECT_EQ(press("rosaid", json::object{{"command", "ack " + id}}, "2").status, 401);
    EXPECT_THAT(press("malloryid", context, "3").body, HasSubstr("I do not know you"));
    EXPECT_THAT(press("rosaid", context, "4").body, HasSubstr("is acknowledged by rosa"));
    EXPECT_THAT(press("rosaid", context, "4").body, HasSubstr("carried out before"));

    EXPECT_TRUE(eventually([&] {
        const Asked last = server.asked().back();
        return last.method == "PUT" && last.path == "/api/v4/posts/post1/patch" &&
               last.body.find("acknowledged") != std::string::npos;
    }));
    std::string metrics;
    world.chat->append_metrics(metrics);
    EXPECT_THAT(metrics, AllOf(HasSubstr(refused_line("mattermost", "signature", 1)),
                               HasSubstr(refused_line("mattermost", "header", 1)),
                               HasSubstr(refused_line("mattermost", "unknown_user", 1)),
                               HasSubstr(refused_line("mattermost", "replayed", 1))));
}

TEST(Mattermost, TakesSlashCommandsWithTheRightTokenOnly) {
    TestServer server([](const Asked&) { return Answered{201, R"({"id":"post1"})", "", false}; });
    ChatDaemon world(mattermost_channel(server), mattermost_people());
    const auto say = [&](const std::string& token, const std::string& text) {
        return world.post("/chat/mattermost",
                          "token=" + token +
                              "&user_id=rosaid&channel_name=noc&text=" + url_encode(text),
                          {"Content-Type: application/x-www-form-urlencoded"});
    };

    EXPECT_THAT(say("a-signing-secret", "incidents").body, HasSubstr("no incident is open"));
    EXPECT_EQ(say("a-signing-secreT", "incidents").status, 401);
    EXPECT_EQ(say("", "incidents").status, 401);
    EXPECT_EQ(world.post("/chat/mattermost", "{", {"Content-Type: application/json"}).status, 400);
    EXPECT_EQ(world
                  .post("/chat/mattermost", std::string(kChatBodyBytesMax + 1, 'x'),
                        {"Content-Type: application/json"})
                  .status,
              413);
}

TEST(Webhook, IsSignedOverTimeAndBody) {
    TestServer server;
    rules::ChatChannel channel;
    channel.name = "hook";
    channel.url = server.url("/hook");
    channel.signing_secret = "SIGNING";
    ChatDaemon world(channel, {});

    (void)http_post(world.daemon.url("/api/v1/events"), event_json("orders-db"));
    ASSERT_TRUE(eventually([&] { return !server.asked().empty(); }));
    const ActionResult told = world.chat->notify(
        {{model::Effector::Notify, "hook", {{"text", "restarted"}}, {}}, "R1-0/1"});

    const Asked asked = server.asked()[0];
    const std::string time = asked.headers.at("x-nocturne-timestamp");
    EXPECT_EQ(asked.headers.at("x-nocturne-signature"),
              "v0=" + hmac_sha256("a-signing-secret", "v0:" + time + ":" + asked.body));
    const json::value body = json::parse(asked.body);
    EXPECT_EQ(body.at("type").as_string(), "incident");
    EXPECT_EQ(body.at("suspect").as_string(), "orders-db");
    EXPECT_EQ(told.outcome, ActionResult::Outcome::Ok);
    EXPECT_EQ(server.asked().back().headers.at("idempotency-key"), "R1-0/1");
    EXPECT_EQ(world.chat->notify({{model::Effector::Notify, "nowhere", {}, {}}, ""}).outcome,
              ActionResult::Outcome::Failed);
}

TEST(Signature, IsThatOfRfc4231) {
    EXPECT_EQ(hmac_sha256("Jefe", "what do ya want for nothing?"),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_TRUE(are_equal_secrets("abc", "abc"));
    EXPECT_FALSE(are_equal_secrets("abc", "abd"));
    EXPECT_FALSE(are_equal_secrets("abc", "abcd"));
}

}  // namespace nocturne::gateway
