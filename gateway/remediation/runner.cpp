#include "gateway/remediation/runner.hpp"

#include "engine/run_view.hpp"
#include "engine/runs.hpp"
#include "gateway/effectors/result_text.hpp"
#include "gateway/log.hpp"
#include "gateway/metric_text.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace nocturne::gateway {

using Clock = std::chrono::steady_clock;
using engine::StepOrder;
using model::Outcome;
using model::StepResult;

namespace {

// Until it is tried again when all effectors are busy, or the journal could not be written.
constexpr std::chrono::milliseconds kPause{100};

std::size_t weight_of(const StepResult& result) {
    return sizeof(result) + result.text.size();
}

Outcome outcome_of(ActionResult::Outcome outcome) {
    switch (outcome) {
        case ActionResult::Outcome::Ok: return Outcome::Ok;
        case ActionResult::Outcome::Failed: return Outcome::Failed;
        case ActionResult::Outcome::Unknown: return Outcome::Unknown;
    }
    return Outcome::Unknown;
}

}  // namespace

class Runner::Inside : public std::enable_shared_from_this<Runner::Inside> {
   public:
    ~Inside() { NOCTURNE_ASSERT(!thread_.joinable()); }

    void deliver(const model::Effect& effect, const engine::Core& core) {
        if (effect.topic != model::Effect::Topic::RunStep) {
            return;
        }
        ++orders_;
        if (std::optional<StepOrder> order = engine::order_of(core, effect)) {
            const std::lock_guard lock(mutex_);
            orders_waiting_.push_back(*std::move(order));
            wake_.notify_one();
        }
    }

    Status start(engine::Loop& loop, std::unique_ptr<Effectors> effectors) {
        loop_ = &loop;
        effectors_ = std::move(effectors);
        // All that is waited for, as it is at one moment: what was delivered before is in it.
        const bool was_asked = loop.query_and_wait([&](const engine::Core& core) {
            const std::lock_guard lock(mutex_);
            orders_waiting_.clear();
            for (StepOrder& order : engine::open_orders(core)) {
                orders_waiting_.push_back(std::move(order));
            }
        });
        if (!was_asked) {
            return fail(ErrorCode::Unavailable, "the engine is stopping");
        }
        thread_ = std::thread([this] { work(); });
        return {};
    }

    void stop(std::chrono::milliseconds patience) {
        if (!thread_.joinable()) {
            return;
        }
        {
            const std::lock_guard lock(mutex_);
            is_closing_ = true;
            orders_waiting_.clear();
            orders_later_.clear();
            busy_.clear();
        }
        effectors_->stop(patience);  // it stays, for claims that are still on their way
        {
            const std::lock_guard lock(mutex_);
            is_over_ = true;
            wake_.notify_one();
        }
        thread_.join();
    }

    Effectors& effectors() { return *effectors_; }

    void append_metrics(std::string& out) const {
        append_metric(out, "run_orders_total", "Actions that the engine wanted done.",
                      MetricType::Counter, orders_);
        append_metric(out, "run_claims_total", "Actions that were claimed before they were done.",
                      MetricType::Counter, claims_);
        append_metric(out, "run_claims_void_total",
                      "Claims that came too late, or that nobody waited for any more.",
                      MetricType::Counter, claims_void_);
        append_metric(
            out, "run_left_open_total",
            "Actions that an earlier life had begun: nobody knows whether they were done.",
            MetricType::Counter, left_open_);
        if (effectors_) {
            effectors_->append_metrics(out);
        }
    }

   private:
    // A claim that is durable.
    struct Claimed {
        StepOrder order;
        Clock::time_point begin_by;
    };

    // ---- our thread: the only one that may wait for room in the engine ----

    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            const auto is_time = [this] {
                return is_over_ || !results_.empty() || !orders_waiting_.empty();
            };
            const auto has_later = [this] { return !busy_.empty() || !orders_later_.empty(); };
            wake_.wait(lock, [&] { return is_time() || has_later(); });
            if (!is_time()) {
                wake_.wait_until(lock, later_, is_time);
            }
            std::deque<StepResult> results = std::exchange(results_, {});
            std::deque<StepOrder> orders = std::exchange(orders_waiting_, {});
            std::vector<Claimed> busy;
            if (has_later() && Clock::now() >= later_) {
                later_ = Clock::now() + kPause;
                busy.swap(busy_);
                orders.insert(orders.end(), orders_later_.begin(), orders_later_.end());
                orders_later_.clear();
            }
            const bool is_over = is_over_;
            lock.unlock();
            for (StepResult& result : results) {
                submit(std::move(result), nullptr);
            }
            for (StepOrder& order : orders) {
                take_up(std::move(order));
            }
            for (Claimed& claimed : busy) {
                act(std::move(claimed));
            }
            lock.lock();
            if (is_over && results_.empty()) {
                return;
            }
        }
    }

    void submit(StepResult result, engine::Loop::Done done) {
        const std::size_t bytes = weight_of(result);
        loop_->submit(std::move(result), bytes, std::move(done));
    }

    void take_up(StepOrder order) {
        if (order.is_started) {
            ++left_open_;
            logger()->warn("run action was under way when the daemon ended attempt={}",
                           model::to_string(order.key));
            submit({order.key, Outcome::Unknown, "the daemon ended while it was under way"},
                   nullptr);
            return;
        }
        // The engine counts from the claim's time in the journal, which is no earlier than now.
        const Clock::time_point begin_by = Clock::now() + engine::Runs::kGrace;
        StepResult claim{order.key, Outcome::Started, ""};
        ++claims_;
        submit(std::move(claim),
               [self = shared_from_this(), claimed = Claimed{std::move(order), begin_by}](
                   const Result<model::Position>& position) mutable {
                   if (position) {
                       self->ask_whether(std::move(claimed));
                   } else {  // not in the journal, so not claimed: the engine wants it still
                       self->take_up_later(std::move(claimed.order));
                   }
               });
    }

    // ---- threads of the loop ----

    void take_up_later(StepOrder order) {
        const std::lock_guard lock(mutex_);
        if (!is_closing_) {
            orders_later_.push_back(std::move(order));
            wake_.notify_one();
        }
    }

    void ask_whether(Claimed claimed) {
        loop_->query([self = shared_from_this(),
                      claimed = std::move(claimed)](const engine::Core& core) mutable {
            if (engine::may_act(core, claimed.order.key)) {
                self->act(std::move(claimed));
            } else {
                ++self->claims_void_;
            }
        });
    }

    // ---- any thread ----

    void act(Claimed claimed) {
        const model::AttemptKey key = claimed.order.key;
        ActionCall call{claimed.order.action, key_for_effector(key), claimed.begin_by};
        if (effectors_->try_start(
                std::move(call), [self = shared_from_this(), key](ActionResult result) {
                    self->tell({key, outcome_of(result.outcome), std::move(result.text)});
                })) {
            return;
        }
        const std::lock_guard lock(mutex_);
        if (is_closing_) {
            return;  // the next life asks a person, or repeats what may be repeated
        }
        wake_.notify_one();
        if (Clock::now() < claimed.begin_by) {
            busy_.push_back(std::move(claimed));
        } else {
            ++claims_void_;
            results_.push_back({key, Outcome::Failed, "not begun: all effectors are busy"});
        }
    }

    // The same for each try at the action, so that whoever gets it twice can tell.
    static std::string key_for_effector(model::AttemptKey key) {
        key.attempt = 1;
        return model::to_string(key);
    }

    void tell(StepResult result) {
        const std::lock_guard lock(mutex_);
        results_.push_back(std::move(result));
        wake_.notify_one();
    }

    engine::Loop* loop_ = nullptr;
    std::unique_ptr<Effectors> effectors_;
    std::atomic<std::uint64_t> orders_{0};
    std::atomic<std::uint64_t> claims_{0};
    std::atomic<std::uint64_t> claims_void_{0};
    std::atomic<std::uint64_t> left_open_{0};

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<StepOrder> orders_waiting_;
    std::deque<StepResult> results_;
    std::vector<StepOrder> orders_later_;  // the journal could not take the claim
    std::vector<Claimed> busy_;            // claimed, and no effector was free
    Clock::time_point later_{};            // when those two are tried again
    bool is_closing_ = false;              // nothing is claimed any more
    bool is_over_ = false;
    std::thread thread_;
};

Runner::Runner() : inside_(std::make_shared<Inside>()) {}

Runner::~Runner() {
    stop();
}

void Runner::deliver(const model::Effect& effect, const engine::Core& core) {
    inside_->deliver(effect, core);
}

Status Runner::start(engine::Loop& loop, std::unique_ptr<Effectors> effectors) {
    return inside_->start(loop, std::move(effectors));
}

void Runner::stop(std::chrono::milliseconds patience) {
    inside_->stop(patience);
}

Effectors& Runner::effectors() {
    return inside_->effectors();
}

void Runner::append_metrics(std::string& out) const {
    inside_->append_metrics(out);
}

}  // namespace nocturne::gateway
