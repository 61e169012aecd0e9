// DryRuns: dry runs for whoever asks, one after the other, on a thread of their own.
#pragma once

#include "engine/loop.hpp"
#include "gateway/effectors/effectors.hpp"
#include "gateway/remediation/dry_run.hpp"
#include "model/result.hpp"
#include "model/run.hpp"

#include <cstddef>
#include <functional>
#include <memory>

namespace nocturne::gateway {

class DryRuns {
   public:
    static constexpr std::size_t kWaitingMax = 4;  // more are refused

    struct Parts {
        // What a real run would have at that moment. Asked on our thread, for each dry run.
        std::function<EffectorParts()> effectors;
        std::function<model::Time()> clock = {};  // default: the system's
        DryRunOptions options = {};               // `is_over` is ours
    };

    using Done = std::function<void(Result<DryRunReport>)>;

    // `loop` must outlive it.
    DryRuns(engine::Loop& loop, Parts parts);
    // Ends the one under way, which takes at most as long as its present check; those that wait get
    // an Error.
    ~DryRuns();
    DryRuns(const DryRuns&) = delete;
    DryRuns& operator=(const DryRuns&) = delete;

    // `done` is called once, on our thread. False when too many wait: then it is not called. Never
    // blocks.
    bool try_start(model::PlanProposed proposal, Done done);

   private:
    class Inside;
    std::unique_ptr<Inside> inside_;
};

}  // namespace nocturne::gateway
