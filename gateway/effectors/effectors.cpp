#include "gateway/effectors/effectors.hpp"

#include "gateway/effectors/action_arguments.hpp"
#include "gateway/effectors/http_action.hpp"
#include "gateway/effectors/result_text.hpp"
#include "gateway/effectors/secrets.hpp"
#include "gateway/log.hpp"
#include "gateway/metric_text.hpp"
#include "model/matcher.hpp"
#include "model/suggestion.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace nocturne::gateway {

namespace {

using Clock = std::chrono::steady_clock;
using model::Effector;

constexpr model::Duration kWaitMax = std::chrono::hours(24);
constexpr model::Duration kEveryMax = std::chrono::minutes(10);
constexpr model::Duration kSilenceMax = std::chrono::days(7);
constexpr std::size_t kTextBytesMax = 16U << 10;  // of a message or a question
constexpr std::size_t kEffectors = model::kEffectorNames.size();

constexpr std::array<std::string_view, 1> kNotifyArguments{"text"};
constexpr std::array<std::string_view, 1> kWaitArguments{"for"};
constexpr std::array<std::string_view, 1> kAskArguments{"question"};
constexpr std::array<std::string_view, 3> kSilenceArguments{"matchers", "for", "comment"};

// What is in force; swapped whole.
struct Force {
    EffectorParts parts;
    Secrets secrets;
};

bool is_url(const std::string& target) {
    return target.find("://") != std::string::npos;
}

Status need_text(const model::Action& action, std::string_view name) {
    const std::string_view text = argument_of(action, name);
    if (text.empty() || text.size() > kTextBytesMax) {
        return fail(ErrorCode::Invalid,
                    "argument " + std::string(name) +
                        (text.empty() ? " is missing" : " has more than 16 KiB"));
    }
    return {};
}

Result<std::string> describe_notify(const EffectorParts& parts, const model::Action& action) {
    NOCTURNE_TRY_STATUS(check_arguments(action, kNotifyArguments));
    NOCTURNE_TRY_STATUS(need_text(action, "text"));
    if (std::find(parts.channels.begin(), parts.channels.end(), action.target) ==
        parts.channels.end()) {
        const std::vector<std::string_view> known(parts.channels.begin(), parts.channels.end());
        return fail(ErrorCode::Invalid,
                    "channel \"" + printable(action.target, 64) +
                        "\" is not listed under chat.channels" +
                        (known.empty() ? "" : "; " + model::suggest(action.target, known)));
    }
    return "tell " + action.target + ": " + std::string(argument_of(action, "text"));
}

Result<std::string> describe_wait(const model::Action& action) {
    NOCTURNE_TRY_STATUS(check_arguments(action, kWaitArguments));
    NOCTURNE_TRY_STATUS(need_text(action, "for"));
    NOCTURNE_TRY(const model::Duration time,
                 duration_argument(action, "for", model::Duration(0), kWaitMax));
    return "wait " + model::format_duration(time);
}

Result<std::string> describe_ask(const model::Action& action) {
    NOCTURNE_TRY_STATUS(check_arguments(action, kAskArguments));
    NOCTURNE_TRY_STATUS(need_text(action, "question"));
    return "ask " + action.target + ": " + std::string(argument_of(action, "question"));
}

Result<std::string> describe_silence(const model::Action& action) {
    NOCTURNE_TRY_STATUS(check_arguments(action, kSilenceArguments));
    NOCTURNE_TRY_STATUS(need_text(action, "for"));
    NOCTURNE_TRY(const model::Duration time,
                 duration_argument(action, "for", model::Duration(0), kSilenceMax));
    NOCTURNE_TRY(const model::Matchers matchers,
                 model::parse_matchers(argument_of(action, "matchers")));
    return "silence " + model::to_string(matchers) + " for " + model::format_duration(time);
}

Result<std::string> describe_check(const EffectorParts& parts, const model::Action& action) {
    NOCTURNE_TRY([[maybe_unused]] const model::Duration every,
                 duration_argument(action, "every", model::Duration(0), kEveryMax));
    if (is_url(action.target)) {
        NOCTURNE_TRY(const HttpAction http, plan_http(parts.settings, action, HttpUse::Check));
        return "check " + describe(http);
    }
    NOCTURNE_TRY(const CommandAction command,
                 plan_command(parts.settings, action, CommandUse::Check, parts.is_node));
    return "check " + describe(command);
}

// ---- one function an effector: what it does when it may ----

struct Doing {
    const Force& force;
    const ActionCall& call;
    const std::function<bool()>& is_over;
};

using Perform = ActionResult (*)(const Doing& doing);

ActionResult send_request(const Doing& doing, HttpUse use) {
    const EffectorParts& parts = doing.force.parts;
    Result<HttpAction> action = plan_http(parts.settings, doing.call.action, use);
    return action ? perform_http(*action, use == HttpUse::Act ? doing.call.key : "",
                                 doing.force.secrets, {doing.is_over, parts.resolved})
                  : refused(action.error().message);
}

ActionResult start_program(const Doing& doing, CommandUse use) {
    const EffectorParts& parts = doing.force.parts;
    Result<CommandAction> action =
        plan_command(parts.settings, doing.call.action, use, parts.is_node);
    return action ? perform_command(*std::move(action), doing.call.key, doing.force.secrets,
                                    doing.is_over)
                  : refused(action.error().message);
}

ActionResult perform_http_action(const Doing& doing) {
    return send_request(doing, HttpUse::Act);
}

ActionResult perform_command_action(const Doing& doing) {
    return start_program(doing, CommandUse::Act);
}

ActionResult perform_check(const Doing& doing) {
    return is_url(doing.call.action.target) ? send_request(doing, HttpUse::Check)
                                            : start_program(doing, CommandUse::Check);
}

ActionResult perform_notify(const Doing& doing) {
    const auto& notify = doing.force.parts.notify;
    return notify ? notify(doing.call) : refused("no chat is configured that could be told");
}

// What an action needs that is answered later, by a person, the engine or the clock.
using Later = void (*)(const Force& force, const ActionCall& call, ActionDone done);

void ask_people(const Force& force, const ActionCall& call, ActionDone done) {
    force.parts.ask ? force.parts.ask(call, std::move(done))
                    : done(refused("no chat is configured in which anybody could be asked"));
}

void tell_engine(const Force& force, const ActionCall& call, ActionDone done) {
    force.parts.silence ? force.parts.silence(call, std::move(done))
                        : done(refused("the engine takes no silences here"));
}

// The effectors that there are. A dry run has a table of its own, in which the others are not.
struct Table {
    std::array<Perform, kEffectors> now{};
    std::array<Later, kEffectors> later{};
    bool has_wait = false;
};

constexpr std::size_t index_of(Effector effector) {
    return static_cast<std::size_t>(effector);
}

constexpr Table dry_table() {
    Table table;
    table.now[index_of(Effector::Check)] = perform_check;
    return table;
}

// That no effect can leave in a dry run is so by construction: there is nothing else to call.
constexpr bool holds_check_alone(const Table& table) {
    bool is_so = !table.has_wait;
    for (std::size_t effector = 0; effector < kEffectors; ++effector) {
        is_so = is_so && table.later[effector] == nullptr &&
                (table.now[effector] == nullptr) == (effector != index_of(Effector::Check));
    }
    return is_so;
}

static_assert(holds_check_alone(dry_table()));

constexpr Table real_table() {
    Table table = dry_table();
    table.now[index_of(Effector::Http)] = perform_http_action;
    table.now[index_of(Effector::Command)] = perform_command_action;
    table.now[index_of(Effector::Notify)] = perform_notify;
    table.later[index_of(Effector::Ask)] = ask_people;
    table.later[index_of(Effector::Silence)] = tell_engine;
    table.has_wait = true;
    return table;
}

}  // namespace

Result<std::string> describe_action(const EffectorParts& parts, const model::Action& action) {
    switch (action.effector) {
        case Effector::Http: {
            NOCTURNE_TRY(const HttpAction http, plan_http(parts.settings, action, HttpUse::Act));
            return describe(http);
        }
        case Effector::Command: {
            NOCTURNE_TRY(const CommandAction command,
                         plan_command(parts.settings, action, CommandUse::Act, parts.is_node));
            return "run " + describe(command);
        }
        case Effector::Notify: return describe_notify(parts, action);
        case Effector::Wait: return describe_wait(action);
        case Effector::Ask: return describe_ask(action);
        case Effector::Check: return describe_check(parts, action);
        case Effector::Silence: return describe_silence(action);
    }
    return fail(ErrorCode::Invalid, "an unknown effector");
}

class Effectors::Inside {
   public:
    Inside(EffectorParts parts, const Table& table) : table_(table) {
        auto secrets = parts.secrets;
        force_ =
            std::make_shared<const Force>(Force{std::move(parts), Secrets(std::move(secrets))});
        const std::size_t workers = force_->parts.settings.workers;
        for (std::size_t i = 0; i < workers; ++i) {
            workers_.emplace_back([this] { work(); });
        }
        clock_ = std::thread([this] { keep_time(); });
    }

    ~Inside() { stop(std::chrono::seconds(10)); }

    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

    bool try_start(ActionCall call, ActionDone done) {
        auto task = std::make_shared<Task>();
        task->until = Clock::now() + call.action.timeout;
        task->call = std::move(call);
        task->done = std::move(done);
        const std::lock_guard lock(mutex_);
        if (is_stopping_ || queue_.size() + timers_.size() >= force_->parts.settings.queue_max) {
            ++refused_full_;
            return false;
        }
        queue_.push_back(std::move(task));
        wake_worker_.notify_one();
        return true;
    }

    EffectorParts parts() const {
        const std::lock_guard lock(mutex_);
        return force_->parts;
    }

    void set_settings(rules::ActionSettings settings, std::vector<rules::SecretSource> secrets) {
        const std::lock_guard lock(mutex_);
        EffectorParts parts = force_->parts;
        parts.settings = std::move(settings);
        parts.secrets = secrets;
        force_ =
            std::make_shared<const Force>(Force{std::move(parts), Secrets(std::move(secrets))});
    }

    void stop(std::chrono::milliseconds patience) {
        {
            std::unique_lock lock(mutex_);
            if (std::exchange(is_stopping_, true)) {
                return;
            }
            queue_.clear();
            timers_.clear();
            wake_worker_.notify_all();
            wake_clock_.notify_all();
            idle_.wait_for(lock, patience, [&] { return running_ == 0; });
        }
        is_over_ = true;
        for (std::thread& worker : workers_) {
            worker.join();
        }
        clock_.join();
    }

    void append_metrics(std::string& out) const {
        append_metric_head(out, "actions_total", "Actions that ended, by effector and outcome.",
                           MetricType::Counter);
        for (std::size_t effector = 0; effector < kEffectors; ++effector) {
            for (std::size_t outcome = 0; outcome < kOutcomeNames.size(); ++outcome) {
                append_sample(out, "actions_total",
                              "effector=\"" + std::string(model::kEffectorNames[effector]) +
                                  "\",outcome=\"" + std::string(kOutcomeNames[outcome]) + "\"",
                              (*counts_)[effector][outcome]);
            }
        }
        append_metric(out, "actions_refused_total",
                      "Actions that were not done because they are not allowed or not right.",
                      MetricType::Counter, not_allowed_);
        append_metric(out, "actions_refused_full_total",
                      "Actions that found the queue full or the daemon stopping.",
                      MetricType::Counter, refused_full_);
        append_metric(out, "actions_late_total",
                      "Actions that were not begun because no worker was free in time.",
                      MetricType::Counter, late_);
        const std::lock_guard lock(mutex_);
        append_metric(out, "actions_running", "Actions under way.", MetricType::Gauge, running_);
        append_metric(out, "actions_waiting", "Actions that wait for a worker or for their time.",
                      MetricType::Gauge, queue_.size() + timers_.size());
    }

   private:
    struct Task {
        ActionCall call;
        ActionDone done;
        Clock::time_point until;
        bool has_begun = false;
        std::optional<ActionResult> result;  // what it answers when its time comes
    };

    using Counts =
        std::array<std::array<std::atomic<std::uint64_t>, kOutcomeNames.size()>, kEffectors>;
    using TaskPointer = std::shared_ptr<Task>;  // shared: queue, timer and worker pass it on

    std::shared_ptr<const Force> now_in_force() const {
        const std::lock_guard lock(mutex_);
        return force_;
    }

    ActionResult perform(const Force& force, const ActionCall& call) {
        const Result<std::string> what = describe_action(force.parts, call.action);
        if (!what) {
            ++not_allowed_;
            return refused(printable(what.error().message));
        }
        const Perform effector = table_.now[index_of(call.action.effector)];
        if (effector == nullptr) {
            return {ActionResult::Outcome::Ok, printable("would " + *what), false};
        }
        const std::function<bool()> is_over = [this] { return is_over_.load(); };
        return effector({force, call, is_over});
    }

    // ---- the workers ----

    void work() {
        for (;;) {
            TaskPointer task;
            {
                std::unique_lock lock(mutex_);
                wake_worker_.wait(lock, [&] { return is_stopping_ || !queue_.empty(); });
                if (queue_.empty()) {
                    return;
                }
                task = std::move(queue_.front());
                queue_.pop_front();
                ++running_;
            }
            run(task);
            const std::lock_guard lock(mutex_);
            if (--running_ == 0) {
                idle_.notify_all();
            }
        }
    }

    void run(const TaskPointer& task) {
        try {
            begin(task);
        } catch (const std::exception& error) {
            // Nothing of ours throws; out of memory is the likely one.
            finish(*counts_, *task,
                   {ActionResult::Outcome::Unknown, std::string("our own fault: ") + error.what(),
                    true});
        }
    }

    void begin(const TaskPointer& task) {
        if (task->result) {
            finish(*counts_, *task, *std::move(task->result));
            return;
        }
        if (!std::exchange(task->has_begun, true) && Clock::now() > task->call.begin_by) {
            ++late_;
            finish(*counts_, *task, refused("not begun: no effector was free in time"));
            return;
        }
        const std::shared_ptr<const Force> force = now_in_force();
        const ActionCall& call = task->call;
        const Later later = table_.later[index_of(call.action.effector)];
        const bool waits = table_.has_wait && call.action.effector == Effector::Wait;
        if ((later != nullptr || waits) && describe_action(force->parts, call.action)) {
            if (waits) {
                wait_for(task);
            } else {
                // May come long after all this is gone.
                later(*force, call, [counts = counts_, task](ActionResult result) {
                    result.text = printable(result.text);
                    finish(*counts, *task, std::move(result));
                });
            }
            return;
        }
        ActionResult result = perform(*force, call);
        if (!try_again(task, result)) {
            finish(*counts_, *task, std::move(result));
        }
    }

    void wait_for(const TaskPointer& task) {
        const model::Duration time =
            *duration_argument(task->call.action, "for", model::Duration(0), kWaitMax);
        task->result = {ActionResult::Outcome::Ok, "waited " + model::format_duration(time), true};
        const std::lock_guard lock(mutex_);
        add_timer(Clock::now() + time, task);
    }

    // A check with `every` is asked until it is so, or its time is up.
    bool try_again(const TaskPointer& task, const ActionResult& result) {
        const model::Action& action = task->call.action;
        if (action.effector != Effector::Check || !result.is_performed ||
            result.outcome == ActionResult::Outcome::Ok) {
            return false;
        }
        const Result<model::Duration> every =
            duration_argument(action, "every", model::Duration(0), kEveryMax);
        if (!every || every->count() == 0 || Clock::now() + *every >= task->until) {
            return false;
        }
        const std::lock_guard lock(mutex_);
        add_timer(Clock::now() + *every, task);
        return !is_stopping_;
    }

    static void finish(Counts& counts, const Task& task, ActionResult result) {
        ++counts[index_of(task.call.action.effector)][static_cast<std::size_t>(result.outcome)];
        task.done(std::move(result));
    }

    // ---- the clock ----

    // The lock is held.
    void add_timer(Clock::time_point at, TaskPointer task) {
        if (!is_stopping_) {
            timers_.emplace(at, std::move(task));
            wake_clock_.notify_all();
        }
    }

    void keep_time() {
        std::unique_lock lock(mutex_);
        while (!is_stopping_) {
            if (timers_.empty()) {
                wake_clock_.wait(lock);
            } else if (timers_.begin()->first > Clock::now()) {
                wake_clock_.wait_until(lock, timers_.begin()->first);
            } else {
                queue_.push_back(std::move(timers_.begin()->second));
                timers_.erase(timers_.begin());
                wake_worker_.notify_one();
            }
        }
    }

    const Table table_;
    std::atomic<bool> is_over_{false};
    const std::shared_ptr<Counts> counts_ =
        std::make_shared<Counts>();  // shared: with late answers
    std::atomic<std::uint64_t> not_allowed_{0};
    std::atomic<std::uint64_t> refused_full_{0};
    std::atomic<std::uint64_t> late_{0};

    mutable std::mutex mutex_;
    std::condition_variable wake_worker_;
    std::condition_variable wake_clock_;
    std::condition_variable idle_;
    std::shared_ptr<const Force> force_;  // shared: with actions under way
    std::deque<TaskPointer> queue_;
    std::multimap<Clock::time_point, TaskPointer> timers_;
    std::size_t running_ = 0;
    bool is_stopping_ = false;

    std::vector<std::thread> workers_;
    std::thread clock_;
};

std::unique_ptr<Effectors> Effectors::make(EffectorParts parts) {
    return std::unique_ptr<Effectors>(
        new Effectors(std::make_unique<Inside>(std::move(parts), real_table())));
}

std::unique_ptr<Effectors> Effectors::make_dry(EffectorParts parts) {
    // What could reach the world is not even kept.
    parts.notify = {};
    parts.ask = {};
    parts.silence = {};
    return std::unique_ptr<Effectors>(
        new Effectors(std::make_unique<Inside>(std::move(parts), dry_table())));
}

Effectors::Effectors(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}

Effectors::~Effectors() = default;

bool Effectors::try_start(ActionCall call, ActionDone done) {
    return inside_->try_start(std::move(call), std::move(done));
}

EffectorParts Effectors::parts() const {
    return inside_->parts();
}

void Effectors::set_settings(rules::ActionSettings settings,
                             std::vector<rules::SecretSource> secrets) {
    inside_->set_settings(std::move(settings), std::move(secrets));
}

void Effectors::stop(std::chrono::milliseconds patience) {
    inside_->stop(patience);
}

void Effectors::append_metrics(std::string& out) const {
    inside_->append_metrics(out);
}

}  // namespace nocturne::gateway
