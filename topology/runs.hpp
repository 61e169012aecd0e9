// What mining counts with: the history as a series for each node, runs of a check on a node, who is
// near whom, and which checks lead bursts.
#pragma once

#include "topology/graph.hpp"
#include "topology/learned.hpp"
#include "topology/mine.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace nocturne::topology {

struct Moment {
    std::int64_t at_ms = 0;
    std::uint32_t check = 0;  // index into Series::checks
};

// The history of each node, in order of time, of the checks that are looked at.
struct Series {
    std::vector<std::uint32_t> checks;  // numbers of AlertHistory, in its order
    std::vector<std::string> nodes;
    std::vector<std::vector<Moment>> moments;  // of each node
    double span_ms = 1;                        // from the first to the last
    std::size_t checks_passed_over = 0;
};

// Series of the `checks_max` most frequent checks. Names that the graph knows as one node are one.
Series series_of(const AlertHistory& history, const Graph& graph, std::size_t checks_max);

// A check on a node: firings that are no further apart than a window are one run.
struct Run {
    std::uint32_t check = 0;
    std::uint32_t begin = 0;  // of its starts, see Runs::starts
    std::uint32_t end = 0;
};

class Runs {
   public:
    std::span<const Run> at(std::size_t node) const {
        return std::span(runs_).subspan(first_[node], first_[node + 1] - first_[node]);
    }

    std::span<const std::int64_t> starts(const Run& run) const {
        return std::span(starts_).subspan(run.begin, run.end - run.begin);
    }

    // Starts of all of them.
    static std::uint64_t size_of(std::span<const Run> runs) {
        return runs.empty() ? 0 : runs.back().end - runs.front().begin;
    }

   private:
    friend Runs runs_of(const Series& series, std::int64_t window_ms);

    std::vector<Run> runs_;           // by node, then by check
    std::vector<std::size_t> first_;  // of each node, and one past the last
    std::vector<std::int64_t> starts_;
};

Runs runs_of(const Series& series, std::int64_t window_ms);

// An alerting node beside another, with how it stands to that.
struct Neighbour {
    std::size_t node = 0;  // index into Series::nodes
    Relation relation = Relation::Same;
    std::uint8_t hops = 1;  // 2: by a dependency that they share
};

// Of each node: at most `most` alerting neighbours on each relation but Same.
std::vector<std::vector<Neighbour>> neighbours_of(const Series& series, const Graph& graph,
                                                  std::size_t most);

// How much each check leads: the log odds that it comes first when alerts of several checks come in
// one burst on a node and those next to it, averaged over the gaps that end a burst.
std::vector<double> leading_of(const Series& series,
                               const std::vector<std::vector<Neighbour>>& neighbours,
                               std::span<const std::chrono::milliseconds> gaps);

}  // namespace nocturne::topology
