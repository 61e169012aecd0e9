// Pulling a source of the service graph over HTTP: all its pages as one document.
#pragma once

#include "gateway/cluster_watch.hpp"
#include "gateway/topology_document.hpp"
#include "model/result.hpp"
#include "rules/topology_source.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nocturne::gateway {

struct Pulled {
    TopologyDocument document;
    std::uint64_t bytes = 0;
    std::uint64_t requests = 0;
    std::vector<WatchedList> lists;  // of a cluster, for wait_for_change
};

// The header by which the source knows us; empty when it asks for none.
Result<std::string> authorization_of(const rules::TopologySource& source);

// One round over all that the source has, within its limits of time and size. An Error when not
// even the first answer came; pages that are missing make the document not whole.
// `is_over` is asked between requests.
Result<Pulled> pull_topology(const rules::TopologySource& source,
                             const std::function<bool()>& is_over);

}  // namespace nocturne::gateway
