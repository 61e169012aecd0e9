#include "gateway/effectors/effectors.hpp"

#include "daemon.hpp"
#include "gateway/effectors/network.hpp"
#include "gateway/effectors/process.hpp"
#include "gateway/effectors/result_text.hpp"
#include "gateway/effectors/secrets.hpp"
#include "test_server.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <fstream>
#include <future>

namespace nocturne::gateway {

namespace {

using model::Action;
using model::Effector;
using Outcome = ActionResult::Outcome;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

ActionResult perform(Effectors& effectors, Action action, const std::string& key = "R1-0/1") {
    std::promise<ActionResult> promise;
    std::future<ActionResult> result = promise.get_future();
    if (!effectors.try_start({std::move(action), key},
                             [&](ActionResult done) { promise.set_value(std::move(done)); })) {
        throw std::runtime_error("not taken");
    }
    if (result.wait_for(kPatience) != std::future_status::ready) {
        throw std::runtime_error("no result in time");
    }
    return result.get();
}

Action http(const std::string& url, std::map<std::string, std::string> arguments = {}) {
    return {Effector::Http, url, std::move(arguments), std::chrono::seconds(5)};
}

Action check(const std::string& target, std::map<std::string, std::string> arguments = {}) {
    return {Effector::Check, target, std::move(arguments), std::chrono::seconds(5)};
}

Action command(const std::string& name, std::map<std::string, std::string> arguments = {}) {
    return {Effector::Command, name, std::move(arguments), std::chrono::seconds(5)};
}

// A configuration that lists `host` with its networks, at the port of `server`.
EffectorParts parts_with_host(const TestServer& server, const std::string& host = "127.0.0.1",
                              std::vector<std::string> networks = {"127.0.0.1"}) {
    EffectorParts parts;
    parts.settings.hosts.push_back({.name = host,
                                    .ports = {server.port()},
                                    .networks = std::move(networks),
                                    .methods = {},
                                    .secrets = {},
                                    .ca_file = {}});
    return parts;
}

rules::CommandRule shell(const std::string& name, const std::string& script) {
    rules::CommandRule rule;
    rule.name = name;
    rule.program = "/bin/sh";
    rule.arguments = {"-c", script};
    return rule;
}

EffectorParts parts_with_command(rules::CommandRule rule) {
    EffectorParts parts;
    parts.settings.commands.push_back(std::move(rule));
    return parts;
}

std::string write_secret(const TemporaryFolder& folder, const std::string& value) {
    const std::filesystem::path file = folder.path() / "secret";
    std::ofstream(file) << value << "\n";
    return file.string();
}

bool is_alive(int pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    return std::getline(stat, text) && text.find(") Z ") == std::string::npos;
}

// A sentence of each action that would change the world, aimed at the server and the folder.
std::vector<Action> all_actions(const TestServer& server) {
    return {http(server.url("/restart"), {{"body", "{}"}}),
            command("touch"),
            {Effector::Notify, "ops", {{"text", "hello"}}, {}},
            {Effector::Ask, "approver", {{"question", "really?"}}, {}},
            {Effector::Silence, "", {{"matchers", "resource=cart"}, {"for", "1h"}}, {}},
            {Effector::Wait, "", {{"for", "24h"}}, {}}};
}

}  // namespace

TEST(Effectors, DoNotBeginWhatIsTooLate) {
    TestServer server;
    const auto effectors = Effectors::make(parts_with_host(server));
    std::promise<ActionResult> done;

    ASSERT_TRUE(effectors->try_start(
        {http(server.url()), "R1-0/1", std::chrono::steady_clock::now() - std::chrono::seconds(1)},
        [&](ActionResult result) { done.set_value(std::move(result)); }));

    const ActionResult result = done.get_future().get();
    EXPECT_EQ(result.outcome, Outcome::Failed);
    EXPECT_FALSE(result.is_performed);
    EXPECT_THAT(result.text, HasSubstr("no effector was free in time"));
    EXPECT_THAT(server.asked(), IsEmpty());
}

// ---- http ----

TEST(HttpEffector, SendsWhatThePlanSaysWithItsKey) {
    TestServer server([](const Asked&) { return Answered{202, "restarting", "", false}; });
    const auto effectors = Effectors::make(parts_with_host(server));

    const ActionResult result =
        perform(*effectors,
                http(server.url("/restart?node=cart-3#top"), {{"body", R"({"node":"cart-3"})"},
                                                              {"header.X-Team", "shop"},
                                                              {"expect_status", "202"}}),
                "R7-0/2");

    EXPECT_EQ(result.outcome, Outcome::Ok);
    EXPECT_EQ(result.text, "HTTP 202: restarting");
    EXPECT_TRUE(result.is_performed);
    ASSERT_THAT(server.asked(), SizeIs(1));
    const Asked asked = server.asked()[0];
    EXPECT_EQ(asked.method, "POST");
    EXPECT_EQ(asked.path, "/restart?node=cart-3");
    EXPECT_EQ(asked.body, R"({"node":"cart-3"})");
    EXPECT_EQ(asked.headers.at("idempotency-key"), "R7-0/2");
    EXPECT_EQ(asked.headers.at("x-team"), "shop");
    EXPECT_EQ(asked.headers.at("content-type"), "application/json");
}

TEST(HttpEffector, FailsWhenTheStatusOrTheBodyIsNotTheExpectedOne) {
    TestServer server([](const Asked& asked) {
        return asked.path == "/bad" ? Answered{500, "disk full", "", false}
                                    : Answered{200, "degraded", "", false};
    });
    const auto effectors = Effectors::make(parts_with_host(server));

    const ActionResult bad = perform(*effectors, http(server.url("/bad")));
    const ActionResult other =
        perform(*effectors, http(server.url("/"), {{"expect_body", "^healthy"}}));

    EXPECT_EQ(bad.outcome, Outcome::Failed);
    EXPECT_EQ(bad.text, "HTTP 500, which was not expected: disk full");
    EXPECT_EQ(other.outcome, Outcome::Failed);
    EXPECT_THAT(other.text, HasSubstr("without the expected text"));
}

TEST(HttpEffector, TalksToNobodyWhoIsNotListed) {
    TestServer server;
    const auto effectors = Effectors::make(parts_with_host(server, "deploy.example.com"));
    const std::string port = std::to_string(server.port());
    const std::pair<std::string, std::string> refusals[] = {
        {server.url(), "host 127.0.0.1 is not listed under actions.http.hosts"},
        {"http://localhost:" + port + "/", "is not listed"},
        {"http://2130706433:" + port + "/", "is not listed"},
        {"http://0x7f.1:" + port + "/", "is not listed"},
        {"http://deploy.example.com.evil.org:" + port + "/", "is not listed"},
        {"http://deploy.example.com@127.0.0.1:" + port + "/", "is not a URL without user"},
        {"http://deploy.example.com:1/", "port 1 of deploy.example.com is not listed"},
        {"file:///etc/passwd", "is not a URL of http or https"},
        {"gopher://deploy.example.com/", "is not a URL of http or https"},
        {"http://deploy.example.com:" + port + "/\r\nX: y", "spaces or control characters"},
    };

    for (const auto& [url, reason] : refusals) {
        const ActionResult result = perform(*effectors, http(url));
        EXPECT_EQ(result.outcome, Outcome::Failed) << url;
        EXPECT_THAT(result.text, HasSubstr(reason)) << url;
        EXPECT_FALSE(result.is_performed) << url;
    }
    EXPECT_EQ(server.connections(), 0U);
}

TEST(HttpEffector, RefusesAPrivateAddressBehindAListedName) {
    TestServer server;
    EffectorParts parts = parts_with_host(server, "deploy.example.com", {});
    for (const std::string address : {"127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1",
                                      "::1", "::ffff:127.0.0.1", "fe80::1", "fd00::1"}) {
        parts.resolved = {"deploy.example.com:" + std::to_string(server.port()) + ":" + address};
        const auto effectors = Effectors::make(parts);

        const ActionResult result = perform(
            *effectors, http("http://deploy.example.com:" + std::to_string(server.port()) + "/"));

        EXPECT_EQ(result.outcome, Outcome::Failed) << address;
        EXPECT_THAT(result.text, HasSubstr("which is not a public address")) << address;
    }
    EXPECT_EQ(server.connections(), 0U);
}

TEST(HttpEffector, RefusesAHostThatResolvesToAnAddressThatIsNotListed) {
    TestServer listed;
    TestServer other([](const Asked&) { return Answered{}; }, "127.0.0.2", listed.port());
    const std::string url =
        "http://deploy.example.com:" + std::to_string(listed.port()) + "/restart";
    const std::string name = "deploy.example.com:" + std::to_string(listed.port()) + ":";
    EffectorParts parts = parts_with_host(listed, "deploy.example.com", {"127.0.0.1/32"});

    parts.resolved = {name + "127.0.0.1"};
    const ActionResult first = perform(*Effectors::make(parts), http(url));
    parts.resolved = {name + "127.0.0.2"};  // DNS answers otherwise now
    const ActionResult second = perform(*Effectors::make(parts), http(url));
    parts.resolved = {name + "127.0.0.2,127.0.0.1"};  // both at once
    const ActionResult both = perform(*Effectors::make(parts), http(url));

    EXPECT_EQ(first.outcome, Outcome::Ok);
    EXPECT_EQ(second.outcome, Outcome::Failed);
    EXPECT_EQ(second.text,
              "deploy.example.com resolves to 127.0.0.2, which is in none of its networks");
    EXPECT_EQ(both.outcome, Outcome::Failed);
    EXPECT_THAT(listed.asked(), SizeIs(1));
    EXPECT_EQ(other.connections(), 0U);
}

TEST(HttpEffector, FollowsNoRedirect) {
    TestServer elsewhere;
    TestServer server([&](const Asked&) {
        return Answered{302, "", "Location: " + elsewhere.url("/stolen") + "\r\n", false};
    });
    const auto effectors = Effectors::make(parts_with_host(server));

    const ActionResult result = perform(*effectors, http(server.url()));

    EXPECT_EQ(result.outcome, Outcome::Failed);
    EXPECT_THAT(result.text, HasSubstr("a redirect to " + elsewhere.url("/stolen")));
    EXPECT_EQ(elsewhere.connections(), 0U);
}

TEST(HttpEffector, UsesNoProxyOfTheEnvironment) {
    TestServer proxy;
    TestServer server;
    ::setenv("http_proxy", proxy.url().c_str(), 1);
    const auto effectors = Effectors::make(parts_with_host(server));

    const ActionResult result = perform(*effectors, http(server.url()));

    ::unsetenv("http_proxy");
    EXPECT_EQ(result.outcome, Outcome::Ok);
    EXPECT_EQ(proxy.connections(), 0U);
}

TEST(HttpEffector, DoesNotKnowWhetherWhatHangsWasDone) {
    TestServer server([](const Asked&) { return Answered{200, "", "", true}; });
    EffectorParts parts = parts_with_host(server);
    const auto effectors = Effectors::make(parts);
    Action slow = http(server.url("/restart"));
    slow.timeout = std::chrono::milliseconds(100);
    Action look = slow;
    look.arguments = {{"method", "GET"}};
    Action nobody = http("http://127.0.0.1:1/");
    parts.settings.hosts[0].ports = {1};

    const ActionResult posted = perform(*effectors, slow);
    const ActionResult got = perform(*effectors, look);
    const ActionResult unreached = perform(*Effectors::make(parts), nobody);

    EXPECT_EQ(posted.outcome, Outcome::Unknown);
    EXPECT_EQ(posted.text, "no answer within 100ms; whether it was done is not known");
    EXPECT_EQ(got.outcome, Outcome::Failed);
    EXPECT_EQ(unreached.outcome, Outcome::Failed);
    EXPECT_THAT(unreached.text, HasSubstr("nothing was sent"));
}

TEST(HttpEffector, ReadsNoMoreOfAnAnswerThanIsAllowed) {
    TestServer server([](const Asked&) {
        return Answered{200, std::string(4U << 20, 'x'), "", false};
    });
    EffectorParts parts = parts_with_host(server);
    parts.settings.http_answer_bytes_max = 1000;

    const ActionResult result = perform(*Effectors::make(parts), http(server.url()));

    EXPECT_EQ(result.outcome, Outcome::Ok);
    EXPECT_LT(result.text.size(), 1100U);
}

TEST(HttpEffector, TakesOnlyArgumentsThatItKnows) {
    TestServer server;
    EffectorParts parts = parts_with_host(server);
    parts.settings.hosts[0].methods = {"POST"};
    parts.settings.http_body_bytes_max = 64;
    const auto effectors = Effectors::make(parts);
    const std::pair<std::map<std::string, std::string>, std::string> refusals[] = {
        {{{"metod", "PUT"}}, R"(unknown argument "metod"; did you mean "method"?)"},
        {{{"method", "PUT"}}, "method PUT is not allowed"},
        {{{"method", "TRACE"}}, "is not one of GET, POST"},
        {{{"header.Host", "evil"}}, "may not be set by a plan"},
        {{{"header.Idempotency-Key", "x"}}, "may not be set by a plan"},
        {{{"header.X\r\nY", "x"}}, "may not be set by a plan"},
        {{{"header.X-A", "a\r\nX-B: b"}}, "has control characters"},
        {{{"expect_status", "2xx"}}, "is not a status"},
        {{{"body", std::string(65, 'x')}}, "the body has 65 bytes; at most 64"},
    };

    for (const auto& [arguments, reason] : refusals) {
        EXPECT_THAT(perform(*effectors, http(server.url(), arguments)).text, HasSubstr(reason));
    }
    EXPECT_EQ(server.connections(), 0U);
}

// ---- secrets ----

TEST(Secrets, AreInWhatLeavesAndInNothingElse) {
    const TemporaryFolder folder;
    TestServer server([](const Asked& asked) {
        return Answered{200, "you said " + asked.headers.at("authorization") + " and " + asked.body,
                        "", false};
    });
    EffectorParts parts = parts_with_host(server);
    parts.secrets = {{"DEPLOY_TOKEN", write_secret(folder, "s3cr3t+/token=="), ""}};
    parts.settings.hosts[0].secrets = {"DEPLOY_TOKEN"};
    const auto effectors = Effectors::make(parts);

    const ActionResult result = perform(
        *effectors, http(server.url(), {{"header.Authorization", "Bearer ${secret:DEPLOY_TOKEN}"},
                                        {"body", "t=${secret:DEPLOY_TOKEN}&u=1"}}));

    ASSERT_THAT(server.asked(), SizeIs(1));
    EXPECT_EQ(server.asked()[0].headers.at("authorization"), "Bearer s3cr3t+/token==");
    EXPECT_EQ(server.asked()[0].body, "t=s3cr3t+/token==&u=1");
    EXPECT_EQ(result.text, "HTTP 200: you said Bearer ${secret:DEPLOY_TOKEN} and "
                           "t=${secret:DEPLOY_TOKEN}&u=1");
}

TEST(Secrets, AreTakenOutAlsoWhereTheAnswerIsCut) {
    const TemporaryFolder folder;
    TestServer server([](const Asked& asked) {
        return Answered{200, asked.headers.at("x-key"), "", false};
    });
    EffectorParts parts = parts_with_host(server);
    parts.secrets = {{"KEY", write_secret(folder, std::string(200, 'a') + "end"), ""}};
    parts.settings.hosts[0].secrets = {"KEY"};
    parts.settings.http_answer_bytes_max = 150;

    const ActionResult result =
        perform(*Effectors::make(parts), http(server.url(), {{"header.X-Key", "${secret:KEY}"}}));

    EXPECT_THAT(result.text, Not(HasSubstr("aaa")));
}

TEST(Secrets, GoOnlyWhereTheyMay) {
    const TemporaryFolder folder;
    TestServer server;
    EffectorParts parts = parts_with_host(server);
    parts.secrets = {{"OURS", write_secret(folder, "s3cr3t-token"), ""}};
    const auto effectors = Effectors::make(parts);

    const ActionResult result =
        perform(*effectors, http(server.url(), {{"body", "${secret:OURS}"}}));
    const ActionResult in_url = perform(*effectors, http(server.url("/?t=${secret:OURS}")));
    const ActionResult open = perform(*effectors, http(server.url(), {{"body", "${secret:"}}));

    EXPECT_THAT(result.text, HasSubstr("secret OURS may not go to 127.0.0.1"));
    EXPECT_THAT(in_url.text, HasSubstr("a secret may not stand in a URL"));
    EXPECT_THAT(open.text, HasSubstr("without a name"));
    EXPECT_EQ(server.connections(), 0U);
}

TEST(Secrets, ThatAreMissingOrTooShortStopTheAction) {
    const TemporaryFolder folder;
    TestServer server;
    EffectorParts parts = parts_with_host(server);
    parts.secrets = {{"SHORT", write_secret(folder, "1234"), ""},
                     {"GONE", folder.path() / "gone", ""},
                     {"UNSET", "", "NOCTURNE_TEST_UNSET"}};
    parts.settings.hosts[0].secrets = {"SHORT", "GONE", "UNSET"};
    const auto effectors = Effectors::make(parts);
    const auto text_with = [&](const std::string& name) {
        return perform(*effectors, http(server.url(), {{"body", "${secret:" + name + "}"}})).text;
    };

    EXPECT_EQ(text_with("SHORT"), "secret SHORT has less than 8 bytes");
    EXPECT_THAT(text_with("GONE"), HasSubstr("secret GONE: cannot read"));
    EXPECT_THAT(text_with("UNSET"), HasSubstr("the environment has no NOCTURNE_TEST_UNSET"));
    EXPECT_EQ(server.connections(), 0U);
}

TEST(Redactor, KnowsASecretInItsOtherForms) {
    Redactor redactor;
    redactor.add("KEY", "a secret/with marks");

    EXPECT_EQ(redactor.redact("x=a%20secret%2Fwith%20marks;"), "x=${secret:KEY};");
    EXPECT_EQ(redactor.redact("YSBzZWNyZXQvd2l0aCBtYXJrcw=="), "${secret:KEY}cw==");
    EXPECT_EQ(redactor.redact("it was a secret/wi", true), "it was ");
    EXPECT_EQ(redactor.redact("it was a secret/wi", false), "it was a secret/wi");
}

// ---- networks ----

TEST(Networks, KnowWhichAddressesArePublic) {
    for (const char* address : {"8.8.8.8", "172.32.0.1", "2606:4700::1111", "100.128.0.1"}) {
        EXPECT_TRUE(is_public(*parse_address(address))) << address;
    }
    for (const char* address :
         {"127.0.0.1", "10.9.8.7", "172.31.255.255", "192.168.0.1", "169.254.169.254", "0.0.0.0",
          "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1",
          "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001::1",
          "2001:db8::1"}) {
        EXPECT_FALSE(is_public(*parse_address(address))) << address;
    }
    EXPECT_TRUE(must(Networks::make({"10.1.0.0/16"})).contains(*parse_address("10.1.200.3")));
    EXPECT_FALSE(must(Networks::make({"10.1.0.0/16"})).contains(*parse_address("10.2.0.1")));
    EXPECT_TRUE(must(Networks::make({"10.1.0.0/16"})).contains(*parse_address("::ffff:10.1.0.1")));
    EXPECT_TRUE(must(Networks::make({"::/0"})).contains(Address{}));
}

// ---- command ----

TEST(CommandEffector, StartsTheProgramWithArgumentsAndNothingElse) {
    ::setenv("NOCTURNE_TEST_GIVEN", "given", 1);
    ::setenv("NOCTURNE_TEST_KEPT", "kept", 1);
    rules::CommandRule rule = shell("show", "echo \"$1|$2|$(pwd)\"; env | sort; ls /proc/self/fd");
    rule.arguments = {"-c", rule.arguments[1], "sh", "{node}.service", "x{{{count}}}"};
    rule.parameters = {
        {.name = "node", .type = rules::CommandParameter::Type::Node, .choices = {}, .pattern = {}},
        {.name = "count",
         .type = rules::CommandParameter::Type::Integer,
         .min = 1,
         .max = 10,
         .choices = {},
         .pattern = {}}};
    rule.environment = {"NOCTURNE_TEST_GIVEN", "NOCTURNE_TEST_MISSING"};
    rule.folder = "/usr";
    const auto effectors = Effectors::make(parts_with_command(rule));

    const ActionResult result =
        perform(*effectors, command("show", {{"node", "cart-3"}, {"count", "7"}}), "R1-0/4");

    EXPECT_EQ(result.outcome, Outcome::Ok) << result.text;
    EXPECT_THAT(result.text, HasSubstr("exit code 0: cart-3.service|x{7}|/usr\n"));
    EXPECT_THAT(result.text, HasSubstr("NOCTURNE_IDEMPOTENCY_KEY=R1-0/4\n"));
    EXPECT_THAT(result.text, HasSubstr("NOCTURNE_TEST_GIVEN=given\n"));
    EXPECT_THAT(result.text, Not(HasSubstr("KEPT")));
    EXPECT_THAT(result.text, Not(HasSubstr("HOME=")));
    EXPECT_THAT(result.text, testing::EndsWith("\n0\n1\n2\n3"));  // 3: ls reads the folder by it
}

TEST(CommandEffector, StartsNothingThatIsNotListed) {
    const auto effectors = Effectors::make(parts_with_command(shell("restart", "true")));

    const ActionResult result = perform(*effectors, command("/bin/sh", {{"c", "id"}}));
    const ActionResult near = perform(*effectors, command("restar"));
    const ActionResult more = perform(*effectors, command("restart", {{"force", "yes"}}));

    EXPECT_THAT(result.text, HasSubstr("is not listed under actions.commands"));
    EXPECT_THAT(near.text, HasSubstr("did you mean \"restart\"?"));
    EXPECT_THAT(more.text, HasSubstr("unknown argument \"force\"; it takes none"));
}

TEST(CommandEffector, TakesValuesOnlyOfTheTypeOfTheirParameter) {
    using Type = rules::CommandParameter::Type;
    rules::CommandRule rule;
    rule.name = "echo";
    rule.program = "/bin/echo";
    rule.arguments = {"{node}", "{count}", "{color}", "{unit}"};
    rule.parameters = {
        {.name = "node", .type = Type::Node, .choices = {}, .pattern = {}},
        {.name = "count",
         .type = Type::Integer,
         .min = -2,
         .max = 10,
         .choices = {},
         .pattern = {}},
        {.name = "color", .type = Type::Choice, .choices = {"blue", "green"}, .pattern = {}},
        {.name = "unit", .type = Type::Pattern, .choices = {}, .pattern = "[a-z0-9-]+|$(.*)"}};
    EffectorParts parts = parts_with_command(rule);
    parts.is_node = [](std::string_view name) { return name == "cart-3" || name == "--all"; };
    const auto effectors = Effectors::make(parts);
    const auto with = [&](const std::string& name, const std::string& value) {
        std::map<std::string, std::string> arguments{
            {"node", "cart-3"}, {"count", "-1"}, {"color", "blue"}, {"unit", "web"}};
        arguments[name] = value;
        return perform(*effectors, command("echo", arguments)).text;
    };

    EXPECT_EQ(with("count", "10"), "exit code 0: cart-3 10 blue web");
    for (const std::string value :
         {"cart-3; rm -rf /", "$(id)", "`id`", "cart-3|x", "cart-3&", "a\nb", "", "../*", "a'b"}) {
        EXPECT_THAT(with("node", value), HasSubstr("is not the name of a node")) << value;
    }
    EXPECT_THAT(with("node", "cart-4"), HasSubstr("is not a node of the service graph"));
    EXPECT_THAT(with("node", "--all"), HasSubstr("begins with \"-\""));
    EXPECT_THAT(with("node", std::string("cart-3\0x", 8)), HasSubstr("has a zero byte"));
    for (const std::string value : {"11", "-3", "1e1", " 1", "0x1", "99999999999999999999", ""}) {
        EXPECT_THAT(with("count", value), HasSubstr("is not a whole number from -2 to 10"))
            << value;
    }
    EXPECT_THAT(with("color", "bluegreen"), HasSubstr("is not one of its choices"));
    EXPECT_THAT(with("unit", "web;id"), HasSubstr("is not what its pattern takes"));
    EXPECT_THAT(with("unit", "web\n"), HasSubstr("is not what its pattern takes"));
    EXPECT_THAT(with("unit", "-x"), HasSubstr("begins with \"-\""));
    EXPECT_THAT(perform(*effectors, command("echo", {{"node", "cart-3"}})).text,
                HasSubstr("argument count is missing"));
}

TEST(CommandEffector, TellsAFailureFromWhatIsNotKnown) {
    EffectorParts parts = parts_with_command(shell("fail", "echo no such unit >&2; exit 3"));
    parts.settings.commands.push_back(shell("crash", "kill -SEGV $$"));
    rules::CommandRule missing = shell("missing", "true");
    missing.program = "/nowhere/program";
    parts.settings.commands.push_back(missing);
    const auto effectors = Effectors::make(parts);

    const ActionResult failed = perform(*effectors, command("fail"));
    const ActionResult crashed = perform(*effectors, command("crash"));
    const ActionResult absent = perform(*effectors, command("missing"));

    EXPECT_EQ(failed.outcome, Outcome::Failed);
    EXPECT_EQ(failed.text, "exit code 3: no such unit");
    EXPECT_EQ(crashed.outcome, Outcome::Unknown);
    EXPECT_THAT(crashed.text, HasSubstr("killed by signal 11"));
    EXPECT_EQ(absent.outcome, Outcome::Failed);
    EXPECT_THAT(absent.text, HasSubstr("not started: /nowhere/program"));
    EXPECT_FALSE(absent.is_performed);
}

TEST(CommandEffector, KillsTheWholeGroupWhenItsTimeIsUp) {
    const TemporaryFolder folder;
    const std::string pids = (folder.path() / "pids").string();
    // It and its child ignore SIGTERM.
    rules::CommandRule rule =
        shell("hang", "trap '' TERM; (echo $$ >> " + pids + "; sh -c 'echo $$ >> " + pids +
                          "; exec sleep 1000') & sleep 1000");
    rule.timeout = std::chrono::seconds(1);
    const auto effectors = Effectors::make(parts_with_command(rule));

    const auto begin = std::chrono::steady_clock::now();
    const ActionResult result = perform(*effectors, command("hang"));

    EXPECT_EQ(result.outcome, Outcome::Unknown);
    EXPECT_THAT(result.text, HasSubstr("it was not done within 1s"));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    const std::vector<std::string> lines = lines_of(pids);
    EXPECT_THAT(lines, SizeIs(2));
    for (const std::string& pid : lines) {
        EXPECT_TRUE(eventually([&] { return !is_alive(std::stoi(pid)); })) << pid;
    }
}

TEST(CommandEffector, LeavesNothingOfItsGroupBehind) {
    const TemporaryFolder folder;
    const std::string pids = (folder.path() / "pids").string();
    const auto effectors = Effectors::make(
        parts_with_command(shell("fork", "sleep 1000 & echo $! > " + pids + "; echo done")));

    const ActionResult result = perform(*effectors, command("fork"));

    EXPECT_EQ(result.outcome, Outcome::Ok);
    EXPECT_EQ(result.text, "exit code 0: done");
    const int pid = std::stoi(lines_of(pids).at(0));
    EXPECT_TRUE(eventually([&] { return !is_alive(pid); }));
}

TEST(CommandEffector, HoldsTheProgramToItsLimits) {
    rules::CommandRule spin = shell("spin", "while :; do :; done");
    spin.cpu = std::chrono::seconds(1);
    rules::CommandRule eat = shell("eat", "head -c 300000000 /dev/zero | tail | wc -c");
    eat.memory_bytes_max = 64U << 20;
    rules::CommandRule talk = shell("talk", "yes talk | head -c 5000000; echo end");
    talk.output_bytes_max = 200;
    EffectorParts parts;
    parts.settings.commands = {spin, eat, talk};
    const auto effectors = Effectors::make(parts);

    Action spinning = command("spin");
    spinning.timeout = kPatience;  // a crowded machine gives it its second late
    const ActionResult spun = perform(*effectors, spinning);
    const ActionResult ate = perform(*effectors, command("eat"));
    const ActionResult talked = perform(*effectors, command("talk"));

    EXPECT_EQ(spun.outcome, Outcome::Unknown);
    EXPECT_THAT(spun.text, HasSubstr("more processor time than 1s"));
    EXPECT_THAT(ate.text, HasSubstr("memory"));
    EXPECT_EQ(talked.outcome, Outcome::Ok);
    EXPECT_LT(talked.text.size(), 300U);
    EXPECT_THAT(talked.text, HasSubstr("(cut)"));
}

TEST(CommandEffector, ShowsOnlyWhatIsPrintableAndNoSecret) {
    const TemporaryFolder folder;
    rules::CommandRule rule =
        shell("leak", R"(printf '\033[31m%s\a\377\342\200\256x' "$TOKEN"; exit 1)");
    rule.secrets = {"TOKEN"};
    EffectorParts parts = parts_with_command(rule);
    parts.secrets = {{"TOKEN", write_secret(folder, "s3cr3t-token"), ""}};

    const ActionResult result = perform(*Effectors::make(parts), command("leak"));

    EXPECT_EQ(result.text, "exit code 1: ?[31m${secret:TOKEN}???x");
}

TEST(PrintableText, IsCutBetweenLetters) {
    EXPECT_EQ(printable("one two"), "one two");
    EXPECT_EQ(printable("a\xC3\xA4"
                        "b",
                        100),
              "a\xC3\xA4"
              "b");
    EXPECT_EQ(printable("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4", 7), "\xC3\xA4\xC3\xA4...");
    EXPECT_EQ(printable(std::string(100, 'x'), 10), "xxxxxxx...");
}

// ---- check ----

TEST(CheckEffector, OnlyReads) {
    TestServer server;
    EffectorParts parts = parts_with_host(server);
    parts.settings.commands = {shell("restart", "touch /tmp/never"), shell("look", "echo fine")};
    parts.settings.commands[1].read_only = true;
    const auto effectors = Effectors::make(parts);

    const ActionResult got = perform(*effectors, check(server.url("/health")));
    const ActionResult posted = perform(*effectors, check(server.url(), {{"method", "POST"}}));
    const ActionResult looked = perform(*effectors, check("look"));
    const ActionResult started = perform(*effectors, check("restart"));

    EXPECT_EQ(got.outcome, Outcome::Ok);
    EXPECT_EQ(posted.outcome, Outcome::Failed);
    EXPECT_EQ(looked.text, "exit code 0: fine");
    EXPECT_THAT(started.text, HasSubstr("is not marked read_only"));
    ASSERT_THAT(server.asked(), SizeIs(1));
    EXPECT_EQ(server.asked()[0].method, "GET");
    EXPECT_EQ(server.asked()[0].headers.count("idempotency-key"), 0U);
}

TEST(CheckEffector, AsksAgainUntilItIsSo) {
    std::atomic<int> count{0};
    TestServer server([&](const Asked&) {
        return Answered{200, ++count < 4 ? "starting" : "healthy", "", false};
    });
    const auto effectors = Effectors::make(parts_with_host(server));

    const ActionResult result =
        perform(*effectors, check(server.url(), {{"expect_body", "^healthy$"}, {"every", "10ms"}}));
    Action never = check(server.url(), {{"expect_body", "^never$"}, {"every", "10ms"}});
    never.timeout = std::chrono::milliseconds(200);
    const ActionResult late = perform(*effectors, never);

    EXPECT_EQ(result.outcome, Outcome::Ok);
    EXPECT_EQ(late.outcome, Outcome::Failed);
    EXPECT_GT(count, 5);
}

// ---- the others ----

TEST(Effectors, TellAskWaitAndSilenceThroughTheirSeams) {
    EffectorParts parts;
    parts.channels = {"ops"};
    std::string told;
    std::promise<ActionDone> asked;
    std::string silenced;
    parts.notify = [&](const ActionCall& call) {
        told = call.action.target + ": " + call.action.arguments.at("text");
        return ActionResult{Outcome::Ok, "told", true};
    };
    parts.ask = [&](const ActionCall&, ActionDone done) { asked.set_value(std::move(done)); };
    parts.silence = [&](const ActionCall& call, const ActionDone& done) {
        silenced = call.action.arguments.at("matchers");
        done({Outcome::Ok, "S1-0", true});
    };
    const auto effectors = Effectors::make(parts);

    EXPECT_EQ(perform(*effectors, {Effector::Notify, "ops", {{"text", "hello"}}, {}}).text, "told");
    EXPECT_EQ(told, "ops: hello");
    EXPECT_THAT(perform(*effectors, {Effector::Notify, "opps", {{"text", "hello"}}, {}}).text,
                HasSubstr("did you mean \"ops\"?"));
    EXPECT_EQ(perform(*effectors, {Effector::Wait, "", {{"for", "20ms"}}, {}}).text, "waited 20ms");
    EXPECT_THAT(perform(*effectors, {Effector::Wait, "", {{"for", "25h"}}, {}}).text,
                HasSubstr("is not a duration up to"));
    EXPECT_EQ(perform(*effectors,
                      {Effector::Silence, "", {{"matchers", "resource=cart"}, {"for", "1h"}}, {}})
                  .text,
              "S1-0");
    EXPECT_EQ(silenced, "resource=cart");

    std::promise<ActionResult> answered;
    ASSERT_TRUE(effectors->try_start({{Effector::Ask, "approver", {{"question", "go?"}}, {}}, "k"},
                                     [&](ActionResult result) { answered.set_value(result); }));
    asked.get_future().get()({Outcome::Ok, "anna: yes\x1b[0m", true});
    EXPECT_EQ(answered.get_future().get().text, "anna: yes?[0m");
}

TEST(Effectors, WithoutAChatTellNobody) {
    const auto effectors = Effectors::make({});

    EXPECT_THAT(perform(*effectors, {Effector::Ask, "approver", {{"question", "go?"}}, {}}).text,
                HasSubstr("no chat is configured"));
    EXPECT_THAT(
        perform(*effectors, {Effector::Silence, "", {{"matchers", "a=b"}, {"for", "1h"}}, {}}).text,
        HasSubstr("takes no silences"));
}

TEST(Effectors, SayNoWhenTheirQueueIsFull) {
    EffectorParts parts = parts_with_command(shell("sleep", "sleep 30"));
    parts.settings.workers = 1;
    parts.settings.queue_max = 2;
    const auto effectors = Effectors::make(parts);
    const auto nothing = [](const ActionResult&) {};
    std::string metrics;
    const auto running = [&] {
        metrics.clear();
        effectors->append_metrics(metrics);
        return metrics.find("nocturne_actions_running 1\n") != std::string::npos;
    };

    EXPECT_TRUE(effectors->try_start({command("sleep"), "1"}, nothing));
    EXPECT_TRUE(eventually(running));
    EXPECT_TRUE(effectors->try_start({command("sleep"), "2"}, nothing));
    EXPECT_TRUE(effectors->try_start({command("sleep"), "3"}, nothing));
    EXPECT_FALSE(effectors->try_start({command("sleep"), "4"}, nothing));

    running();
    EXPECT_THAT(metrics, HasSubstr("nocturne_actions_refused_full_total 1\n"));
    effectors->stop(std::chrono::milliseconds(0));
}

TEST(Effectors, GiveUpWhatIsUnderWayWhenStopped) {
    EffectorParts parts = parts_with_command(shell("sleep", "sleep 1000"));
    const auto effectors = Effectors::make(parts);
    std::promise<ActionResult> ended;
    ASSERT_TRUE(effectors->try_start({command("sleep"), "1"},
                                     [&](ActionResult result) { ended.set_value(result); }));
    std::string metrics;
    EXPECT_TRUE(eventually([&] {
        metrics.clear();
        effectors->append_metrics(metrics);
        return metrics.find("nocturne_actions_running 1\n") != std::string::npos;
    }));

    effectors->stop(std::chrono::milliseconds(10));

    const ActionResult result = ended.get_future().get();
    EXPECT_EQ(result.outcome, Outcome::Unknown);
    EXPECT_THAT(result.text, HasSubstr("we are stopping"));
    EXPECT_FALSE(effectors->try_start({command("sleep"), "2"}, [](const ActionResult&) {}));
}

// ---- dry ----

TEST(DryEffectors, LetNoEffectOut) {
    const TemporaryFolder folder;
    TestServer server;
    const std::filesystem::path mark = folder.path() / "mark";
    EffectorParts parts = parts_with_host(server);
    parts.settings.commands = {shell("touch", "touch " + mark.string())};
    parts.channels = {"ops"};
    std::atomic<int> left{0};
    parts.notify = [&](const ActionCall&) {
        return ActionResult{Outcome::Ok, std::to_string(++left), true};
    };
    parts.ask = [&](const ActionCall&, const ActionDone& done) {
        ++left;
        done({});
    };
    parts.silence = [&](const ActionCall&, const ActionDone& done) {
        ++left;
        done({});
    };
    const auto dry = Effectors::make_dry(parts);

    for (const Action& action : all_actions(server)) {
        const ActionResult result = perform(*dry, action);
        EXPECT_EQ(result.outcome, Outcome::Ok) << result.text;
        EXPECT_FALSE(result.is_performed) << result.text;
        EXPECT_THAT(result.text, testing::StartsWith("would "));
    }

    EXPECT_EQ(server.connections(), 0U);
    EXPECT_FALSE(std::filesystem::exists(mark));
    EXPECT_EQ(left, 0);

    // The same actions have effects when they may.
    const auto real = Effectors::make(parts);
    perform(*real, all_actions(server)[0]);
    perform(*real, all_actions(server)[1]);
    perform(*real, all_actions(server)[2]);
    EXPECT_THAT(server.asked(), SizeIs(1));
    EXPECT_TRUE(std::filesystem::exists(mark));
    EXPECT_EQ(left, 1);
}

TEST(DryEffectors, DoChecksAndRefuseWhatARealRunWouldRefuse) {
    TestServer server([](const Asked&) { return Answered{503, "down", "", false}; });
    EffectorParts parts = parts_with_host(server);
    parts.settings.commands = {shell("touch", "true")};
    const auto dry = Effectors::make_dry(parts);

    const ActionResult checked = perform(*dry, check(server.url("/health")));
    const ActionResult refusal = perform(*dry, http("http://elsewhere.example.com/"));
    const ActionResult by_command = perform(*dry, check("touch"));

    EXPECT_EQ(checked.outcome, Outcome::Failed);
    EXPECT_EQ(checked.text, "HTTP 503, which was not expected: down");
    EXPECT_TRUE(checked.is_performed);
    EXPECT_EQ(refusal.outcome, Outcome::Failed);
    EXPECT_THAT(refusal.text, HasSubstr("is not listed"));
    EXPECT_EQ(by_command.outcome, Outcome::Failed);
    EXPECT_THAT(server.asked(), SizeIs(1));
}

}  // namespace nocturne::gateway
