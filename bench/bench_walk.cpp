// The causal walk on a large graph: milliseconds of CPU to rank one incident, anew and again after
// one alert more.
//
//   bench_walk [nodes edges alerts]
#include "bench/workload.hpp"
#include "topology/walk.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace nocturne;

// A layered estate: each node depends on nodes with smaller numbers, mostly near ones.
topology::LiveGraph make_graph(std::uint64_t nodes, std::uint64_t edges) {
    bench::Random random(11);
    model::TopologyChange change;
    change.provenance = "bench";
    for (std::uint64_t i = 0; i < edges; ++i) {
        const std::uint64_t from = 1 + random.below(nodes - 1);
        const std::uint64_t reach = std::min<std::uint64_t>(from, 2000);
        const std::uint64_t to = from - 1 - random.below(reach);
        change.edges.push_back(
            {"n" + std::to_string(from), "n" + std::to_string(to), "calls", 0.9});
    }
    topology::LiveGraph graph;
    graph.apply(change, model::from_unix_ms(1));
    return graph;
}

// One cause and those that depend on it, as far as it takes.
std::vector<topology::AlertingNode> make_storm(const topology::Graph& graph, std::size_t alerts) {
    std::vector<topology::NodeIndex> nodes{
        graph.find("n" + std::to_string(graph.node_count() / 2))};
    for (std::size_t i = 0; i < nodes.size() && nodes.size() < alerts; ++i) {
        graph.for_each_dependent(nodes[i], [&](topology::NodeIndex node, const topology::Edge&) {
            if (nodes.size() < alerts &&
                std::find(nodes.begin(), nodes.end(), node) == nodes.end()) {
                nodes.push_back(node);
            }
        });
    }
    std::vector<topology::AlertingNode> storm;
    for (const topology::NodeIndex node : nodes) {
        model::Symptom symptom;
        symptom.check = storm.empty() ? "disk_saturation" : "latency";
        symptom.severity = model::Severity::Critical;
        symptom.first_seen = model::from_unix_ms(1000 + static_cast<std::int64_t>(storm.size()));
        storm.push_back({node, {symptom}, {}});
    }
    return storm;
}

// Of one ranking each, in milliseconds of CPU.
struct Spent {
    double median;
    double highest;
};

Spent spent_of(std::vector<double> each) {
    std::sort(each.begin(), each.end());
    return {each[each.size() / 2], each.back()};
}

template <typename Rank>
double ms_of(Rank rank) {
    const double begin = bench::cpu_us();
    rank();
    return (bench::cpu_us() - begin) / 1e3;
}

Spent rank_anew(const topology::Graph& graph, const std::vector<topology::AlertingNode>& storm) {
    constexpr int kTimes = 200;
    std::vector<double> each;
    each.reserve(kTimes);
    for (int i = 0; i < kTimes; ++i) {
        each.push_back(ms_of([&] { topology::rank(graph, storm, {}); }));
    }
    return spent_of(std::move(each));
}

// Each alert in turn is the last to come; what came before it was ranked, and is remembered.
Spent rank_again(const topology::Graph& graph, const std::vector<topology::AlertingNode>& storm) {
    constexpr std::size_t kTimes = 100;
    std::vector<double> each;
    for (std::size_t i = 0; i < std::min(storm.size(), kTimes); ++i) {
        const auto last = static_cast<std::ptrdiff_t>(i * storm.size() / kTimes % storm.size());
        std::vector<topology::AlertingNode> before = storm;
        before.erase(before.begin() + last);
        topology::WalkMemory memory;
        topology::rank(graph, before, {}, {}, memory);
        each.push_back(ms_of([&] { topology::rank(graph, storm, {}, {}, memory); }));
    }
    return spent_of(std::move(each));
}

}  // namespace

int main(int count, char** arguments) {
    const auto number = [&](int i, std::uint64_t otherwise) {
        return count > i ? std::strtoull(arguments[i], nullptr, 10) : otherwise;
    };
    const std::uint64_t nodes = number(1, 100'000);
    const std::uint64_t edges = number(2, 500'000);
    double begin = bench::cpu_us();
    const topology::LiveGraph graph = make_graph(nodes, edges);
    std::printf("graph of %zu nodes and %zu edges, built in %.0f ms\n", graph.now().node_count(),
                graph.now().edge_count(), (bench::cpu_us() - begin) / 1e3);
    for (const std::size_t alerts :
         {std::size_t{10}, std::size_t{100}, std::size_t{1000}, std::size_t{10'000}}) {
        const std::vector<topology::AlertingNode> storm = make_storm(graph.now(), alerts);
        const Spent anew = rank_anew(graph.now(), storm);
        const Spent again = rank_again(graph.now(), storm);
        std::printf("%6zu alerting nodes: ranked anew %.3f ms CPU (highest %.3f); again, one alert "
                    "added, %.3f (highest %.3f)\n",
                    storm.size(), anew.median, anew.highest, again.median, again.highest);
    }
    return 0;
}
