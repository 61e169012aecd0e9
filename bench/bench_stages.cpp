// What one event costs, stage by stage, in process: CPU microseconds an event, and the floors.
//
//   bench_stages [identities events per_message]
#include "bench/workload.hpp"
#include "engine/core.hpp"
#include "engine/state.hpp"
#include "model/event_json.hpp"
#include "model/input.hpp"
#include "store/store.hpp"

#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace nocturne;

void report(const char* stage, double us, std::uint64_t events) {
    std::printf("%-34s %8.3f us/event\n", stage, us / static_cast<double>(events));
}

// The floor: simdjson alone over the same bytes, reading each line into a document.
double measure_simdjson(const std::vector<std::string>& messages) {
    simdjson::dom::parser parser;
    const double begin = bench::cpu_us();
    std::size_t documents = 0;
    for (const std::string& message : messages) {
        for (auto document : parser.parse_many(message)) {
            documents += document.error() == simdjson::SUCCESS ? 1U : 0U;
        }
    }
    const double spent = bench::cpu_us() - begin;
    std::printf("simdjson saw %zu documents\n", documents);
    return spent;
}

}  // namespace

int main(int count, char** arguments) {
    const auto number = [&](int i, std::uint64_t otherwise) {
        return count > i ? std::strtoull(arguments[i], nullptr, 10) : otherwise;
    };
    const std::uint64_t identities = number(1, 100'000);
    const std::uint64_t events = number(2, 1'000'000);
    const std::uint64_t per_message = number(3, 64);
    const std::vector<std::string> messages = bench::messages_of(identities, events, per_message);
    std::printf("%llu identities, %llu events, %llu a message\n",
                static_cast<unsigned long long>(identities),
                static_cast<unsigned long long>(events),
                static_cast<unsigned long long>(per_message));

    report("floor: simdjson DOM, no struct", measure_simdjson(messages), events);

    model::EventDecoder decoder;
    std::vector<model::Input> inputs;
    inputs.reserve(messages.size());
    // Each batch goes before the next comes, as in the daemon: fresh memory is not decoding.
    double begin = bench::cpu_us();
    for (const std::string& message : messages) {
        (void)decoder.decode(message);
    }
    report("decode (JSON to events)", bench::cpu_us() - begin, events);
    for (const std::string& message : messages) {
        model::Decoded decoded = decoder.decode(message);
        if (!decoded.rejected.empty()) {
            std::fprintf(stderr, "the workload has a bad event: %s\n",
                         decoded.rejected.front().error.c_str());
            return 1;
        }
        model::Input& input = inputs.emplace_back();
        input.position = inputs.size() + 2;
        // Arrival at 300,000 events a second, as in a storm.
        input.at = model::from_unix_ms(
            1717761600000 + static_cast<std::int64_t>(inputs.size() * per_message / 300));
        input.body = std::move(decoded.batch);
    }

    begin = bench::cpu_us();
    for (const model::Input& input : inputs) {
        (void)model::encode_body(input.body);
    }
    report("encode (events to journal bytes)", bench::cpu_us() - begin, events);
    std::vector<store::PendingEntry> entries;
    entries.reserve(inputs.size());
    for (const model::Input& input : inputs) {
        entries.push_back({input.position, input.at, 0, model::encode_body(input.body)});
    }

    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("nocturne-bench-" + std::to_string(::getpid()));
    {
        Result<std::unique_ptr<store::Store>> store = store::Store::open(folder);
        if (!store) {
            std::fprintf(stderr, "%s\n", to_string(store.error()).c_str());
            return 1;
        }
        begin = bench::cpu_us();
        constexpr std::size_t kGroup = 32;
        for (std::size_t i = 0; i < entries.size(); i += kGroup) {
            const std::span<const store::PendingEntry> group(entries.data() + i,
                                                             std::min(kGroup, entries.size() - i));
            if (const Status status = (*store)->append(group); !status) {
                std::fprintf(stderr, "%s\n", to_string(status.error()).c_str());
                return 1;
            }
        }
        report("journal (compress, insert, commit)", bench::cpu_us() - begin, events);
        std::printf(
            "journal bytes: %.1f an event, %.1f before compression\n",
            static_cast<double>((*store)->counters().bytes_stored) / static_cast<double>(events),
            static_cast<double>((*store)->counters().bytes_raw) / static_cast<double>(events));
    }
    std::filesystem::remove_all(folder);

    engine::Core core;
    std::vector<model::Effect> effects;
    model::Input topology;
    topology.position = 1;
    topology.at = model::from_unix_ms(1717761600000);
    topology.body = bench::workload_topology();
    core.apply(topology, effects);
    std::size_t effect_count = 0;
    begin = bench::cpu_us();
    for (const model::Input& input : inputs) {
        effects.clear();
        core.apply(input, effects);
        effect_count += effects.size();
    }
    report("apply (dedup to decide)", bench::cpu_us() - begin, events);
    std::printf("%zu effects, %zu alerts, %zu incidents, %llu rankings, %.0f bytes an alert\n",
                effect_count, core.state().alerts.size(), core.state().incidents.size(),
                static_cast<unsigned long long>(core.state().counters.rankings),
                static_cast<double>(core.state().alerts.bytes()) /
                    static_cast<double>(core.state().alerts.size()));

    begin = bench::cpu_us();
    model::Writer snapshot;
    core.encode(snapshot);
    std::printf("snapshot: %.1f MB in %.0f ms", static_cast<double>(snapshot.bytes().size()) / 1e6,
                (bench::cpu_us() - begin) / 1e3);
    begin = bench::cpu_us();
    model::Reader in(snapshot.bytes());
    const bool is_read = engine::Core::decode(in).has_value();
    std::printf(", read back in %.0f ms%s\n", (bench::cpu_us() - begin) / 1e3,
                is_read ? "" : " (FAILED)");
    return 0;
}
