#include "gateway/http_server.hpp"

#include "bad_events.hpp"
#include "daemon.hpp"
#include "full_disk.hpp"
#include "gateway/http_client.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace nocturne::gateway {

namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

HttpReply get(const Daemon& daemon, const std::string& path) {
    return must(http_get(daemon.url(path)));
}

HttpReply post(const Daemon& daemon, const std::string& path, std::string_view body = "") {
    return must(http_post(daemon.url(path), body));
}

// The value of `"key":"..."` in JSON.
std::string text_in(const std::string& json, const std::string& key) {
    const std::string mark = "\"" + key + "\":\"";
    const std::size_t begin = json.find(mark);
    if (begin == std::string::npos) {
        return "";
    }
    return json.substr(begin + mark.size(),
                       json.find('"', begin + mark.size()) - begin - mark.size());
}

// Opens an incident and tells its id.
std::string open_incident(const Daemon& daemon, const std::string& resource = "orders-db") {
    post(daemon, "/api/v1/events", event_json(resource));
    return text_in(get(daemon, "/api/v1/incidents").body, "id");
}

// A client that may break all rules of HTTP.
class RawClient {
   public:
    explicit RawClient(const std::string& address)
        : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port =
            htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        if (::connect(descriptor_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) {
            throw std::runtime_error("cannot connect");
        }
    }

    ~RawClient() { ::close(descriptor_); }

    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    void send(std::string_view text) {
        while (!text.empty()) {
            const ssize_t sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                return;  // the server has had enough
            }
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    void finish_sending() { ::shutdown(descriptor_, SHUT_WR); }

    // What arrives until `words` are in it, or the server closes; `is_closed` tells which.
    std::string read_until(const std::string& words = "") {
        std::array<char, 65536> bytes{};
        const auto until = std::chrono::steady_clock::now() + kPatience;
        while ((words.empty() || received_.find(words) == std::string::npos) &&
               std::chrono::steady_clock::now() < until) {
            const ssize_t count = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
            if (count <= 0) {
                is_closed = count == 0 || errno == ECONNRESET;
                break;
            }
            received_.append(bytes.data(), static_cast<std::size_t>(count));
        }
        return received_;
    }

    bool is_closed = false;

   private:
    int descriptor_;
    std::string received_;
};

std::string raw_post(const std::string& path, const std::string& headers,
                     const std::string& body = "") {
    return "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

TEST(HttpEvents, AreAnsweredOnceTheyAreDurable) {
    Daemon daemon;

    const HttpReply reply =
        post(daemon, "/api/v1/events", event_json("one") + "\n" + event_json("two"));

    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.content_type, "application/json");
    EXPECT_THAT(reply.body, StartsWith(R"({"accepted":2,"rejected":[],"position":")"));
    auto on_disk = must(store::Store::open_read_only(daemon.folder.path()));
    EXPECT_EQ(text_in(reply.body, "position"), std::to_string(must(on_disk->last_position())));
}

TEST(HttpEvents, AreEachJudgedAlone) {
    Daemon daemon;
    for (const BadEvent& bad : bad_events()) {
        const HttpReply mixed = post(daemon, "/api/v1/events",
                                     event_json("a") + "\n" + bad.json + "\n" + event_json("b"));
        EXPECT_EQ(mixed.status, 200) << bad.name;
        EXPECT_THAT(mixed.body, StartsWith(R"({"accepted":2,"rejected":[{"index":1,)")) << bad.name;

        const HttpReply alone = post(daemon, "/api/v1/events", bad.json);
        EXPECT_EQ(alone.status, 400) << bad.name;
        EXPECT_THAT(alone.body, StartsWith(R"({"accepted":0,"rejected":[{"index":0,)")) << bad.name;
    }
    EXPECT_EQ(post(daemon, "/api/v1/events").status, 400);
    daemon.letters->flush();
    EXPECT_EQ(daemon.letters->counters().kept, 2 * bad_events().size() + 1);
}

TEST(HttpEvents, AreRefusedWhileTheDiskIsFull) {
    Daemon daemon;
    {
        const FullDisk full;
        const HttpReply reply = post(daemon, "/api/v1/events", event_json("lost"));
        EXPECT_EQ(reply.status, 503);
        EXPECT_THAT(error_of(reply), HasSubstr("journal cannot be written"));
        EXPECT_EQ(get(daemon, "/-/ready").status, 503);
        EXPECT_EQ(get(daemon, "/-/healthy").status, 200);
        EXPECT_EQ(post(daemon, "/api/v1/topology", R"({"nodes":[{"name":"a"}]})").status, 503);
    }

    EXPECT_EQ(post(daemon, "/api/v1/events", event_json("kept")).status, 200);
    EXPECT_EQ(get(daemon, "/-/ready").status, 200);
}

TEST(HttpEvents, WaitForRoomInTheEngine) {
    DaemonOptions options;
    options.loop.queue_inputs_max = 1;
    options.loop.group_inputs_max = 1;
    Daemon daemon(options);
    daemon.block_core();

    std::vector<std::future<HttpReply>> replies;
    for (int i = 0; i < 10; ++i) {
        replies.push_back(std::async(std::launch::async, [&daemon, i] {
            return post(daemon, "/api/v1/events", event_json("r" + std::to_string(i)));
        }));
    }
    ASSERT_TRUE(eventually([&] { return daemon.ingest->counters(Transport::Http).full > 0; }));
    daemon.release_core();

    for (auto& reply : replies) {
        EXPECT_EQ(reply.get().status, 200);
    }
}

TEST(HttpIncidents, AreListedShownAndCommanded) {
    Daemon daemon;
    const std::string id = open_incident(daemon);
    ASSERT_THAT(id, StartsWith("I"));
    const std::string page = "/api/v1/incidents/" + id;

    EXPECT_THAT(get(daemon, page).body, HasSubstr("\"state\":\"open\""));
    EXPECT_THAT(post(daemon, page + "/ack", R"({"by":"anna"})").body,
                HasSubstr("\"state\":\"acknowledged\""));
    EXPECT_THAT(post(daemon, page + "/label", R"({"by":"anna","cause":"a full disk"})").body,
                HasSubstr("a full disk"));
    EXPECT_THAT(post(daemon, page + "/resolve").body, HasSubstr("\"state\":\"resolved\""));
    EXPECT_EQ(get(daemon, "/api/v1/incidents").body, "{\"incidents\":[]}\n");
    EXPECT_THAT(get(daemon, "/api/v1/incidents?all=true").body, HasSubstr(id));
    EXPECT_THAT(get(daemon, "/api/v1/incidents?state=resolved").body, HasSubstr(id));
}

TEST(HttpIncidents, SayWhatIsWrongWithARequest) {
    Daemon daemon;
    const std::string page = "/api/v1/incidents/" + open_incident(daemon);

    EXPECT_THAT(error_of(get(daemon, "/api/v1/incidents?state=closed")),
                HasSubstr("is not one of open"));
    EXPECT_THAT(error_of(get(daemon, "/api/v1/incidents?limit=-1")),
                HasSubstr("not a whole number"));
    EXPECT_THAT(error_of(get(daemon, "/api/v1/incidents?colour=red")),
                HasSubstr("unknown parameter \"colour\""));
    EXPECT_EQ(get(daemon, "/api/v1/incidents/I999-9").status, 404);
    EXPECT_EQ(get(daemon, "/api/v1/incidents/nonsense").status, 404);
    EXPECT_EQ(post(daemon, "/api/v1/incidents/I999-9/ack").status, 404);
    EXPECT_THAT(error_of(post(daemon, page + "/label", "{}")), HasSubstr("cause: is missing"));
    EXPECT_THAT(error_of(post(daemon, page + "/ack", R"({"by":7})")),
                HasSubstr("by: expected a text"));
    EXPECT_EQ(post(daemon, page + "/ack", "{").status, 400);
}

TEST(HttpIncidents, ComeFromTheHistoryWhenTheyAreNoMoreInMemory) {
    DaemonOptions options;
    options.parts.read_history = [](std::string_view id) -> std::optional<std::string> {
        return id == "I7-1" ? std::optional<std::string>(R"({"id":"I7-1"})") : std::nullopt;
    };
    Daemon daemon(options);

    EXPECT_EQ(get(daemon, "/api/v1/incidents/I7-1").body, "{\"id\":\"I7-1\"}\n");
    EXPECT_EQ(get(daemon, "/api/v1/incidents/I7-2").status, 404);
}

TEST(HttpAlerts, AreFilteredByMatchers) {
    Daemon daemon;
    post(daemon, "/api/v1/events",
         event_json("a", "cpu") + "\n" + event_json("b", "cpu") + "\n" + event_json("b", "disk"));

    EXPECT_THAT(get(daemon, "/api/v1/alerts").body, HasSubstr("\"total\":3"));
    EXPECT_THAT(get(daemon, "/api/v1/alerts?filter=resource%3Db&filter=check%3D~%22d.*%22").body,
                AllOf(HasSubstr("\"total\":1"), HasSubstr("\"check\":\"disk\"")));
    EXPECT_THAT(get(daemon, "/api/v1/alerts?limit=1&offset=1").body, HasSubstr("\"total\":3"));
    EXPECT_THAT(error_of(get(daemon, "/api/v1/alerts?filter=%7B")),
                StartsWith("parameter \"filter\": "));
    EXPECT_THAT(error_of(get(daemon, "/api/v1/alerts?ended=maybe")),
                HasSubstr("is not one of true, false"));
    EXPECT_THAT(error_of(get(daemon, "/api/v1/alerts?incident=x")),
                HasSubstr("not an incident's id"));
}

TEST(HttpTopology, IsTakenAndShownWithImpact) {
    Daemon daemon;
    const HttpReply taken =
        post(daemon, "/api/v1/topology",
             R"({"nodes":[{"name":"checkout","depends_on":["orders-db"],"criticality":5}]})");

    EXPECT_EQ(taken.status, 200);
    EXPECT_NE(text_in(taken.body, "position"), "");
    EXPECT_THAT(get(daemon, "/api/v1/topology").body,
                HasSubstr(R"("from":"checkout","to":"orders-db")"));
    EXPECT_THAT(get(daemon, "/api/v1/impact/orders-db").body,
                HasSubstr(R"("resource":"checkout")"));
    EXPECT_EQ(get(daemon, "/api/v1/impact/nobody").status, 404);
}

TEST(HttpTopology, IsRefusedWithEveryProblem) {
    Daemon daemon;

    const HttpReply reply =
        post(daemon, "/api/v1/topology", R"({"nodes":[{"name":"a","criticality":9},{}]})");

    EXPECT_EQ(reply.status, 400);
    EXPECT_THAT(error_of(reply),
                AllOf(StartsWith("nodes[0].criticality: "), EndsWith(" (and 1 more)")));
    EXPECT_THAT(reply.body, HasSubstr("nodes[1].name: is missing or empty"));
}

TEST(HttpSilences, HideAndEnd) {
    Daemon daemon;
    const HttpReply made = post(
        daemon, "/api/v1/silences",
        R"({"matchers":"resource=orders-db","duration":"1h","created_by":"anna","comment":"known"})");
    const std::string id = text_in(made.body, "id");
    ASSERT_EQ(made.status, 201);

    open_incident(daemon, "orders-db");
    EXPECT_EQ(get(daemon, "/api/v1/incidents").body, "{\"incidents\":[]}\n");
    EXPECT_THAT(get(daemon, "/api/v1/silences").body,
                AllOf(HasSubstr(id), HasSubstr("\"state\":\"active\"")));
    EXPECT_EQ(must(http_delete(daemon.url("/api/v1/silences/" + id + "?by=anna"))).status, 200);
    EXPECT_THAT(get(daemon, "/api/v1/silences").body, Not(HasSubstr("\"state\":\"active\"")));
    EXPECT_EQ(must(http_delete(daemon.url("/api/v1/silences/S999-0"))).status, 404);
    EXPECT_EQ(post(daemon, "/api/v1/silences", "{}").status, 400);
}

TEST(HttpPages, TellHowTheDaemonIs) {
    DaemonOptions options;
    options.parts.version = "1.2.3";
    options.parts.metrics.push_back([](std::string& out) { out += "from_the_cli 7\n"; });
    Daemon daemon(options);
    post(daemon, "/api/v1/events", event_json("one") + "\n{}");

    const std::string metrics = get(daemon, "/metrics").body;
    for (const char* line :
         {"nocturne_build_info{version=\"1.2.3\"", "from_the_cli 7",
          "nocturne_ingest_events_total{transport=\"http\"} 1",
          "nocturne_ingest_rejected_total{transport=\"http\"} 1", "nocturne_loop_commits_total",
          "nocturne_alerts{state=\"firing\"} 1", "nocturne_http_requests_total 2"}) {
        EXPECT_THAT(metrics, HasSubstr(line));
    }
    EXPECT_THAT(get(daemon, "/version").body, HasSubstr("\"version\":\"1.2.3\""));
    EXPECT_EQ(get(daemon, "/-/healthy").status, 200);
    EXPECT_EQ(get(daemon, "/-/ready").status, 200);
    EXPECT_EQ(get(daemon, "/").status, 200);
}

TEST(HttpPages, SayWhatIsNotThereAndWhatIsNotAllowed) {
    Daemon daemon;

    EXPECT_EQ(get(daemon, "/nothing").status, 404);
    EXPECT_EQ(get(daemon, "/api/v1/incidents/I1-1/dance").status, 404);
    const HttpReply wrong_method = must(http_delete(daemon.url("/api/v1/topology")));
    EXPECT_EQ(wrong_method.status, 405);
    EXPECT_EQ(error_of(wrong_method), "this page takes GET, HEAD, POST");
    EXPECT_EQ(get(daemon, "/%zz").status, 400);
}

TEST(HttpReload, TellsHowItWent) {
    auto result = std::make_shared<Status>();
    DaemonOptions options;
    options.parts.reload = [result](const Caller&) { return *result; };
    Daemon daemon(options);

    EXPECT_EQ(post(daemon, "/-/reload").status, 200);
    *result = fail(ErrorCode::Invalid, "rules are wrong");
    const HttpReply failed = post(daemon, "/-/reload");
    EXPECT_EQ(failed.status, 500);
    EXPECT_EQ(error_of(failed), "rules are wrong");
    EXPECT_EQ(get(daemon, "/-/reload").status, 405);
    EXPECT_EQ(post(Daemon(), "/-/reload").status, 501);
}

TEST(HttpServer, RefusesWhatABrowserSendsForAnotherSite) {
    Daemon daemon;
    const auto status_with = [&](const std::string& header) {
        RawClient client(daemon.http->address());
        client.send(raw_post("/api/v1/events", header + "Connection: close\r\n", event_json("x")));
        return client.read_until().substr(9, 3);
    };

    EXPECT_EQ(status_with("Origin: http://evil.example\r\n"), "403");
    EXPECT_EQ(status_with("Origin: null\r\n"), "403");
    EXPECT_EQ(status_with("Sec-Fetch-Site: cross-site\r\n"), "403");
    EXPECT_EQ(status_with("Origin: http://127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n"), "200");
    EXPECT_EQ(status_with(""), "200");
}

TEST(HttpServer, AnswersHeadWithoutABodyAndKeepsTheConnection) {
    Daemon daemon;
    RawClient client(daemon.http->address());

    client.send("HEAD /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string head = client.read_until("\r\n\r\n");
    client.send("GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\nGET /version HTTP/1.1\r\nHost: "
                "localhost\r\nConnection: close\r\n\r\n");
    const std::string all = client.read_until();

    EXPECT_THAT(head, AllOf(HasSubstr("Content-Length: 21"), EndsWith("\r\n\r\n")));
    EXPECT_THAT(all, AllOf(HasSubstr("Nocturne is healthy."), HasSubstr("\"version\"")));
    EXPECT_TRUE(client.is_closed);
}

TEST(HttpServer, ClosesConnectionsThatSendTooSlowly) {
    DaemonOptions options;
    options.http.header_timeout = std::chrono::milliseconds(100);
    options.http.body_timeout = std::chrono::milliseconds(100);
    options.http.idle_timeout = std::chrono::milliseconds(100);
    Daemon daemon(options);
    RawClient silent(daemon.http->address());
    RawClient half_header(daemon.http->address());
    RawClient half_body(daemon.http->address());
    RawClient idle(daemon.http->address());
    half_header.send("GET / HTT");
    half_body.send(
        "POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{");
    idle.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");

    for (RawClient* client : {&silent, &half_header, &half_body, &idle}) {
        client->read_until();
        EXPECT_TRUE(client->is_closed);
    }
    EXPECT_EQ(get(daemon, "/-/healthy").status, 200);
}

TEST(HttpServer, RefusesWhatIsTooLargeOrNotHttp) {
    DaemonOptions options;
    options.http.body_bytes_max = 1000;
    options.http.header_bytes_max = 1000;
    Daemon daemon(options);
    const auto answer_to = [&](const std::string& text) {
        RawClient client(daemon.http->address());
        client.send(text);
        return client.read_until();
    };

    EXPECT_THAT(answer_to(raw_post("/api/v1/events", "", std::string(5'000'000, 'x'))),
                StartsWith("HTTP/1.1 413"));
    EXPECT_THAT(answer_to("POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
                          "chunked\r\n\r\nffff\r\n" +
                          std::string(100'000, 'x')),
                StartsWith("HTTP/1.1 413"));
    EXPECT_THAT(answer_to("GET / HTTP/1.1\r\nX: " + std::string(5'000, 'x') + "\r\n\r\n"),
                StartsWith("HTTP/1.1 431"));
    EXPECT_THAT(answer_to("this is not HTTP\r\n\r\n"), StartsWith("HTTP/1.1 400"));
    EXPECT_EQ(get(daemon, "/-/healthy").status, 200);
}

TEST(HttpServer, SurvivesRequestsThatBreakOff) {
    Daemon daemon;
    const std::string whole = raw_post("/api/v1/events", "", event_json("x"));
    for (std::size_t length = 0; length < whole.size(); length += 7) {
        RawClient client(daemon.http->address());
        client.send(whole.substr(0, length));
        client.finish_sending();
        client.read_until();
        EXPECT_TRUE(client.is_closed) << length;
    }

    EXPECT_EQ(daemon.events_taken(Transport::Http), 0U);
    EXPECT_EQ(get(daemon, "/-/healthy").status, 200);
}

TEST(HttpServer, TellsTheOneConnectionTooMany) {
    DaemonOptions options;
    options.http.connections_max = 2;
    Daemon daemon(options);
    RawClient first(daemon.http->address());
    RawClient second(daemon.http->address());
    for (RawClient* client : {&first, &second}) {
        client->send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client->read_until("\r\n\r\n");
    }

    EXPECT_EQ(get(daemon, "/-/healthy").status, 503);
}

TEST(HttpServer, TakesLargeBodiesOfClientsThatAskFirst) {
    Daemon daemon;
    std::string events;
    for (int i = 0; i < 30'000; ++i) {
        events += event_json("r" + std::to_string(i)) + "\n";
    }

    const HttpReply reply =
        post(daemon, "/api/v1/events", events);  // curl sends Expect: 100-continue

    EXPECT_GT(events.size(), 2'000'000U);
    EXPECT_THAT(reply.body, StartsWith("{\"accepted\":30000,"));
}

TEST(HttpServer, AnswersInTimeWhenTheEngineDoesNot) {
    DaemonOptions options;
    options.http.answer_timeout = std::chrono::milliseconds(50);
    Daemon daemon(options);
    daemon.block_core();

    EXPECT_EQ(get(daemon, "/api/v1/incidents").status, 504);
    daemon.release_core();
    EXPECT_EQ(get(daemon, "/api/v1/incidents").status, 200);
}

TEST(HttpServer, StopsWhileRequestsWaitForTheEngine) {
    Daemon daemon;
    daemon.block_core();
    auto reply =
        std::async(std::launch::async, [&] { return http_get(daemon.url("/api/v1/incidents")); });
    ASSERT_TRUE(eventually([&] {
        std::string metrics;
        daemon.http->append_metrics(metrics);
        return metrics.find("nocturne_http_requests_total 1") != std::string::npos;
    }));

    daemon.http->stop();
    daemon.release_core();

    EXPECT_FALSE(reply.get());
}

TEST(HttpServer, ListensOnTheAddressThatItWasGiven) {
    Daemon daemon;
    HttpServerOptions options;
    for (const char* wrong :
         {"", "127.0.0.1", "127.0.0.1:x", "nowhere:1", "::1:9193", "127.0.0.1:99999"}) {
        options.address = wrong;
        const auto server =
            HttpServer::start(options, *daemon.loop, *daemon.ingest, daemon.feed, {});
        ASSERT_FALSE(server) << wrong;
        EXPECT_THAT(server.error().message, HasSubstr("expected e.g. 127.0.0.1:9193"));
    }
    options.address = daemon.http->address();
    const auto taken = HttpServer::start(options, *daemon.loop, *daemon.ingest, daemon.feed, {});
    ASSERT_FALSE(taken);
    EXPECT_THAT(taken.error().message, HasSubstr("cannot listen on 127.0.0.1:"));
}

TEST(HttpStream, CarriesEffectsAsServerSentEvents) {
    Daemon daemon;
    RawClient client(daemon.http->address());
    client.send("GET /api/v1/stream?topic=incident. HTTP/1.1\r\nHost: localhost\r\n\r\n");
    ASSERT_THAT(client.read_until(": nocturne\n\n"), HasSubstr("Content-Type: text/event-stream"));

    post(daemon, "/api/v1/events", event_json("orders-db"));
    const std::string text = client.read_until("\n\nevent: incident.opened\nid: ");

    EXPECT_THAT(client.read_until("}}\n\n"), HasSubstr("\ndata: {\"topic\":\"incident.opened\""));
    EXPECT_THAT(text, Not(HasSubstr("event: alert.")));
}

TEST(HttpStream, BeatsWhileNothingHappensAndEndsWithItsListener) {
    DaemonOptions options;
    options.http.stream_heartbeat = std::chrono::milliseconds(10);
    Daemon daemon(options);
    const auto streams = [&] {
        std::string metrics;
        daemon.http->append_metrics(metrics);
        return metrics.find("nocturne_http_streams 0") == std::string::npos;
    };
    {
        RawClient client(daemon.http->address());
        client.send("GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.read_until(": alive\n\n: alive\n\n");
        EXPECT_TRUE(streams());
    }
    EXPECT_TRUE(eventually([&] { return !streams(); }));
}

TEST(HttpStream, RefusesUnknownTopicsAndTooManyListeners) {
    DaemonOptions options;
    options.http.streams_max = 0;
    Daemon daemon(options);

    EXPECT_EQ(get(daemon, "/api/v1/stream").status, 503);
    EXPECT_EQ(get(Daemon(), "/api/v1/stream?topic=weather").status, 400);
}

TEST(HttpClient, SaysWhatToDoWhenNobodyAnswers) {
    std::string address;
    {
        const Daemon daemon;
        address = daemon.http->address();
    }
    const auto reply = http_get("http://" + address + "/api/v1/incidents");

    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().message,
              "cannot reach nocturne at http://" + address +
                  ": connection refused; is `nocturne run` running? use --url");
    EXPECT_THAT(http_get("gopher://x").error().message, HasSubstr("is not a URL"));
}

TEST(HttpClient, EncodesWhatGoesIntoAUrl) {
    EXPECT_EQ(url_encode("resource=~\"a b\"/\xC3\xBC"), "resource%3D~%22a%20b%22%2F%C3%BC");
}

}  // namespace nocturne::gateway
