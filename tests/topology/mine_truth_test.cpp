// Mining against streams that are simulated from random causal graphs: a branching process, as a
// Hawkes process is, with immigrants of every check and known parents.
#include "topology/mine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <vector>

namespace nocturne::topology {
namespace {

using Matrix = std::vector<std::vector<bool>>;

constexpr int kChecks = 10;
constexpr int kNodes = 30;
constexpr std::int64_t kSpanMs = 30LL * 86'400'000;

struct Simulated {
    AlertHistory history;
    Matrix reaches;  // direct and indirect causes, as experts' graphs have them
};

Matrix random_graph(std::mt19937_64& random, double density) {
    std::vector<int> order(kChecks);
    for (int i = 0; i < kChecks; ++i) {
        order[static_cast<std::size_t>(i)] = i;
    }
    std::shuffle(order.begin(), order.end(), random);
    std::bernoulli_distribution is_edge(density);
    Matrix edges(kChecks, std::vector<bool>(kChecks, false));
    for (std::size_t i = 0; i < kChecks; ++i) {
        for (std::size_t j = i + 1; j < kChecks; ++j) {
            edges[static_cast<std::size_t>(order[i])][static_cast<std::size_t>(order[j])] =
                is_edge(random);
        }
    }
    return edges;
}

Matrix closure(Matrix reaches) {
    for (std::size_t k = 0; k < kChecks; ++k) {
        for (std::size_t i = 0; i < kChecks; ++i) {
            for (std::size_t j = 0; j < kChecks; ++j) {
                reaches[i][j] = reaches[i][j] || (reaches[i][k] && reaches[k][j]);
            }
        }
    }
    return reaches;
}

// Times are whole seconds, as tools tell them; so causes and effects share some.
Simulated simulate(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Simulated out;
    const Matrix edges = random_graph(random, 0.25);
    out.reaches = closure(edges);
    std::exponential_distribution<double> rate(1);
    std::uniform_real_distribution<double> share(0, 1);
    for (int node = 0; node < kNodes; ++node) {
        struct Event {
            std::int64_t at;
            std::size_t check;
        };

        std::deque<Event> open;
        for (std::size_t check = 0; check < kChecks; ++check) {
            std::poisson_distribution<int> immigrants(12 * rate(random));
            for (int i = immigrants(random); i > 0; --i) {
                open.push_back({static_cast<std::int64_t>(share(random) * kSpanMs), check});
            }
        }
        for (; !open.empty(); open.pop_front()) {
            const Event event = open.front();
            out.history.add(model::from_unix_ms(event.at / 1000 * 1000),
                            "node-" + std::to_string(node), "check-" + std::to_string(event.check));
            for (std::size_t effect = 0; effect < kChecks; ++effect) {
                if (edges[event.check][effect] && share(random) < 0.6) {
                    open.push_back(
                        {event.at + static_cast<std::int64_t>(30'000 * rate(random)), effect});
                }
            }
        }
    }
    return out;
}

double f1_of(const Simulated& simulated, const std::vector<Precedence>& pairs) {
    double hits = 0;
    double truths = 0;
    for (const Precedence& pair : pairs) {
        const auto cause = static_cast<std::size_t>(std::stoi(pair.cause.substr(6)));
        const auto effect = static_cast<std::size_t>(std::stoi(pair.effect.substr(6)));
        hits += simulated.reaches[cause][effect] ? 1 : 0;
    }
    for (const std::vector<bool>& row : simulated.reaches) {
        truths += static_cast<double>(std::count(row.begin(), row.end(), true));
    }
    return 2 * hits / (static_cast<double>(pairs.size()) + truths);
}

// F1 over many random graphs.
double mean_f1(double association_min) {
    constexpr int kGraphs = 20;
    double sum = 0;
    for (std::uint64_t seed = 1; seed <= kGraphs; ++seed) {
        const Simulated simulated = simulate(seed);
        const LiveGraph graph;
        sum +=
            f1_of(simulated,
                  mine(simulated.history, graph.now(), {.association_min = association_min}).pairs);
    }
    return sum / kGraphs;
}

TEST(MiningTruth, FindsTheCausesOfSimulatedStreams) {
    const double f1 = mean_f1(MiningLimits().association_min);

    RecordProperty("f1", std::to_string(f1));
    EXPECT_GT(f1, 0.84);  // 0.851 when it was written
}

TEST(MiningTruth, TheThresholdIsNoCliff) {
    const double f1 = mean_f1(MiningLimits().association_min);

    for (const double factor : {0.8, 1.2, 2.0}) {
        EXPECT_NEAR(mean_f1(factor * MiningLimits().association_min), f1, 0.03) << factor;
    }
}

}  // namespace
}  // namespace nocturne::topology
