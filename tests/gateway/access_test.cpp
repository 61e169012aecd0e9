// Who may do what over HTTP, on real sockets: tokens and their roles, names and browsers, and what
// the audit log has of it.
#include "gateway/access.hpp"

#include "daemon.hpp"
#include "gateway/http_client.hpp"

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <map>

namespace nocturne::gateway {

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::map<std::string, std::string>& secrets() {
    static const std::map<std::string, std::string> kSecrets{
        {"viewer", "nct_v"},  {"responder", "nct_r"}, {"approver", "nct_a"},
        {"admin", "nct_adm"}, {"ingest", "nct_i"},    {"expired", "nct_old"}};
    return kSecrets;
}

rules::Token token_of(const std::string& name, model::Role role) {
    rules::Token token;
    token.name = name;
    token.role = role;
    token.hash = rules::hash_of_secret(secrets().at(name));
    return token;
}

AccessRules with_tokens() {
    AccessRules rules;
    rules.tokens = {
        token_of("viewer", model::Role::Viewer),     token_of("responder", model::Role::Responder),
        token_of("approver", model::Role::Approver), token_of("admin", model::Role::Admin),
        token_of("ingest", model::Role::Ingest),     token_of("expired", model::Role::Admin)};
    rules.tokens->back().expires_at = model::from_unix_ms(1'000);
    return rules;
}

DaemonOptions asking_for_tokens(AccessRules rules = with_tokens()) {
    DaemonOptions options;
    options.parts.access = std::make_shared<Access>(std::move(rules));
    options.parts.reload = [](const Caller&) { return Status(); };
    return options;
}

HttpReply get(const Daemon& daemon, const std::string& path, std::string_view token = {}) {
    return must(http_get(daemon.url(path), kHttpTimeout, token));
}

HttpReply post(const Daemon& daemon, const std::string& path, std::string_view body = "",
               std::string_view token = {}) {
    return must(http_post(daemon.url(path), body, kHttpTimeout, "application/json", token));
}

const std::string& secret(const std::string& name) {
    return secrets().at(name);
}

std::string open_incident(const Daemon& daemon) {
    post(daemon, "/api/v1/events", event_json("orders-db"), secret("ingest"));
    const std::string json = get(daemon, "/api/v1/incidents", secret("viewer")).body;
    const std::size_t begin = json.find("\"id\":\"") + 6;
    return json.substr(begin, json.find('"', begin) - begin);
}

std::string audit(const Daemon& daemon, const std::string& query = "") {
    return get(daemon, "/api/v1/audit" + query, secret("approver")).body;
}

HttpReply get_with(const Daemon& daemon, const std::string& header) {
    FetchOptions options;
    options.header = header;
    return must(http_fetch(daemon.url("/api/v1/alerts"), options));
}

HttpReply get_as_host(const Daemon& daemon, const std::string& host) {
    return get_with(daemon, "Host: " + host);
}

}  // namespace

TEST(HttpAccess, LetsEachRoleDoItsPartAndNoMore) {
    Daemon daemon(asking_for_tokens());

    struct Case {
        bool is_post;
        const char* path;
        const char* body;
        const char* roles;  // that get in
    };

    const std::array<Case, 11> cases{{
        {false, "/api/v1/incidents", "", "viewer responder approver admin"},
        {false, "/metrics", "", "viewer responder approver admin"},
        {false, "/api/v1/audit", "", "approver admin"},
        {true, "/api/v1/incidents/I9-0/ack", "{}", "responder approver admin"},
        {true, "/api/v1/silences", "{}", "responder approver admin"},
        {true, "/api/v1/runs/dry-run", "{}", "responder approver admin"},
        {false, "/api/v1/incidents/I9-0/plans", "", "viewer responder approver admin"},
        {true, "/api/v1/topology", "{}", "admin"},
        {true, "/-/reload", "", "admin"},
        {true, "/api/v1/events", "{}", "ingest admin"},
        {true, "/v1/traces", "", "ingest admin"},
    }};

    for (const Case& it : cases) {
        for (const std::string role : {"viewer", "responder", "approver", "admin", "ingest"}) {
            const int status = (it.is_post ? post(daemon, it.path, it.body, secret(role))
                                           : get(daemon, it.path, secret(role)))
                                   .status;
            const bool may =
                (" " + std::string(it.roles) + " ").find(" " + role + " ") != std::string::npos;
            EXPECT_EQ(status != 403, may) << role << " " << it.path << " " << status;
            EXPECT_NE(status, 401) << role << " " << it.path;
        }
        EXPECT_EQ((it.is_post ? post(daemon, it.path, it.body) : get(daemon, it.path)).status, 401)
            << it.path;
    }
}

TEST(HttpAccess, AsksNobodyWhetherItIsWell) {
    Daemon daemon(asking_for_tokens());

    EXPECT_EQ(get(daemon, "/-/healthy").status, 200);
    EXPECT_EQ(get(daemon, "/-/ready").status, 200);
}

TEST(HttpAccess, RefusesWithTheRemedy) {
    Daemon daemon(asking_for_tokens());

    EXPECT_THAT(get(daemon, "/metrics").body, HasSubstr("send Authorization: Bearer <token>"));
    EXPECT_THAT(get(daemon, "/metrics", "nct_x").body, HasSubstr("may have been revoked"));
    EXPECT_THAT(get(daemon, "/metrics", secret("expired")).body,
                HasSubstr("expired at 1970-01-01T00:00:01"));
    EXPECT_THAT(post(daemon, "/-/reload", "", secret("viewer")).body,
                HasSubstr("it takes a token with the role admin"));
}

TEST(HttpAccess, TakesTheNameFromTheTokenAndNotFromTheBody) {
    Daemon daemon(asking_for_tokens());
    const std::string id = open_incident(daemon);

    const HttpReply reply = post(daemon, "/api/v1/incidents/" + id + "/ack", R"({"by":"the boss"})",
                                 secret("responder"));
    const HttpReply silence =
        post(daemon, "/api/v1/silences",
             R"({"matchers":"check=\"x\"","duration":"1h","created_by":"the boss"})",
             secret("responder"));

    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(silence.status, 201);
    const std::string shown = get(daemon, "/api/v1/incidents/" + id, secret("viewer")).body +
                              get(daemon, "/api/v1/silences", secret("viewer")).body;
    EXPECT_THAT(shown, AllOf(HasSubstr("responder"), Not(HasSubstr("the boss"))));
    EXPECT_THAT(audit(daemon),
                AllOf(HasSubstr(R"("actor":"responder","role":"responder","from":"127.0.0.1",)"
                                R"("action":"incident.acknowledge","subject":")" +
                                id + R"(","outcome":"accepted")"),
                      HasSubstr(R"("action":"silence.add")"), Not(HasSubstr("the boss"))));
}

TEST(HttpAccess, WithoutTokensIsAsItWasAndNotesTheNameThatIsGiven) {
    Daemon daemon;
    post(daemon, "/api/v1/events", event_json("orders-db"));
    const std::string id = open_incident(daemon);

    EXPECT_EQ(post(daemon, "/api/v1/incidents/" + id + "/ack", R"({"by":"anna"})").status, 200);

    EXPECT_THAT(get(daemon, "/api/v1/audit?actor=anna").body,
                HasSubstr(R"("actor":"anna","role":"","from":"127.0.0.1")"));
    EXPECT_THAT(get(daemon, "/api/v1/audit?actor=bob").body, HasSubstr(R"("entries":[])"));
}

TEST(HttpAccess, HasRefusalsInTheAuditLogWithTheirReason) {
    Daemon daemon(asking_for_tokens());

    get(daemon, "/api/v1/incidents?x=secret", "nct_x");
    post(daemon, "/api/v1/silences", "{}", secret("viewer"));
    post(daemon, "/api/v1/incidents/I9-0/ack", "{}", secret("responder"));

    EXPECT_TRUE(eventually([&] {
        const std::string log = audit(daemon);
        return log.find(
                   R"("subject":"GET /api/v1/incidents","outcome":"refused","reason":"unknown token")") !=
                   std::string::npos &&
               log.find(R"("actor":"viewer","role":"viewer")") != std::string::npos &&
               log.find(R"("reason":"no incident \"I9-0\"")") != std::string::npos;
    })) << audit(daemon);
    EXPECT_THAT(audit(daemon), AllOf(Not(HasSubstr("nct_x")), Not(HasSubstr("x=secret"))));
}

TEST(HttpAccess, TellsWhoFailsOftenToWaitButLetsARightTokenIn) {
    DaemonOptions options = asking_for_tokens();
    options.parts.clock = [] { return model::from_unix_ms(1'700'000'000'000); };
    Daemon daemon(std::move(options));

    std::map<int, std::size_t> statuses;
    for (std::size_t i = 0; i < 2 * Access::kFailuresMax; ++i) {
        ++statuses[get(daemon, "/api/v1/alerts", "nct_guess" + std::to_string(i)).status];
    }

    EXPECT_EQ(statuses[401], Access::kFailuresMax);
    EXPECT_EQ(statuses[429], Access::kFailuresMax);
    EXPECT_EQ(get(daemon, "/api/v1/alerts", secret("viewer")).status, 200);
    EXPECT_THAT(get(daemon, "/metrics", secret("viewer")).body,
                AllOf(HasSubstr("nocturne_http_unauthorised_total 40"),
                      HasSubstr("nocturne_http_auth_told_to_wait_total 20"),
                      HasSubstr("nocturne_audit_refusals_unlisted_total 30")));
}

TEST(HttpAccess, CountsInOneEntryTheRefusalsThatItDoesNotList) {
    auto now = std::make_shared<std::atomic<std::int64_t>>(1'700'000'000'000);
    DaemonOptions options = asking_for_tokens();
    options.parts.clock = [now] { return model::from_unix_ms(*now); };
    Daemon daemon(std::move(options));
    for (std::size_t i = 0; i < 15; ++i) {
        get(daemon, "/api/v1/alerts", "nct_guess");
    }

    *now += 60'000;
    get(daemon, "/api/v1/alerts", "nct_guess");

    EXPECT_TRUE(eventually([&] {
        return audit(daemon).find("5 more refusals are not listed one by one") != std::string::npos;
    })) << audit(daemon);
}

TEST(HttpAccess, TakesTheScheme) {
    Daemon daemon(asking_for_tokens());
    const auto with = [&](const std::string& header) { return get_with(daemon, header).status; };

    EXPECT_EQ(with("Authorization: bearer " + secret("viewer")), 200);
    EXPECT_EQ(with("Authorization: Bearer  " + secret("viewer") + " "), 200);
    EXPECT_EQ(with("Authorization: Basic " + secret("viewer")), 401);
    EXPECT_EQ(with("Authorization: " + secret("viewer")), 401);
}

// DNS rebinding: a page of a stranger whose name points to this machine all of a sudden.
TEST(HttpAccess, IsOnlyCalledByTheNamesOfThisMachine) {
    DaemonOptions options;
    AccessRules rules;
    rules.hosts = {"nocturne.example.org"};
    options.parts.access = std::make_shared<Access>(rules);
    Daemon daemon(std::move(options));

    for (const std::string host : {"127.0.0.1", "127.0.0.1:9193", "localhost:9193", "LOCALHOST",
                                   "[::1]:9193", "nocturne.example.org:443"}) {
        EXPECT_EQ(get_as_host(daemon, host).status, 200) << host;
    }
    for (const std::string host :
         {"evil.example.net", "127.0.0.1.evil.net", "localhost.evil.net:9193", "10.0.0.1"}) {
        EXPECT_EQ(get_as_host(daemon, host).status, 403) << host;
    }
}

TEST(HttpAccess, DoesNotOpenToTheNetworkWithoutTokens) {
    DaemonOptions options;
    options.http.address = "0.0.0.0:0";
    try {
        const Daemon daemon(options);
        FAIL() << "it listens";
    } catch (const std::runtime_error& error) {
        EXPECT_THAT(error.what(), AllOf(HasSubstr("anybody could give orders"),
                                        HasSubstr("nocturne token create")));
    }

    AccessRules open;
    open.is_open = true;
    options.parts.access = std::make_shared<Access>(open);
    EXPECT_NO_THROW(Daemon{options});
    options.parts.access = std::make_shared<Access>(with_tokens());
    EXPECT_NO_THROW(Daemon{options});
    EXPECT_FALSE(options.parts.access->set_rules({}));
}

TEST(HttpAccess, ForgetsARevokedTokenAtOnceWhenTheRulesAreSwapped) {
    DaemonOptions options = asking_for_tokens();
    const std::shared_ptr<Access> access = options.parts.access;
    Daemon daemon(std::move(options));
    ASSERT_EQ(get(daemon, "/metrics", secret("viewer")).status, 200);

    AccessRules rules = with_tokens();
    rules.tokens->erase(rules.tokens->begin());
    ASSERT_TRUE(access->set_rules(std::move(rules)));

    EXPECT_EQ(get(daemon, "/metrics", secret("viewer")).status, 401);
}

TEST(HttpAudit, IsReadPageByPage) {
    Daemon daemon;
    for (int i = 0; i < 5; ++i) {
        post(daemon, "/api/v1/silences", R"({"matchers":"check=\"x\"","duration":"1h"})");
    }

    EXPECT_THAT(get(daemon, "/api/v1/audit?after=3").body,
                AllOf(HasSubstr("\"sequence\":4"), HasSubstr("\"sequence\":5"),
                      Not(HasSubstr("\"sequence\":3"))));
    EXPECT_THAT(get(daemon, "/api/v1/audit?limit=2&before=4").body,
                AllOf(HasSubstr("\"sequence\":3"), HasSubstr("\"sequence\":2"),
                      Not(HasSubstr("\"sequence\":1,")), Not(HasSubstr("\"sequence\":4"))));
    EXPECT_EQ(get(daemon, "/api/v1/audit?since=yesterday").status, 400);
    EXPECT_EQ(get(daemon, "/api/v1/audit?since=1h").status, 200);
}

}  // namespace nocturne::gateway
