// SpanPairs: from spans to the edges between services, with a bounded memory of spans that wait
// for the other side of their call.
#pragma once

#include "gateway/topology_document.hpp"
#include "model/result.hpp"
#include "model/time.hpp"
#include "model/topology_change.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::gateway {

// What of an OTLP span matters for the graph.
struct Span {
    enum class Kind : std::uint8_t { Unspecified, Internal, Server, Client, Producer, Consumer };

    std::string trace_id;   // 16 bytes
    std::string span_id;    // 8 bytes
    std::string parent_id;  // 8 bytes; empty: the first of its trace
    Kind kind = Kind::Unspecified;
    std::string service;
    std::string host;             // that the service runs on; empty: in a container, or not told
    std::string peer;             // service.peer.name or peer.service
    std::string server_address;   // of what is called
    std::string database_system;  // db.system.name
    std::string messaging_system;
    std::string destination;  // of messages: topic or queue
};

// Spans of one request, and what was wrong with it.
struct SpanBatch {
    std::vector<Span> spans;
    std::uint64_t rejected = 0;
    std::string first_error;  // of the rejected: "resourceSpans[0]...: what"
};

// ExportTraceServiceRequest as JSON or as protobuf. An Error when it is not one at all.
Result<SpanBatch> decode_spans_json(std::string_view json);
Result<SpanBatch> decode_spans_protobuf(std::string_view bytes);

struct SpanLimits {
    model::Duration wait = std::chrono::seconds(15);  // for the other side of a call
    std::size_t waiting_max = 100'000;                // spans; beyond it the oldest go unpaired
    std::size_t edges_max = 100'000;                  // remembered; beyond it new ones are refused
    model::Duration tell_every = std::chrono::minutes(5);  // an edge that is seen all the time
    model::Duration ttl = std::chrono::hours(24);          // of what was told
};

struct SpanCounters {
    std::uint64_t spans = 0;
    std::uint64_t paired = 0;
    std::uint64_t without_parent = 0;  // first of their trace: nobody called
    std::uint64_t unpaired = 0;        // the other side did not come in time
    std::uint64_t pushed_out = 0;      // by waiting_max
    std::uint64_t edges_refused = 0;   // by edges_max
};

// Not for several threads at once. No clock: time is what the caller says.
class SpanPairs {
   public:
    explicit SpanPairs(SpanLimits limits = {});
    ~SpanPairs();

    void take(const Span& span, model::Time now);
    // The edges seen since the last call that are new, or were told longer than `tell_every` ago;
    // with no edges when there is nothing to tell.
    model::TopologyChange tell(model::Time now);
    // No span will come any more: what waits is over.
    void finish(model::Time now);

    const SpanCounters& counters() const;
    std::size_t waiting() const;

   private:
    class Inside;
    std::unique_ptr<Inside> inside_;
};

// A file of OTLP requests in JSON, one or many one after the other.
TopologyDocument read_otlp_topology(std::string_view text, const std::string& file,
                                    model::Time now);

}  // namespace nocturne::gateway
