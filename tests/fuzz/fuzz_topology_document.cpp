// What: documents of other tools about the service graph. Where: files to import, and what sources
// answer. Input: first byte mod 6: CSV, OTLP, Prometheus, Kubernetes, Consul, NetBox; then the
// document. What is read goes into a graph, which comes back the same from its snapshot.
#include "gateway/topology_document.hpp"
#include "topology/graph.hpp"
#include "topology/lint.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace nocturne;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    const model::Time now = model::from_unix_ms(1'700'000'000'000);
    const gateway::TopologyDocument document = gateway::read_topology_document(
        static_cast<gateway::TopologyFormat>(bytes[0] % gateway::kTopologyFormatNames.size()), text,
        "document", now);
    NOCTURNE_ASSERT(document.problems.size() <= gateway::TopologyDocument::kProblemsMax);
    NOCTURNE_ASSERT(document.is_whole || !document.problems.empty());
    NOCTURNE_ASSERT(document.is_whole ||
                    document.change.mode == model::TopologyChange::Mode::Merge);

    topology::LiveGraph graph;
    graph.apply(document.change, now);
    (void)topology::lint(graph.now(), now);
    model::Writer out;
    graph.encode(out);
    model::Reader in(out.bytes());
    const Result<topology::LiveGraph> back = topology::LiveGraph::decode(in);
    NOCTURNE_ASSERT(back.has_value());
    model::Writer again;
    back->encode(again);
    NOCTURNE_ASSERT(again.bytes() == out.bytes());
    return 0;
}
