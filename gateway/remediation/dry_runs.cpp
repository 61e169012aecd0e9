#include "gateway/remediation/dry_runs.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace nocturne::gateway {

class DryRuns::Inside {
   public:
    Inside(engine::Loop& loop, Parts parts) : loop_(loop), parts_(std::move(parts)) {
        if (!parts_.clock) {
            parts_.clock = [] {
                return std::chrono::floor<model::Duration>(std::chrono::system_clock::now());
            };
        }
        parts_.options.is_over = [this] { return is_stopping_.load(); };
        thread_ = std::thread([this] { work(); });
    }

    ~Inside() {
        std::deque<Task> left;
        {
            const std::lock_guard lock(mutex_);
            is_stopping_ = true;
            left.swap(waiting_);
            wake_.notify_one();
        }
        for (Task& task : left) {
            task.done(fail(ErrorCode::Unavailable, "the daemon is stopping"));
        }
        thread_.join();
    }

    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

    bool try_start(model::PlanProposed proposal, Done done) {
        const std::lock_guard lock(mutex_);
        if (is_stopping_ || waiting_.size() >= kWaitingMax) {
            return false;
        }
        waiting_.push_back({std::move(proposal), std::move(done)});
        wake_.notify_one();
        return true;
    }

   private:
    struct Task {
        model::PlanProposed proposal;
        Done done;
    };

    void work() {
        for (;;) {
            Task task;
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [&] { return is_stopping_ || !waiting_.empty(); });
                if (waiting_.empty()) {
                    return;
                }
                task = std::move(waiting_.front());
                waiting_.pop_front();
            }
            task.done(take(task.proposal));
        }
    }

    Result<DryRunReport> take(const model::PlanProposed& proposal) {
        NOCTURNE_TRY(const std::string state, state_of(loop_));
        return dry_run(state, parts_.clock(), proposal, parts_.effectors(), parts_.options);
    }

    engine::Loop& loop_;
    Parts parts_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Task> waiting_;
    std::atomic<bool> is_stopping_{false};
    std::thread thread_;
};

DryRuns::DryRuns(engine::Loop& loop, Parts parts)
    : inside_(std::make_unique<Inside>(loop, std::move(parts))) {}

DryRuns::~DryRuns() = default;

bool DryRuns::try_start(model::PlanProposed proposal, Done done) {
    return inside_->try_start(std::move(proposal), std::move(done));
}

}  // namespace nocturne::gateway
