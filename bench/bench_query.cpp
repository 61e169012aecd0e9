// A filtered query over many active alerts: milliseconds of CPU.
//
//   bench_query [alerts]
#include "bench/workload.hpp"
#include "engine/core.hpp"
#include "engine/state.hpp"
#include "engine/view.hpp"
#include "model/event_json.hpp"

#include <cstdio>
#include <cstdlib>

int main(int count, char** arguments) {
    using namespace nocturne;
    const std::uint64_t alerts = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 100'000;
    engine::Core core;
    std::vector<model::Effect> effects;
    model::EventDecoder decoder;
    model::Position position = 0;
    for (const std::string& message : bench::messages_of(alerts, alerts, 64)) {
        effects.clear();
        core.apply({++position, model::from_unix_ms(1717761600000), decoder.decode(message).batch},
                   effects);
    }
    std::printf("%zu alerts, %.0f bytes each\n", core.state().alerts.size(),
                static_cast<double>(core.state().alerts.bytes()) /
                    static_cast<double>(core.state().alerts.size()));
    for (const char* filter :
         {R"({resource="svc-7"})", R"({severity="critical",resource=~"svc-1.."})",
          R"({region=~"eu-.*",team="team-3"})",
          R"({instance=~"node-0.*dc1.*",severity="critical"})"}) {
        engine::AlertQuery query;
        query.matchers = *model::parse_matchers(filter);
        query.limit = 100;
        constexpr int kTimes = 10;
        const double begin = bench::cpu_us();
        std::size_t bytes = 0;
        for (int i = 0; i < kTimes; ++i) {
            bytes = engine::render_alerts(core, query).size();
        }
        std::printf("%-52s %7.3f ms CPU, answer of %zu bytes\n", filter,
                    (bench::cpu_us() - begin) / 1e3 / kTimes, bytes);
    }
    return 0;
}
