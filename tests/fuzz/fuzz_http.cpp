// What: URLs and JSON bodies of the HTTP API. Where: gateway/request_target.hpp and
// gateway/request_body.hpp. Input: the first line is the target of the request, what follows is the
// body; each parser gets it.
#include "gateway/http_client.hpp"
#include "gateway/request_body.hpp"
#include "gateway/request_target.hpp"
#include "model/matcher.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace nocturne;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    const std::string_view line = input.substr(0, input.find('\n'));
    const std::string_view body =
        input.substr(line.size() < input.size() ? line.size() + 1 : line.size());

    if (const Result<gateway::Target> target = gateway::parse_target(line)) {
        // Encoded again, it says the same.
        std::string again = "/";
        for (const std::string& part : target->path) {
            again += gateway::url_encode(part) + "/";
        }
        for (const auto& [name, value] : target->query) {
            again += (again.find('?') == std::string::npos ? "?" : "&") +
                     gateway::url_encode(name) + "=" + gateway::url_encode(value);
        }
        const Result<gateway::Target> second = gateway::parse_target(again);
        NOCTURNE_ASSERT(second && second->path == target->path && second->query == target->query);
    }

    const auto topology = gateway::parse_topology_body(body);
    if (topology.problems.empty()) {
        for (const model::EdgeSpec& edge : topology.value.edges) {
            NOCTURNE_ASSERT(!edge.from.empty() && edge.from != edge.to && edge.weight > 0 &&
                            edge.weight <= 1);
        }
    }
    const model::Time now = model::from_unix_ms(1'700'000'000'000);
    const auto silence = gateway::parse_silence_body(body, now);
    if (silence.problems.empty()) {
        NOCTURNE_ASSERT(model::parse_matchers(silence.value.matchers).has_value());
        NOCTURNE_ASSERT(silence.value.ends_at > now || silence.value.starts_at != model::kNoTime);
    }
    gateway::parse_operator_body(body);
    return 0;
}
