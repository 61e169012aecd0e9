// The live graph: memory an edge, and what one change costs while readers hold snapshots.
//
//   bench_topology [nodes edges]
#include "bench/workload.hpp"
#include "topology/graph.hpp"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace nocturne;
using Clock = std::chrono::steady_clock;

std::string name_of(std::uint64_t number) {
    return "shop/service-" + std::to_string(number);
}

model::EdgeSpec random_edge(bench::Random& random, std::uint64_t nodes) {
    const std::uint64_t from = 1 + random.below(nodes - 1);
    return {name_of(from), name_of(random.below(from)), "calls", 0.9};
}

struct Times {
    std::vector<double> us;

    void print(const char* what) {
        std::sort(us.begin(), us.end());
        const auto at = [&](double share) {
            return us[static_cast<std::size_t>(share * static_cast<double>(us.size() - 1))];
        };
        std::printf("%s: median %.2f us, p99 %.2f us, p99.9 %.2f us, most %.2f us\n", what, at(0.5),
                    at(0.99), at(0.999), us.back());
    }
};

void time_changes(topology::LiveGraph& graph, std::uint64_t nodes, const char* what,
                  const std::function<void()>& before_each) {
    bench::Random random(5);
    Times adding;
    Times removing;
    const auto timed = [&](const model::TopologyChange& change, Times& times) {
        before_each();
        const Clock::time_point begin = Clock::now();
        graph.apply(change, model::from_unix_ms(2));
        times.us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
    };
    for (int i = 0; i < 20'000; ++i) {
        model::TopologyChange change;
        change.provenance = "bench";
        const model::EdgeSpec edge = random_edge(random, nodes);
        change.edges = {edge};
        timed(change, adding);
        change.edges.clear();
        change.removed_edges = {edge};
        timed(change, removing);
    }
    std::printf("%s\n", what);
    adding.print("  edge added");
    removing.print("  edge removed");
}

std::size_t walk(const topology::Graph& graph, std::uint64_t start) {
    std::size_t seen = 0;
    for (topology::NodeIndex node = static_cast<topology::NodeIndex>(start);
         node < graph.index_end() && node < start + 200; ++node) {
        if (graph.is_alive(node)) {
            graph.for_each_dependency(node, [&](topology::NodeIndex, const topology::Edge& edge) {
                seen += edge.weight > 0 ? 1U : 0U;
            });
        }
    }
    return seen;
}

// Readers on a thread of their own, each on the newest snapshot.
class Readers {
   public:
    explicit Readers(const topology::LiveGraph& graph) : newest_(graph.snapshot()) {
        thread_ = std::thread([this] {
            std::uint64_t start = 0;
            while (!is_over_) {
                const std::shared_ptr<const topology::Graph> graph_now = newest();
                walk(*graph_now, start = (start + 200) % graph_now->index_end());
                ++walks_;
            }
        });
    }

    ~Readers() {
        is_over_ = true;
        thread_.join();
    }

    void publish(std::shared_ptr<const topology::Graph> graph) {
        const std::lock_guard lock(mutex_);
        newest_ = std::move(graph);
    }

    std::uint64_t walks() const { return walks_; }

   private:
    std::shared_ptr<const topology::Graph> newest() {
        const std::lock_guard lock(mutex_);
        return newest_;
    }

    std::mutex mutex_;
    std::shared_ptr<const topology::Graph> newest_;  // shared with the thread that reads
    std::atomic<bool> is_over_{false};
    std::atomic<std::uint64_t> walks_{0};
    std::thread thread_;
};

double walks_a_second(Readers& readers, const std::function<void()>& meanwhile) {
    const Clock::time_point begin = Clock::now();
    const std::uint64_t before = readers.walks();
    meanwhile();
    return static_cast<double>(readers.walks() - before) /
           std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

int main(int count, char** arguments) {
    const auto number = [&](int i, std::uint64_t otherwise) {
        return count > i ? std::strtoull(arguments[i], nullptr, 10) : otherwise;
    };
    const std::uint64_t nodes = number(1, 100'000);
    const std::uint64_t edges = number(2, 500'000);
    topology::LiveGraph graph;
    bench::Random random(11);
    const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    const double begin = bench::cpu_us();
    while (graph.now().edge_count() < edges) {
        model::TopologyChange change;
        change.provenance = "bench";
        change.ttl = std::chrono::hours(1);
        for (int i = 0; i < 1000; ++i) {
            change.edges.push_back(random_edge(random, nodes));
        }
        graph.apply(change, model::from_unix_ms(1));
    }
    const double built_ms = (bench::cpu_us() - begin) / 1e3;
    const std::size_t bytes = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    std::printf("graph of %zu nodes and %zu edges with a time to live, built in %.0f ms\n",
                graph.now().node_count(), graph.now().edge_count(), built_ms);
    std::printf("memory: %.1f MB, %.0f bytes an edge with all its nodes and names\n",
                static_cast<double>(bytes) / 1e6,
                static_cast<double>(bytes) / static_cast<double>(graph.now().edge_count()));

    time_changes(graph, nodes, "no reader", [] {});
    std::shared_ptr<const topology::Graph> held;
    time_changes(graph, nodes, "a fresh snapshot held at each change",
                 [&] { held = graph.snapshot(); });
    {
        Readers readers(graph);
        const double alone = walks_a_second(
            readers, [] { std::this_thread::sleep_for(std::chrono::milliseconds(500)); });
        const double together = walks_a_second(readers, [&] {
            time_changes(graph, nodes, "a thread that reads the newest snapshot at all times",
                         [&] { readers.publish(graph.snapshot()); });
        });
        std::printf("reader: %.0f walks a second alone, %.0f while the graph changes\n", alone,
                    together);
    }

    topology::LiveGraph hub;
    model::TopologyChange change;
    change.provenance = "bench";
    for (int i = 0; i < 1'000'000; ++i) {
        change.edges.push_back({name_of(static_cast<std::uint64_t>(i) + 1), name_of(0), "", 1});
    }
    hub.apply(change, model::from_unix_ms(1));
    time_changes(hub, 2, "one node with a million edges, a fresh snapshot held at each change",
                 [&] { held = hub.snapshot(); });
    return 0;
}
