// The playbooks that come with the program, against the effectors: what they plan can be done.
#include "daemon.hpp"
#include "gateway/effectors/effectors.hpp"
#include "plugins/plugin.hpp"
#include "plugins/sample_incident.hpp"
#include "plugins/shipped_scripts.hpp"
#include "test_server.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <future>

namespace nocturne::gateway {

namespace {

using model::Action;
using model::Effector;
using Outcome = ActionResult::Outcome;
using plugins::Plugin;
using testing::HasSubstr;
using testing::SizeIs;

std::unique_ptr<Plugin> load(const plugins::ShippedScript& script,
                             std::vector<plugins::PluginSetting> settings = {}) {
    Plugin::Options options;
    options.settings = std::move(settings);
    auto plugin =
        Plugin::load({std::string(script.file), std::string(script.text), {}}, std::move(options));
    if (!plugin) {
        throw std::runtime_error(to_string(plugin.error()));
    }
    return *std::move(plugin);
}

// For the incident that is made up for it.
model::Plan plan_of(Plugin& plugin) {
    const plugins::SampleIncident sample(plugin.manifest().playbook.when);
    const plugins::PlanAnswer& answer = plugin.plan(sample.sight(), sample.world());
    if (!answer.plan) {
        throw std::runtime_error(answer.why_not + answer.message);
    }
    return *answer.plan;
}

std::unique_ptr<Plugin> load(std::string_view name, std::vector<plugins::PluginSetting> settings) {
    return load(plugins::find_shipped_script(name).value(), std::move(settings));
}

// Lists what the action needs, as an operator would.
void list(const Action& action, EffectorParts& parts) {
    if (const std::size_t scheme = action.target.find("://"); scheme != std::string::npos) {
        const std::string rest = action.target.substr(scheme + 3);
        rules::HttpHost host;
        host.name = rest.substr(0, rest.find('/'));
        parts.settings.hosts.push_back(std::move(host));
    } else if (action.effector == Effector::Command || action.effector == Effector::Check) {
        rules::CommandRule rule;
        rule.name = action.target;
        rule.program = "/bin/true";
        rule.read_only = action.effector == Effector::Check;
        for (const auto& [name, value] : action.arguments) {
            rule.arguments.push_back("{" + name + "}");
            rules::CommandParameter parameter;
            parameter.name = name;
            parameter.type = rules::CommandParameter::Type::Pattern;
            parameter.pattern = ".*";
            rule.parameters.push_back(std::move(parameter));
        }
        parts.settings.commands.push_back(std::move(rule));
    } else if (action.effector == Effector::Notify) {
        parts.channels.push_back(action.target);
    }
}

ActionResult perform(Effectors& effectors, const Action& action) {
    std::promise<ActionResult> promise;
    std::future<ActionResult> result = promise.get_future();
    if (!effectors.try_start({action, "R1-0/1/run/1"},
                             [&](ActionResult done) { promise.set_value(std::move(done)); })) {
        throw std::runtime_error("not taken");
    }
    if (result.wait_for(kPatience) != std::future_status::ready) {
        throw std::runtime_error("no result in time");
    }
    return result.get();
}

EffectorParts parts_with(const TestServer& server) {
    EffectorParts parts;
    rules::HttpHost host;
    host.name = "127.0.0.1";
    host.ports = {server.port()};
    host.networks = {"127.0.0.1"};
    parts.settings.hosts.push_back(std::move(host));
    return parts;
}

}  // namespace

TEST(ShippedPlaybooks, PlanOnlyWhatEffectorsTake) {
    std::size_t playbooks = 0;
    for (const plugins::ShippedScript& script : plugins::shipped_scripts()) {
        if (script.file.find("/playbooks/") == std::string_view::npos) {
            continue;
        }
        ++playbooks;
        const std::unique_ptr<Plugin> plugin = load(script, {});
        for (const model::Step& step : plan_of(*plugin).steps) {
            model::each_action(step, [&](const Action& action) {
                EffectorParts parts;
                list(action, parts);
                const Result<std::string> words = describe_action(parts, action);
                EXPECT_TRUE(words.has_value()) << script.name << ", " << step.name << ": "
                                               << (words ? "" : to_string(words.error()));
            });
        }
    }
    EXPECT_EQ(playbooks, 8U);
}

TEST(ShippedPlaybooks, OpenATicketAtATracker) {
    const TestServer tracker([](const Asked&) { return Answered{201, "{}", "", false}; });
    const auto effectors = Effectors::make(parts_with(tracker));
    const auto plugin = load("open_ticket", {{"url", tracker.url("/api/tickets"), "", ""}});

    const ActionResult result = perform(*effectors, plan_of(*plugin).steps[0].run);

    EXPECT_EQ(result.outcome, Outcome::Ok) << result.text;
    ASSERT_THAT(tracker.asked(), SizeIs(1));
    EXPECT_EQ(tracker.asked()[0].method, "POST");
    EXPECT_EQ(tracker.asked()[0].headers["idempotency-key"], "R1-0/1/run/1");
    EXPECT_THAT(tracker.asked()[0].body, HasSubstr(R"("title":"made up by plugin check")"));
}

TEST(ShippedPlaybooks, RestartAServiceThatBecomesWell) {
    const TemporaryFolder folder;
    const std::filesystem::path mark = folder.path() / "cart-1";  // the restarted unit
    const TestServer service([&](const Asked&) {
        return Answered{std::filesystem::exists(mark) ? 200 : 503, "", "", false};
    });
    EffectorParts parts = parts_with(service);
    rules::CommandRule restart;
    restart.name = "restart-unit";
    restart.program = "/usr/bin/touch";
    restart.arguments = {folder.path().string() + "/{unit}"};
    restart.parameters.push_back({.name = "unit",
                                  .type = rules::CommandParameter::Type::Choice,
                                  .min = 0,
                                  .max = 0,
                                  .choices = {"cart-1"},
                                  .pattern = {}});
    parts.settings.commands.push_back(restart);
    const auto effectors = Effectors::make(std::move(parts));
    const auto plugin = load("restart_stateless", {{"health_url", service.url("/{node}"), "", ""},
                                                   {"patience", "1s", "", ""}});
    const model::Step step = plan_of(*plugin).steps[0];

    const ActionResult before = perform(*effectors, *step.verify);
    const ActionResult restarted = perform(*effectors, step.run);
    const ActionResult after = perform(*effectors, *step.verify);

    EXPECT_EQ(before.outcome, Outcome::Failed);
    EXPECT_EQ(restarted.outcome, Outcome::Ok) << restarted.text;
    EXPECT_EQ(after.outcome, Outcome::Ok) << after.text;
    EXPECT_EQ(service.asked().back().path, "/cart-1");
}

TEST(ShippedPlaybooks, ThrottleAndLiftAtAQuotaServer) {
    const TestServer quota;
    const auto effectors = Effectors::make(parts_with(quota));
    const auto plugin = load("throttle_neighbour", {{"url", quota.url("/limits/{node}"), "", ""},
                                                    {"share", "0.25", "", ""}});
    const model::Plan plan = plan_of(*plugin);

    EXPECT_EQ(perform(*effectors, plan.steps.front().run).outcome, Outcome::Ok);
    EXPECT_EQ(perform(*effectors, plan.steps.back().run).outcome, Outcome::Ok);

    const std::vector<Asked> asked = quota.asked();
    ASSERT_THAT(asked, SizeIs(2));
    EXPECT_EQ(asked[0].method + " " + asked[0].path + " " + asked[0].body,
              R"(PUT /limits/tenant-a {"share":0.25})");
    EXPECT_EQ(asked[1].method + " " + asked[1].path, "DELETE /limits/tenant-a");
}

}  // namespace nocturne::gateway
