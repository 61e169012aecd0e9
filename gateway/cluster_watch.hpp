// Waiting for a Kubernetes cluster to change: its lists are watched, and the first change that one
// of them tells ends the wait. What changed is then read by a whole round, so that a watch that
// misses something costs time and never a node; one that breaks off is taken up again.
#pragma once

#include "rules/topology_source.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace nocturne::gateway {

// A list as it was read: what it says from then on is watched.
struct WatchedList {
    std::string path;     // "/api/v1/pods"
    std::string version;  // its resourceVersion
};

// True: something changed. False: nothing did for so long, or the server does not watch, or
// `is_over` says so; it is asked several times a second.
bool wait_for_change(const rules::TopologySource& source, const std::vector<WatchedList>& lists,
                     std::chrono::milliseconds at_most, const std::function<bool()>& is_over);

}  // namespace nocturne::gateway
