// What small enrichers leave of the engine: events a second through the core with none, with some
// that look and do nothing, and with some that annotate. CPU of this thread, best of several runs.
//
//   bench_enrichers [events [number of one row, from 1]]
#include "bench/workload.hpp"
#include "engine/core.hpp"
#include "engine/deep_thread.hpp"
#include "engine/state.hpp"
#include "model/event_json.hpp"
#include "model/input.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace nocturne;

constexpr int kRuns = 3;
constexpr std::int64_t kStart = 1717761600000;

// NAME in the body is the plugin's own name.
model::PluginsRevision enrichers(int count, const std::string& body) {
    model::PluginsRevision revision;
    for (int i = 0; i < count; ++i) {
        const std::string name = "e" + std::to_string(i);
        std::string text = "local NAME = '";
        text.append(name).append("' return { name = '").append(name);
        text.append("', version = '1.0.0', kind = 'enricher', api = 1, mode = 'auto', "
                    "wants = { writes = {'annotations'} }, on_event = function(event) ");
        text.append(body).append(" end }");
        revision.files.push_back({"plugins/" + name + ".lua", std::move(text), {}});
    }
    return revision;
}

std::vector<model::Input::Body> batches(std::uint64_t events) {
    std::vector<model::Input::Body> bodies;
    model::EventDecoder decoder;
    for (const std::string& message : bench::messages_of(10'000, events, 64)) {
        bodies.emplace_back(std::move(decoder.decode(message).batch));
    }
    return bodies;
}

double seconds_of(const model::PluginsRevision& revision, std::uint64_t events) {
    engine::Core core;
    std::vector<model::Effect> effects;
    core.apply({1, model::from_unix_ms(kStart), bench::workload_topology()}, effects);
    if (!revision.files.empty()) {
        core.apply({2, model::from_unix_ms(kStart), revision}, effects);
    }
    std::vector<model::Input> inputs;
    for (model::Input::Body& body : batches(events)) {
        const model::Position position = inputs.size() + 3;
        inputs.push_back({position,
                          model::from_unix_ms(kStart + static_cast<std::int64_t>(position) / 5),
                          std::move(body)});
    }
    const double begin = bench::cpu_us();
    for (const model::Input& input : inputs) {
        effects.clear();
        core.apply(input, effects);
    }
    return (bench::cpu_us() - begin) / 1e6;
}

struct Row {
    const char* name;
    model::PluginsRevision revision;
};

void report(const Row& row, std::uint64_t events) {
    double best = 1e9;
    for (int run = 0; run < kRuns; ++run) {
        best = std::min(best, seconds_of(row.revision, events));
    }
    std::printf("%-40s %9.0f events/s %8.3f us/event\n", row.name,
                static_cast<double>(events) / best, best * 1e6 / static_cast<double>(events));
}

}  // namespace

int main(int count, char** arguments) {
    const std::uint64_t events = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 300'000;
    const std::uint64_t only = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 0;
    const std::string reads = "if event.severity == 'never' then nocturne.annotate('a', 'b') end";
    const std::string writes = "nocturne.annotate(NAME, event.resource)";
    const std::string makes =
        "nocturne.annotate(NAME, event.check .. ' on ' .. event.resource .. ', see the runbook')";
    const std::vector<Row> rows = {
        {"no plugins", {}},
        {"1 enricher, empty", enrichers(1, "")},
        {"20 enrichers, empty", enrichers(20, "")},
        {"20 enrichers, each reads a field", enrichers(20, reads)},
        {"1 enricher, annotates each event", enrichers(1, writes)},
        {"20 enrichers, each annotates each event", enrichers(20, writes)},
        {"20 enrichers, each with a text it makes", enrichers(20, makes)},
    };
    engine::run_deep([&] {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (only == 0 || only == i + 1) {
                report(rows[i], events);
            }
        }
    });
    return 0;
}
