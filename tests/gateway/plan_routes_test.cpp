// What playbooks would do, plans that are proposed and plans that are run dry, as the routes of the
// HTTP interface have them; over a real engine, a planner with two playbooks, and dry runs.
#include "daemon.hpp"
#include "gateway/api.hpp"
#include "gateway/remediation/dry_runs.hpp"
#include "gateway/remediation/planner.hpp"
#include "model/plugins_revision.hpp"
#include "topology/yaml_source.hpp"

#include <gmock/gmock.h>

namespace nocturne::gateway {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kShop = R"(services:
  - {name: shop, depends_on: [cart-1, cart-2, cart-3]}
  - {name: cart-1, type: pod}
  - {name: cart-2, type: pod}
  - {name: cart-3, type: pod}
)";

// Asks for no more than to be shown; waits for an hour, which needs no effector.
std::string playbook(const std::string& name, const std::string& severity) {
    return "return { name = '" + name +
           "', version = '1.0.0', kind = 'playbook', api = 1, mode = 'suggest', risk = 'low',\n"
           "  when = { incident = 'severity=\"" +
           severity + "\"' },\n" + R"(
  plan = function(incident, ctx)
    return { summary = "wait for " .. ctx.suspect.resource,
             steps = { { name = "wait", run = nocturne.action.wait{ "1h" } } } }
  end,
})";
}

class PlanRoutes : public testing::Test {
   public:
    PlanRoutes() {
        must(daemon.loop->submit_and_wait(topology::parse_topology(kShop, "t.yaml").change));
        api = std::make_unique<Api>(*daemon.loop, *daemon.ingest, parts());
        EXPECT_EQ(post("/api/v1/events", event_json("cart-1", "errors") + "\n" + event_json("shop"))
                      .status,
                  200U);
        EXPECT_TRUE(eventually([&] { return !find_incident().empty(); }));
        incident = find_incident();
    }

    ~PlanRoutes() override { planner.stop(); }

    void load_playbooks() {
        const model::PluginsRevision playbooks{
            .files = {{"heal.lua", playbook("heal", "critical"), {}},
                      {"mild.lua", playbook("mild", "minor"), {}}},
            .tables = {},
            .values = {},
            .stances = {}};
        const Status started = planner.start(*daemon.loop, playbooks);
        ASSERT_TRUE(started) << to_string(started.error());
        ASSERT_TRUE(eventually([&] {
            return send(HttpRequest::Method::Get, "/api/v1/runs").body.find("\"R") !=
                   std::string::npos;
        })) << "the planner has looked at what is open";
    }

    ApiParts parts() {
        ApiParts parts;
        parts.planner = &planner;
        parts.dry_runs = &dry_runs;
        parts.in_background = [](const std::function<void()>& work) { work(); };
        parts.a_moment_later = parts.in_background;
        return parts;
    }

    HttpResponse send(HttpRequest::Method method, const std::string& target,
                      const std::string& body = "") {
        HttpRequest request;
        request.method = method;
        request.target = target;
        request.body = body;
        request.host = "localhost";
        request.peer = "127.0.0.1";
        auto answered = std::make_shared<std::promise<HttpResponse>>();
        std::future<HttpResponse> answer = answered->get_future();
        api->handle(std::move(request), [answered](HttpResponse response) {
            answered->set_value(std::move(response));
        });
        if (answer.wait_for(kPatience) != std::future_status::ready) {
            throw std::runtime_error("no answer to " + target);
        }
        return answer.get();
    }

    HttpResponse get(const std::string& target) { return send(HttpRequest::Method::Get, target); }

    HttpResponse post(const std::string& target, const std::string& body) {
        return send(HttpRequest::Method::Post, target, body);
    }

    std::string find_incident() {
        const std::string json = get("/api/v1/incidents").body;
        const std::size_t mark = json.find("\"id\":\"I");
        return mark == std::string::npos
                   ? ""
                   : json.substr(mark + 6, json.find('"', mark + 6) - mark - 6);
    }

    std::string wish(const std::string& playbook = "") const {
        return "{\"incident\":\"" + incident + "\",\"by\":\"anna\"" +
               (playbook.empty() ? "" : ",\"playbook\":\"" + playbook + "\"") + "}";
    }

    Daemon daemon;
    Planner planner;
    DryRuns dry_runs{*daemon.loop, {.effectors = [] { return EffectorParts(); }}};
    std::unique_ptr<Api> api;
    std::string incident;
};

TEST_F(PlanRoutes, ShowWhatEachPlaybookWouldDoAndWhatIsInItsWay) {
    load_playbooks();

    const HttpResponse plans = get("/api/v1/incidents/" + incident + "/plans");

    EXPECT_EQ(plans.status, 200U);
    EXPECT_THAT(plans.body, StartsWith("{\"incident\":\"" + incident +
                                       "\",\"plans\":[{\"playbook\":"
                                       "\"heal\",\"plan\":{\"playbook\":\"heal\""));
    EXPECT_THAT(plans.body, HasSubstr(R"("summary":"wait for cart-1")"));
    EXPECT_THAT(plans.body, HasSubstr(R"("gate":{"gate":"mode","verdict":"refuse",)"));
    EXPECT_THAT(plans.body, HasSubstr(R"({"playbook":"mild","plan":null,"gate":null,"why_not":)"));
    EXPECT_EQ(get("/api/v1/incidents/I999-0/plans").status, 404U);
    EXPECT_EQ(get("/api/v1/incidents/bogus/plans").status, 404U);
    EXPECT_EQ(get("/api/v1/incidents/" + incident + "/plans?x=1").status, 400U);
}

TEST_F(PlanRoutes, ProposeThePlanOfAPlaybookAsThatPersons) {
    load_playbooks();

    const HttpResponse proposed = post("/api/v1/runs", wish("heal"));

    EXPECT_EQ(proposed.status, 201U) << proposed.body;
    EXPECT_THAT(proposed.body, AllOf(HasSubstr(R"("state":"awaiting_approval")"),
                                     HasSubstr(R"("proposed_by":"anna","proposed_from":"http")"),
                                     HasSubstr(R"("mode":"approve")"),
                                     HasSubstr("\"incident\":\"" + incident + "\"")));
    const std::string page = get("/api/v1/incidents/" + incident).body;
    EXPECT_THAT(page, HasSubstr(R"(,"run":{"id":"R)"));
    EXPECT_THAT(page, HasSubstr(R"("state":"awaiting_approval")"));
    EXPECT_THAT(get("/api/v1/incidents").body, Not(HasSubstr("\"run\":")));
    EXPECT_EQ(post("/api/v1/runs", wish()).status, 409U) << "the very same plan waits";
}

TEST_F(PlanRoutes, SayWhyThereIsNoPlan) {
    load_playbooks();

    const HttpResponse mild = post("/api/v1/runs", wish("mild"));
    EXPECT_EQ(mild.status, 409U);
    EXPECT_THAT(mild.body, HasSubstr("mild has no plan for it: incident: severity is"));
    const HttpResponse bogus = post("/api/v1/runs", wish("bogus"));
    EXPECT_EQ(bogus.status, 404U);
    EXPECT_THAT(bogus.body, HasSubstr("there are heal, mild"));
    EXPECT_EQ(post("/api/v1/runs/dry-run", R"({"incident":"I999-0"})").status, 404U);
    EXPECT_EQ(post("/api/v1/runs/dry-run", R"({"incident":"bogus"})").status, 400U);
    EXPECT_EQ(post("/api/v1/runs/dry-run", "{}").status, 400U);
}

TEST_F(PlanRoutes, RunAPlanDryAndLeaveNothingBehind) {
    load_playbooks();
    const std::string before = get("/api/v1/runs").body;

    const HttpResponse dry = post("/api/v1/runs/dry-run", wish());
    const HttpResponse mine = post("/api/v1/runs/dry-run", R"({"playbook":"mine","target":"cart-2",
        "by":"anna","steps":[{"name":"a","run":{"effector":"command","target":"reboot"}}]})");

    EXPECT_EQ(dry.status, 200U) << dry.body;
    EXPECT_THAT(dry.body, StartsWith(R"({"dry_run":true,)"));
    EXPECT_THAT(dry.body, HasSubstr(R"("good":true)"));
    EXPECT_THAT(dry.body, HasSubstr("would wait 1h00m"));
    EXPECT_EQ(mine.status, 200U) << mine.body;
    EXPECT_THAT(mine.body, HasSubstr(R"("good":false)"));
    EXPECT_EQ(get("/api/v1/runs").body, before);
}

TEST_F(PlanRoutes, TakeNoMoreDryRunsThanCanWait) {
    daemon.block_core();
    const std::string plan = R"({"playbook":"mine","target":"cart-2","by":"anna",
        "steps":[{"name":"a","run":{"effector":"wait","arguments":{"for":"1h"}}}]})";
    HttpRequest request;
    request.method = HttpRequest::Method::Post;
    request.target = "/api/v1/runs/dry-run";
    request.body = plan;
    request.host = "localhost";
    std::atomic<int> refused{0};
    std::atomic<int> done{0};
    constexpr int kAsked = 10;
    for (int i = 0; i < kAsked; ++i) {
        api->handle(request, [&](const HttpResponse& response) {
            ++(response.status == 503 ? refused : done);
        });
    }
    EXPECT_GE(refused, kAsked - 1 - static_cast<int>(DryRuns::kWaitingMax));

    daemon.release_core();

    EXPECT_TRUE(eventually([&] { return refused + done == kAsked; })) << "each is answered";
    EXPECT_GE(done, static_cast<int>(DryRuns::kWaitingMax));
    EXPECT_TRUE(takes_long(request)) << "whose turn comes late still gets an answer";
    request.target = "/api/v1/runs";
    EXPECT_FALSE(takes_long(request));
}

TEST_F(PlanRoutes, SayThatThereIsNobodyToAsk) {
    ApiParts none = parts();
    none.planner = nullptr;
    none.dry_runs = nullptr;
    api = std::make_unique<Api>(*daemon.loop, *daemon.ingest, none);

    EXPECT_EQ(get("/api/v1/incidents/" + incident + "/plans").status, 503U);
    EXPECT_EQ(post("/api/v1/runs", wish()).status, 503U);
    EXPECT_EQ(post("/api/v1/runs/dry-run", wish()).status, 503U);
}

}  // namespace
}  // namespace nocturne::gateway
