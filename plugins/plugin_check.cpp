#include "plugins/plugin_check.hpp"

#include "model/event_json.hpp"
#include "model/json_writer.hpp"
#include "plugins/event_text.hpp"
#include "plugins/made_world.hpp"
#include "plugins/sample_incident.hpp"
#include "plugins/worker.hpp"

#include <array>
#include <map>
#include <time.h>
#include <utility>

namespace nocturne::plugins {

namespace {

using std::chrono::nanoseconds;

constexpr std::chrono::seconds kPatience{60};  // beyond what the budgets allow
constexpr model::Time kNow = model::from_unix_ms(1'795'227'185'250);  // of what is made up
constexpr model::Duration kChangeAge = std::chrono::minutes(10);
constexpr model::Duration kPastAge = std::chrono::days(20);

nanoseconds thread_cpu() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + nanoseconds(now.tv_nsec);
}

// ---- what is made up ----

// As the plugin wants it, as far as its matchers name values; what they say by patterns cannot be
// made up.
model::EventBatch sample_event(const Manifest& manifest) {
    const model::Kind kind =
        manifest.wants.events.empty() ? model::Kind::Alert : manifest.wants.events.front();
    std::string resource = "orders-db";
    std::string check = kind == model::Kind::Change ? "deploy" : "latency";
    std::string severity = "major";
    std::string source = "plugin-check";
    std::map<std::string, std::string> labels{{"team", "shop"}};
    for (const model::Matcher& matcher : manifest.wants.match) {
        if (matcher.op() != model::Matcher::Operator::Equal || matcher.value().empty()) {
            continue;
        }
        const std::string& name = matcher.name();
        const std::string& value = matcher.value();
        if (name == "resource") {
            resource = value;
        } else if (name == "check") {
            check = value;
        } else if (name == "severity") {
            severity = value;
        } else if (name == "source") {
            source = value;
        } else {
            labels[name] = value;
        }
    }
    model::JsonWriter json;
    json.begin_object().member("time", kNow).member("source", source);
    json.member("kind", model::name_of(kind)).member("resource", resource).member("check", check);
    json.member("severity", severity).member("summary", "p99 over 500 ms").member("value", 512.5);
    json.key("labels").begin_object();
    for (const auto& [name, value] : labels) {
        json.member(name, value);
    }
    json.end_object().end_object();
    model::EventBatch batch;
    if (!model::EventDecoder().decode_one(json.json(), batch)) {
        return sample_event({});  // a matcher asks for what no event can have
    }
    return batch;
}

// front -> the resource -> database.
MadeWorld world_around(const model::EventView& event) {
    MadeWorld world;
    world.set_now(event.time == model::kNoTime ? kNow : event.time);
    const std::string resource(event.resource);
    model::TopologyChange graph;
    graph.provenance = "plugin-check";
    for (const std::string& name : {resource, std::string("front"), std::string("database")}) {
        model::NodeSpec node;
        node.name = name;
        node.type = name == "database" ? "database" : "service";
        node.owner = "team-shop";
        graph.nodes.push_back(std::move(node));
        world.add({world.now() - kChangeAge, name, "deploy", "version 42"});
    }
    graph.edges = {{"front", resource, "calls", 0.9}, {resource, "database", "calls", 0.9}};
    (void)world.grow(graph);
    world.set_past({{"I1-1", world.now() - kPastAge, "connection pool exhausted", 0.8}});
    return world;
}

// ---- the calls ----

class Check {
   public:
    Check(PluginSource source, Plugin::Options options, std::optional<model::EventBatch> event)
        : source_(std::move(source)), options_(std::move(options)), event_(std::move(event)) {
        options_.counting = Counting::Instructions;
    }

    void run() {
        const nanoseconds before = thread_cpu();
        load();
        if (plugin_ != nullptr && plugin_->manifest().kind == PluginKind::Playbook) {
            call_plan();
        } else if (plugin_ != nullptr) {
            call_handlers();
        }
        checked.cpu = thread_cpu() - before;
    }

    CheckedPlugin checked;

   private:
    void load() {
        LoadReport report;
        options_.report = &report;
        auto loaded = Plugin::load(source_, options_);
        checked.instructions = report.instructions;
        checked.memory_bytes = checked.memory_bytes_highest = report.memory_bytes;
        if (!loaded) {
            checked.verdict = report.verdict == Verdict::Ok ? Verdict::Error : report.verdict;
            checked.message = to_string(loaded.error());
            return;
        }
        plugin_ = *std::move(loaded);
        checked.manifest = plugin_->manifest();
        checked.hash = plugin_->hash();
    }

    void call_handlers() {
        if (!event_) {
            event_ = sample_event(plugin_->manifest());
        }
        const model::EventView& event = event_->events().front();
        checked.event = json_of(event);
        const MadeWorld world = world_around(event);
        const Handlers& handlers = plugin_->manifest().handlers;
        if (handlers.on_event) {
            call("on_event",
                 [&]() -> const CallResult& { return plugin_->on_event(event, world); });
        }
        if (handlers.on_sample) {
            call("on_sample",
                 [&]() -> const CallResult& { return plugin_->on_sample(event, world); });
        }
        if (handlers.on_incident) {
            call_on_incident(event, world);
        }
        take_account();
    }

    void take_account() {
        checked.log += plugin_->take_log();
        checked.memory_bytes = plugin_->account().memory_bytes;
        checked.memory_bytes_highest = plugin_->account().memory_bytes_highest;
    }

    void call_plan() {
        const SampleIncident sample(plugin_->manifest().playbook.when);
        CheckedCall call;
        call.handler = "plan";
        call.was_called = plugin_->is_for(sample.sight(), sample.world(), &call.why_not);
        if (call.was_called) {
            const std::uint64_t steps = plugin_->account().steps;
            const nanoseconds before = thread_cpu();
            const PlanAnswer& answer = plugin_->plan(sample.sight(), sample.world());
            call.cpu = thread_cpu() - before;
            call.instructions = plugin_->account().steps - steps;
            call.verdict = answer.verdict;
            call.message = answer.message;
            call.traceback = answer.traceback;
            call.why_not = answer.why_not;
            if (answer.plan) {
                call.proposed = plugin_->propose(*answer.plan);
            }
        }
        add(std::move(call));
        take_account();
    }

    void add(CheckedCall call) {
        checked.instructions += call.instructions;
        if (checked.verdict == Verdict::Ok && call.verdict != Verdict::Ok) {
            checked.verdict = call.verdict;
            checked.message = call.message;
            checked.traceback = call.traceback;
        }
        checked.calls.push_back(std::move(call));
    }

    void call_on_incident(const model::EventView& event, const World& world) {
        const std::array<IncidentSight::Alert, 1> alerts{
            {{"A1-1", event.resource, event.check, event.summary, event.severity, true,
              world.now()}}};
        std::vector<model::Suspect> suspects(2);
        suspects[0].resource = "database";
        suspects[0].score = 0.6;
        suspects[0].reason = "what alerts depends on it";
        suspects[1].resource = event.resource;
        suspects[1].score = 0.4;
        suspects[1].reason = "it alerts itself";
        IncidentSight incident;
        incident.id = "I1-2";
        incident.title = "made up by plugin check";
        incident.severity = event.severity;
        incident.opened_at = world.now();
        incident.confidence = 0.6;
        incident.alerts = alerts;
        incident.suspects = suspects;
        call("on_incident",
             [&]() -> const CallResult& { return plugin_->on_incident(incident, world); });
    }

    template <typename Handler>
    void call(std::string_view name, Handler&& handler) {
        const std::uint64_t steps = plugin_->account().steps;
        const nanoseconds before = thread_cpu();
        const CallResult& result = handler();
        CheckedCall call;
        call.handler = name;
        call.cpu = thread_cpu() - before;
        call.instructions = plugin_->account().steps - steps;
        call.was_called = result.was_called;
        call.verdict = result.verdict;
        call.message = result.message;
        call.traceback = result.traceback;
        call.wishes = result.wishes;
        call.score = result.score;
        for (const model::EventView& event : result.emitted.events()) {
            call.emitted.push_back(json_of(event));
        }
        add(std::move(call));
    }

    const PluginSource source_;
    Plugin::Options options_;
    std::optional<model::EventBatch> event_;
    std::unique_ptr<Plugin> plugin_;
};

}  // namespace

CheckedPlugin check_plugin(PluginSource source, Plugin::Options options,
                           std::optional<model::EventBatch> event) {
    const Limits& limits = options.ceiling;
    const auto patience =
        (limits.load_cpu_max + limits.call_cpu_max * 3) * limits.wall_factor + kPatience;
    Worker worker(std::make_shared<Watchdog>());
    auto check = std::make_shared<Check>(std::move(source), std::move(options), std::move(event));
    if (worker.run([check](WatchedThread&) { check->run(); }, patience) == Worker::Ended::Stuck) {
        CheckedPlugin stuck;
        stuck.verdict = Verdict::KilledTime;
        stuck.message = "its thread is stuck";
        return stuck;
    }
    return std::move(check->checked);
}

}  // namespace nocturne::plugins
