// What: OTLP requests, from any exporter. Where: POST /v1/traces. Input: first byte even: JSON,
// odd: protobuf; then the request. Whatever is in it, memory stays bounded and every edge has two
// names.
#include "gateway/span_pairs.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace nocturne;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view request(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    const Result<gateway::SpanBatch> batch = bytes[0] % 2 == 0
                                                 ? gateway::decode_spans_json(request)
                                                 : gateway::decode_spans_protobuf(request);
    if (!batch) {
        return 0;
    }
    gateway::SpanLimits limits;
    limits.waiting_max = 4;
    limits.edges_max = 4;
    gateway::SpanPairs pairs(limits);
    const model::Time now = model::from_unix_ms(1'700'000'000'000);
    for (int round = 0; round < 2; ++round) {
        for (const gateway::Span& span : batch->spans) {
            NOCTURNE_ASSERT(span.trace_id.size() == 16 && span.span_id.size() == 8);
            pairs.take(span, now);
            NOCTURNE_ASSERT(pairs.waiting() <= limits.waiting_max);
        }
    }
    pairs.finish(now);
    NOCTURNE_ASSERT(pairs.waiting() == 0);
    const model::TopologyChange change = pairs.tell(now);
    NOCTURNE_ASSERT(change.edges.size() <= limits.edges_max);
    for (const model::EdgeSpec& edge : change.edges) {
        NOCTURNE_ASSERT(!edge.from.empty() && !edge.to.empty() && edge.from != edge.to);
    }
    return 0;
}
