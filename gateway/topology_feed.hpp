// TopologyFeed: what keeps the service graph alive: spans that are sent, and sources that are
// pulled, each on a thread of its own. Each change enters the engine as an input.
#pragma once

#include "gateway/span_pairs.hpp"
#include "model/result.hpp"
#include "rules/topology_source.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nocturne::engine {
class Loop;
}

namespace nocturne::gateway {

struct TopologyFeedOptions {
    model::Duration tell_spans_every = std::chrono::seconds(1);
    SpanLimits spans;
    std::function<model::Time()> clock;  // default: the system's
};

class TopologyFeed {
   public:
    // `loop` must outlive the feed. Threads start with the sources.
    TopologyFeed(engine::Loop& loop, std::vector<rules::TopologySource> sources,
                 TopologyFeedOptions options = {});
    // Like stop().
    ~TopologyFeed();
    TopologyFeed(const TopologyFeed&) = delete;
    TopologyFeed& operator=(const TopologyFeed&) = delete;

    // From any thread.
    void take(const SpanBatch& batch);
    // Those that are as before go on; what a source said that is no more listed is withdrawn.
    void set_sources(std::vector<rules::TopologySource> sources);
    // {"sources":[{"name":...,"kind":...,"last_success":...,"last_error":...},...]}.
    std::string render_sources() const;
    void append_metrics(std::string& out) const;
    // Waits for a request under way, at most for its timeout.
    void stop();

   private:
    class Inside;
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::gateway
