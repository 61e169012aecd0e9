// What a call of a plugin costs, through the whole host: CPU of this thread, best of several runs,
// for the machine is shared. And code of the VM's own beside the same code in Lua without a host.
#include "model/event_json.hpp"
#include "model/result.hpp"
#include "plugins/plugin.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace nocturne;

constexpr int kRuns = 9;
constexpr int kCalls = 100'000;

// A pool of ten databases under one service, and ten changes.
class SmallWorld final : public plugins::World {
   public:
    SmallWorld() {
        model::TopologyChange change;
        change.provenance = "bench";
        for (int i = 0; i < 10; ++i) {
            change.edges.push_back({"web", "db-" + std::to_string(i), "calls", 0.9});
        }
        graph_.apply(change, now());
    }

    model::Time now() const override { return model::from_unix_ms(1'000'000'000'000); }

    const topology::Graph& graph() const override { return graph_.now(); }

    std::vector<plugins::SeenChange> changes_on(std::string_view, std::size_t max) const override {
        return std::vector<plugins::SeenChange>(max, {now(), "web", "deploy", "a new version"});
    }

    std::vector<plugins::SeenIncident> alike(std::size_t) const override { return {}; }

   private:
    topology::LiveGraph graph_;
};

double cpu_ns() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double best_ns(const std::function<void()>& work) {
    double best = std::numeric_limits<double>::infinity();
    for (int i = 0; i < kRuns; ++i) {
        const double before = cpu_ns();
        work();
        best = std::min(best, cpu_ns() - before);
    }
    return best;
}

model::EventBatch event_of(std::string_view json) {
    model::EventBatch batch;
    NOCTURNE_ASSERT(model::EventDecoder().decode_one(json, batch).has_value());
    return batch;
}

std::unique_ptr<plugins::Plugin> load(const std::string& kind, const std::string& fields) {
    plugins::Plugin::Options options;
    options.ceiling.call_cpu_max = std::chrono::milliseconds(5000);
    options.ceiling.load_cpu_max = std::chrono::milliseconds(5000);
    options.ceiling.instructions_max = std::numeric_limits<std::uint64_t>::max() / 2;
    options.tables = {{"t.csv", {"node", "owner", "runbook"}, {{"web", "shop", "r1"}}}};
    const std::string lookup = fields.find("lookup.") != std::string::npos
                                   ? "local lookup = setmetatable({}, { __index = function(_, key) "
                                     "table_ = table_ or nocturne.table('t.csv') return "
                                     "table_[key] end }) "
                                   : "";
    auto loaded = plugins::Plugin::load({"plugins/bench.lua",
                                         lookup +
                                             "local stats = nocturne.stats return { name = "
                                             "\"bench\", version = \"1.0.0\", api = 1, "
                                             "kind = \"" +
                                             kind + "\", " + fields + " }",
                                         {}},
                                        std::move(options));
    if (!loaded) {
        std::fprintf(stderr, "%s\n", to_string(loaded.error()).c_str());
    }
    NOCTURNE_ASSERT(loaded.has_value());
    return *std::move(loaded);
}

void measure_events(const char* name, const std::string& fields, const model::EventBatch& event,
                    int calls = kCalls) {
    const SmallWorld world;
    const auto plugin = load("enricher", fields);
    const double ns = best_ns([&] {
        for (int i = 0; i < calls; ++i) {
            const auto& result = plugin->on_event(event.events().front(), world);
            NOCTURNE_ASSERT(result.verdict == plugins::Verdict::Ok);
        }
    });
    std::printf("%-44s %8.0f ns a call\n", name, ns / calls);
}

void measure_samples(const char* name, const std::string& fields) {
    const SmallWorld world;
    const auto plugin = load("detector", fields);
    const model::EventBatch batch =
        event_of(R"({"kind":"metric","resource":"orders-db","check":"latency","value":1})");
    model::EventView sample = batch.events().front();
    std::int64_t minute = 0;
    const double ns = best_ns([&] {
        for (int i = 0; i < kCalls; ++i) {
            sample.value = static_cast<double>((i * 7919) % 1000);
            sample.time = model::from_unix_ms(60'000 * ++minute);
            const auto& result = plugin->on_sample(sample, world);
            NOCTURNE_ASSERT(result.verdict == plugins::Verdict::Ok);
        }
    });
    std::printf("%-44s %8.0f ns a sample (%.2f million/s)\n", name, ns / kCalls,
                1e3 / (ns / kCalls));
}

// ---- code of the VM's own ----

struct Program {
    const char* name;
    const char* body;
};

constexpr Program kPrograms[] = {
    {"loop of sums", "local s = 0 for i = 1, 2000000 do s = s + i % 7 end"},
    {"fib(24), calls", "local function fib(n) if n < 2 then return n end return fib(n-1) + "
                       "fib(n-2) end fib(24)"},
    {"tables: 100,000 fields read and written",
     "local t = {} for i = 1, 1000 do t[i] = i end for j = 1, 100 do for i = 1, 1000 do "
     "t[i] = t[i] + j end end"},
    {"closures and methods",
     "local C = {} C.__index = C function C:add(n) self.n = self.n + n end local c = "
     "setmetatable({n = 0}, C) for i = 1, 300000 do c:add(i) end"},
    {"strings: 20,000 made and joined",
     "local t = {} for i = 1, 20000 do t[i] = 'key' .. i end local s = table.concat(t)"},
};

double stock_ns(const char* body) {
    lua_State* L = luaL_newstate();
    luaL_openlibs(L);
    NOCTURNE_ASSERT(luaL_loadstring(L, body) == LUA_OK);
    const double ns = best_ns([&] {
        lua_pushvalue(L, -1);
        NOCTURNE_ASSERT(lua_pcall(L, 0, 0, 0) == LUA_OK);
    });
    lua_close(L);
    return ns;
}

double hosted_ns(const char* body, const model::EventBatch& event) {
    const SmallWorld world;
    const auto plugin = load("enricher", "on_event = function() " + std::string(body) + " end");
    return best_ns([&] {
        const auto& result = plugin->on_event(event.events().front(), world);
        NOCTURNE_ASSERT(result.verdict == plugins::Verdict::Ok);
    });
}

// By turns, so that what else the machine does hits both.
void compare(const Program& program, const model::EventBatch& event) {
    double stock = std::numeric_limits<double>::infinity();
    double hosted = stock;
    for (int i = 0; i < 3; ++i) {
        stock = std::min(stock, stock_ns(program.body));
        hosted = std::min(hosted, hosted_ns(program.body, event));
    }
    std::printf("%-44s stock %7.2f ms, in a plugin %7.2f ms, ratio %.2f\n", program.name,
                stock / 1e6, hosted / 1e6, hosted / stock);
}

}  // namespace

int main() {
    const model::EventBatch event = event_of(
        R"({"time":"2026-11-21T02:13:05Z","source":"prometheus","resource":"orders-db",
            "check":"latency","severity":"major","labels":{"team":"shop","zone":"a"}})");
    measure_events("empty on_event", "on_event = function(event, parameters) end", event);
    measure_events("two fields and a label read",
                   "on_event = function(event) local a, b, c = event.resource, event.severity, "
                   "event.labels.team end",
                   event);
    measure_events("one annotation",
                   "wants = { writes = {'annotations'} }, on_event = function(event) "
                   "nocturne.annotate('owner', 'shop') end",
                   event);
    measure_events("a counter in nocturne.state",
                   "on_event = function(event) local s = nocturne.state s.n = (s.n or 0) + 1 end",
                   event);
    measure_events("not wanted: another severity",
                   "wants = { match = 'severity=\"info\"' }, on_event = function() end", event);
    const auto measure_call = [&](const std::string& call, int times) {
        measure_events(
            (call + ", " + std::to_string(times) + " times").c_str(),
            "wants = { graph = true, changes = true, tables = {'t.csv'}, writes = {'events'} }, "
            "on_event = function(event) for i = 1, " +
                std::to_string(times) + " do local x = " + call + " end end",
            event, 300);
    };
    measure_call("i", 100);
    measure_call("event.resource", 100);
    measure_call("event.labels.team", 100);
    measure_call("event.time", 100);
    measure_call("nocturne.now()", 100);
    measure_call("nocturne.log('a line of some length')", 10);
    measure_call("nocturne.graph.owner('web')", 100);
    measure_call("nocturne.graph.dependencies('web')", 100);
    measure_call("nocturne.changes('web')", 100);
    measure_call("nocturne.table('t.csv')", 100);
    measure_call("lookup.web", 100);
    measure_call("nocturne.emit{ resource = 'web', check = 'a', summary = 'b' }", 10);
    measure_samples("on_sample, a mean in Lua",
                    "series = function() return { mean = 0 } end, on_sample = function(s, sample) "
                    "s.mean = s.mean + 0.1 * (sample.value - s.mean) return 0 end");
    measure_samples("on_sample, a weighted mean of nocturne.stats",
                    "series = function() return { m = stats.weighted{ span = 20 } } end, "
                    "on_sample = function(s, sample) s.m:add(sample.value) return 0 end");
    for (const Program& program : kPrograms) {
        compare(program, event);
    }
    return 0;
}
