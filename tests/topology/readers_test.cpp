// Readers walk their snapshots while the graph changes on another thread. Meant for the thread
// sanitizer; what they count is checked everywhere.
#include "topology/graph.hpp"
#include "topology/walk.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace nocturne::topology {
namespace {

constexpr int kServices = 50;
constexpr int kRounds = 200;

model::TopologyChange edges_to(const std::string& below) {
    model::TopologyChange change;
    change.provenance = "story";
    change.mode = model::TopologyChange::Mode::Replace;
    for (int i = 0; i < kServices; ++i) {
        change.edges.push_back({"s" + std::to_string(i), below, "calls", 1.0});
    }
    return change;
}

// Where the writer leaves what readers take.
class Board {
   public:
    void put(std::shared_ptr<const Graph> graph) {
        const std::lock_guard lock(mutex_);
        graph_ = std::move(graph);
    }

    std::shared_ptr<const Graph> take() const {
        const std::lock_guard lock(mutex_);
        return graph_;
    }

   private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Graph>
        graph_;  // shared: readers keep theirs while the next one is put up
};

// All services depend on one database in any snapshot, whichever it is: never on both, never on
// half of one.
bool is_whole(const Graph& graph) {
    std::size_t dependents = 0;
    for (const char* database : {"blue", "green"}) {
        if (const NodeIndex node = graph.find(database); node != kNoNode) {
            const std::size_t here = graph.dependent_count(node);
            if (here != 0 && here != kServices) {
                return false;
            }
            dependents += here;
        }
    }
    return dependents == kServices;
}

std::string cause_of(const Graph& graph) {
    std::vector<AlertingNode> alerting;
    for (int i = 0; i < kServices; ++i) {
        model::Symptom symptom;
        symptom.check = "latency";
        symptom.severity = model::Severity::Critical;
        symptom.first_seen = model::from_unix_ms(1000);
        alerting.push_back({graph.find("s" + std::to_string(i)), {symptom}, {}, {}});
    }
    return rank(graph, alerting, {}).suspects.front().resource;
}

TEST(Snapshots, AreWholeForReadersWhileTheGraphChanges) {
    LiveGraph graph;
    graph.apply(edges_to("blue"), model::from_unix_ms(1));
    Board board;
    board.put(graph.snapshot());
    std::atomic<bool> is_over{false};
    std::atomic<int> broken{0};
    std::atomic<int> wrong{0};

    std::vector<std::thread> readers;
    for (int i = 0; i < 2; ++i) {
        readers.emplace_back([&] {
            while (!is_over) {
                const std::shared_ptr<const Graph> seen = board.take();
                const std::string cause = cause_of(*seen);
                broken += is_whole(*seen) ? 0 : 1;
                wrong += cause == "blue" || cause == "green" ? 0 : 1;
            }
        });
    }
    for (int round = 0; round < kRounds; ++round) {
        graph.apply(edges_to(round % 2 == 0 ? "green" : "blue"), model::from_unix_ms(round + 2));
        board.put(graph.snapshot());
    }
    is_over = true;
    for (std::thread& reader : readers) {
        reader.join();
    }

    EXPECT_EQ(broken, 0);
    EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace nocturne::topology
