#include "engine/intake.hpp"

#include <chrono>
#include <utility>
#include <variant>

namespace nocturne::engine {

namespace {

constexpr std::chrono::milliseconds kRetryPause{500};  // between two tries at a disk that failed
// Long enough to sleep well, short enough for deadlines in whole seconds.
constexpr std::chrono::milliseconds kTickPause{200};

// When the journal could not be written: its sender knows, or time will make another.
bool is_given_up(const Intake::Pending& pending) {
    return pending.done || std::holds_alternative<model::Tick>(pending.body);
}

}  // namespace

Intake::Intake(std::size_t inputs_max, std::size_t bytes_max, std::function<bool()> is_tick_due,
               LoopCounters& counters)
    : inputs_max_(inputs_max), bytes_max_(bytes_max), is_tick_due_(std::move(is_tick_due)),
      counters_(counters) {}

// One input always has room, whatever it weighs.
bool Intake::has_room_for(std::size_t bytes) const {
    return inputs_ == 0 || (inputs_ < inputs_max_ && bytes_ + bytes <= bytes_max_);
}

void Intake::count_in(std::size_t bytes) {
    counters_.queue_inputs = ++inputs_;
    counters_.queue_bytes = bytes_ += bytes;
}

void Intake::enqueue(Pending&& pending) {
    count_in(pending.bytes);
    queue_.push_back(std::move(pending));
    filled_.notify_one();
}

bool Intake::put(Pending& pending, Wait wait) {
    std::unique_lock lock(mutex_);
    if (wait == Wait::Yes) {
        room_.wait(lock, [&] { return stopping_ || has_room_for(pending.bytes); });
    }
    if (stopping_) {
        return false;
    }
    if (!has_room_for(pending.bytes)) {
        ++counters_.refused_full;
        return false;
    }
    enqueue(std::move(pending));
    return true;
}

void Intake::put_own(model::Input::Body body) {
    std::lock_guard lock(mutex_);
    enqueue({std::move(body), 0, nullptr});
}

bool Intake::try_begin_writing(std::size_t bytes) {
    std::lock_guard lock(mutex_);
    if (stopping_ || is_writing_ || !queue_.empty() || !has_room_for(bytes)) {
        return false;
    }
    is_writing_ = true;
    count_in(bytes);
    return true;
}

bool Intake::take_group(std::vector<Pending>& group, std::size_t inputs_max) {
    std::unique_lock lock(mutex_);
    const auto is_filled = [&] {
        return !is_writing_ && (stopping_ || commit_is_asked_for_ || !queue_.empty());
    };
    while (!filled_.wait_for(lock, kTickPause, is_filled)) {
        if (inputs_ == 0 && is_tick_due_()) {
            enqueue({model::Tick{}, 0, nullptr});
        }
    }
    if (queue_.empty() && stopping_) {
        return false;
    }
    commit_is_asked_for_ = false;
    while (!queue_.empty() && group.size() < inputs_max) {
        group.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    is_writing_ = true;
    return true;
}

void Intake::end_writing() {
    std::lock_guard lock(mutex_);
    is_writing_ = false;
    if (stopping_ || commit_is_asked_for_ || !queue_.empty()) {
        filled_.notify_one();
    }
}

void Intake::put_back(std::vector<Pending>& group, const Error& error) {
    for (const Pending& pending : group) {
        if (pending.done) {
            pending.done(fail(error));
        }
        if (is_given_up(pending)) {
            make_room(pending.bytes);
        }
    }
    std::unique_lock lock(mutex_);
    for (auto pending = group.rbegin(); pending != group.rend(); ++pending) {
        if (!is_given_up(*pending)) {
            queue_.push_front(std::move(*pending));
        }
    }
    if (stopping_) {
        counters_.inputs_lost += queue_.size();
        queue_.clear();
        return;
    }
    commit_is_asked_for_ = true;  // of what waits for it
    stopped_.wait_for(lock, kRetryPause, [&] { return stopping_; });
}

void Intake::ask_for_commit() {
    std::lock_guard lock(mutex_);
    commit_is_asked_for_ = true;
    filled_.notify_one();
}

void Intake::make_room(std::size_t bytes) {
    std::lock_guard lock(mutex_);
    counters_.queue_inputs = --inputs_;
    counters_.queue_bytes = bytes_ -= bytes;
    room_.notify_all();
}

void Intake::stop() {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    room_.notify_all();
    filled_.notify_all();
    stopped_.notify_all();
}

}  // namespace nocturne::engine
