// What: plugin sources and events. Where: plugins/sandbox.cpp, plugins/plugin.cpp. Input: a Lua
// chunk; what follows a NUL byte is the event that it is called with, as JSON. It is run as a plain
// chunk, and loaded as a plugin: called, saved, restored and called again.
#include "model/event_json.hpp"
#include "plugins/plugin.hpp"
#include "plugins/raw_check.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace nocturne;

class NoWorld final : public plugins::World {
   public:
    model::Time now() const override { return model::from_unix_ms(1'000'000); }

    const topology::Graph& graph() const override { return graph_.now(); }

    std::vector<plugins::SeenChange> changes_on(std::string_view, std::size_t) const override {
        return {};
    }

    std::vector<plugins::SeenIncident> alike(std::size_t) const override { return {}; }

   private:
    topology::LiveGraph graph_;
};

void run_plugin(const std::string& text, const plugins::Limits& limits,
                const model::EventView& event) {
    plugins::Plugin::Options options;
    options.ceiling = limits;
    options.counting = plugins::Counting::Instructions;
    auto plugin = plugins::Plugin::load({"plugins/fuzz.lua", text, {{"self", text}}}, options);
    if (!plugin) {
        NOCTURNE_ASSERT(!plugin.error().message.empty());
        return;
    }
    const NoWorld world;
    model::EventView sample = event;
    sample.kind = model::Kind::Metric;
    for (int i = 0; i < 2; ++i) {
        (void)(*plugin)->on_event(event, world);
        const plugins::CallResult& result = (*plugin)->on_sample(sample, world);
        NOCTURNE_ASSERT(result.verdict == plugins::Verdict::Ok || result.wishes.empty());
        (void)(*plugin)->on_incident({}, world);
        const plugins::PlanAnswer& answer = (*plugin)->plan({}, world);
        NOCTURNE_ASSERT(!answer.plan ||
                        (answer.verdict == plugins::Verdict::Ok && !answer.plan->steps.empty() &&
                         !answer.plan->target.empty()));
        (void)(*plugin)->restore_state((*plugin)->save_state());
        (void)(*plugin)->restore_state(text);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    const std::size_t end = std::min(input.find('\0'), input.size());
    model::EventBatch event;
    if (end == input.size() || !model::EventDecoder().decode_one(input.substr(end + 1), event)) {
        event = {};
        NOCTURNE_ASSERT(
            model::EventDecoder().decode_one(R"({"resource":"a","check":"b"})", event).has_value());
    }
    plugins::Limits limits;
    limits.memory_bytes_max = 4U << 20;
    limits.instructions_max = 200'000;
    const std::string text(input.substr(0, end));
    // The stack of a worker is made for what Lua may use of it; sanitizers multiply that.
    plugins::Worker worker(std::make_shared<plugins::Watchdog>());
    NOCTURNE_ASSERT(
        worker.run(
            [&](plugins::WatchedThread&) { run_plugin(text, limits, event.events().front()); },
            std::chrono::minutes(1)) == plugins::Worker::Ended::Done);
    plugins::RawCheck check(limits, std::move(event));
    const plugins::RawRun run = check.run(text, "plugin/fuzz.lua", 2);
    NOCTURNE_ASSERT(run.is_neighbour_well);
    return 0;
}
