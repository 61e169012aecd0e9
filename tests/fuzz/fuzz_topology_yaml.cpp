// What: topology files, as people and machines write them. Where: topology/yaml_source.cpp, then
// the graph. Input: the text of a file.
#include "model/codec.hpp"
#include "model/result.hpp"
#include "topology/graph.hpp"
#include "topology/yaml_source.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace nocturne;
    const topology::TopologyFile file =
        topology::parse_topology({reinterpret_cast<const char*>(bytes), size}, "fuzz.yaml");
    for (const Error& problem : file.problems) {
        NOCTURNE_ASSERT(!problem.places.empty() && problem.places.front().line > 0);
    }
    topology::LiveGraph graph;
    graph.apply(file.change, model::from_unix_ms(1));
    model::Writer out;
    graph.encode(out);
    model::Reader in(out.bytes());
    NOCTURNE_ASSERT(topology::LiveGraph::decode(in).has_value());
    return 0;
}
